/**
 * Processes: run a command to its end, and keep one beside the cluster that is known again later.
 *
 * A process number may meanwhile belong to somebody else, and is lost when we are killed before it is written down. A
 * process of ours is known by its command line, which names a file in the stack's folder.
 */
import { spawn } from "node:child_process";
import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";

import { UserError } from "../../policies/problems.ts";

export interface CommandResult {
  /** `null` when a signal ended it, ours after the time-out or somebody else's. */
  readonly code: number | null;
  readonly timedOut: "yes" | "no";
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a command that has ended may keep its output open. */
const lastWordsMs = 200;

/** Run to the end and return what it said; a time-out ends it. Throws only if it could not be started. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string; readonly timeoutSeconds: number },
): Promise<CommandResult> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutSeconds * 1000,
      // Whoever ignored a gentler one would keep us waiting for ever.
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    child.on("error", reject);
    // What kwokctl starts in the background keeps the pipes open for ever; everybody else's close with the last word, which on
    // a busy machine may be read only after the end was told.
    child.on("exit", (code) => {
      const end = (): void => {
        clearTimeout(timer);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, timedOut: child.killed ? "yes" : "no", stdout, stderr });
      };
      const timer = setTimeout(end, lastWordsMs);
      child.once("close", end);
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}

/** Run to the end; anything but success is an error that shows what was run and what it said. */
export async function runOrFail(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string; readonly timeoutSeconds: number },
): Promise<string> {
  const result = await runCommand(command, args, options);
  if (result.code === 0) return result.stdout;
  const said = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new UserError(`${command} ${args.join(" ")} ${howItEnded(result, options.timeoutSeconds)}:\n${said}`);
}

function howItEnded({ code, timedOut }: CommandResult, timeoutSeconds: number): string {
  if (timedOut === "yes") return `was ended after ${String(timeoutSeconds)} s`;
  return code === null ? "was killed" : `failed (exit ${String(code)})`;
}

/** A running process: its number and its command line. */
export interface RunningProcess {
  readonly pid: number;
  readonly args: string;
}

/** Every process whose command line holds `mark`; this one excepted. Works on Linux and macOS. */
export async function processesNaming(mark: string): Promise<RunningProcess[]> {
  const running = process.platform === "linux" ? await processesOfProc() : await processesOfPs();
  return naming(mark, running).filter(({ pid }) => pid !== process.pid);
}

/** Those whose command line holds `mark`. Pure. */
export function naming(mark: string, running: readonly RunningProcess[]): RunningProcess[] {
  return running.filter(({ args }) => args.includes(mark));
}

/** Not by `ps`, which small container images lack. What has ended but is not buried has no command line any more. */
async function processesOfProc(): Promise<RunningProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const running = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(join("/proc", pid, "cmdline"), "utf8").catch(() => "");
      return { pid: Number(pid), args: line.replace(/\0+$/, "").replaceAll("\0", " ") };
    }),
  );
  return running.filter(({ args }) => args !== "");
}

/** Fails aloud: a list that could not be read must not be taken for an empty one. */
async function processesOfPs(): Promise<RunningProcess[]> {
  const lines = await runOrFail("ps", ["-ww", "-A", "-o", "pid=,args="], { timeoutSeconds: 10 });
  return lines
    .split("\n")
    .map((line) => /^\s*(\d+) (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), args: match[2] ?? "" }));
}

/**
 * Environment of a process as it was started with, entries ended by a zero byte; empty where it cannot be seen. Only Linux
 * shows it, and of one's own processes only.
 */
export async function environmentOf(pid: number): Promise<string> {
  const text = await readFile(join("/proc", String(pid), "environ"), "utf8").catch(() => "");
  return text === "" || text.endsWith("\0") ? text : `${text}\0`;
}

/**
 * End every process whose command line holds `mark` and wait until they are gone. `gently` gives each a chance to put
 * its things in order; `at once` is for those whose data is thrown away anyway.
 */
export async function stopProcessesNaming(mark: string, how: "gently" | "at once"): Promise<void> {
  // A word could stand on anybody's command line, and every command line holds the empty one.
  if (!isAbsolute(mark)) throw new Error(`processes are stopped by a path they name, got ${mark}`);
  await stopProcesses(() => processesNaming(mark), how);
}

/** The same of those that are found by other means. */
export async function stopProcesses(
  find: () => Promise<readonly RunningProcess[]>,
  how: "gently" | "at once",
): Promise<void> {
  const patience = how === "gently" ? 30 : 0;
  for (let tries = 0; tries < 100; tries++) {
    const running = await find();
    if (running.length === 0) return;
    for (const { pid } of running) {
      try {
        if (tries >= patience) process.kill(pid, "SIGKILL");
        else if (tries === 0) process.kill(pid, "SIGTERM");
      } catch {
        // Gone between the look and the signal.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const left = (await find()).map(({ pid, args }) => `${String(pid)} ${args}`);
  if (left.length > 0) throw new UserError(`processes that do not end:\n${left.join("\n")}`);
}

/** Start a process that outlives us, with its output in a file. */
export async function startBeside(command: string, args: readonly string[], logFile: string): Promise<void> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, "w", 0o600);
  try {
    const child = spawn(command, args, { detached: true, stdio: ["ignore", log.fd, log.fd] });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
  } finally {
    await log.close();
  }
}

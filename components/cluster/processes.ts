/**
 * Processes: run a command to its end, and keep one beside the cluster that is known again later.
 *
 * A process number may meanwhile belong to somebody else, and is lost when we are killed before it is written down. A
 * process of ours is known by its command line, which names a file in the stack's folder.
 */
import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

import { UserError } from "../../policies/problems.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

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
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    // `exit`, not `close`: what kwokctl starts in the background keeps the pipes open for ever.
    child.on("exit", (code) => {
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, stdout, stderr });
      });
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
  const how =
    result.code === null
      ? `was ended after ${String(options.timeoutSeconds)} s`
      : `failed (exit ${String(result.code)})`;
  throw new UserError(`${command} ${args.join(" ")} ${how}:\n${said}`);
}

/** A running process: its number and its command line. */
export interface RunningProcess {
  readonly pid: number;
  readonly args: string;
}

/** Every process whose command line holds `mark`; this one excepted. Works on Linux and macOS. */
export async function processesNaming(mark: string): Promise<RunningProcess[]> {
  const { stdout } = await runCommand("ps", ["-ww", "-A", "-o", "pid=,args="], { timeoutSeconds: 10 });
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+) (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), args: match[2] ?? "" }))
    .filter(({ pid, args }) => args.includes(mark) && pid !== process.pid);
}

/**
 * End every process whose command line holds `mark` and wait until they are gone. `gently` gives each a chance to put
 * its things in order; `at once` is for those whose data is thrown away anyway.
 */
export async function stopProcessesNaming(mark: string, how: "gently" | "at once"): Promise<void> {
  const patience = how === "gently" ? 30 : 0;
  for (let tries = 0; tries < 100; tries++) {
    const running = await processesNaming(mark);
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

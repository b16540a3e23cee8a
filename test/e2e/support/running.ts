/**
 * The commands that tests start. Each has its time, none outlives its test, and one that hangs is shown by its last
 * lines: a hang anywhere costs minutes, and the log says where it was.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

export interface Said {
  /** -1 when a signal ended it, ours after its time or somebody else's. */
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export interface Running {
  readonly pid: number;
  readonly done: Promise<Said>;
}

interface Started {
  /** What a person would have typed. */
  readonly title: string;
  readonly pid: number;
  readonly since: number;
  output: string;
}

/** Ten times what an `up` takes on two cores that do little else. */
const longestSeconds = 300;

/** How much longer everything takes than on a machine that does little else: 1 there, and where something hangs. */
export function busyness(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism() / 2);
}

/** What is left of a test when its commands have been ended, for it to say so itself. */
const reserveSeconds = 15;

/** Titles of those that did not end by themselves. */
const hung: string[] = [];

const started = new Set<Started>();
let endOfTest: number | undefined;

/** Commands of the test that begins now have at most this long, all together. */
export function beginTest(seconds: number): void {
  endOfTest = Date.now() + (seconds - reserveSeconds) * 1000;
}

/** End what the test left running; returns what that was and what it said last. */
export function endTest(): string[] {
  endOfTest = undefined;
  return [...started].map((one) => {
    const { title, pid, since, output } = one;
    started.delete(one);
    hung.push(title);
    endWithDescendants(pid);
    return `\`${title}\` was still running after ${secondsSince(since)} s; its last lines:\n${lastLines(output)}`;
  });
}

/** Commands that had to be ended because their time or that of their test was over, from the first test on. */
export function hungCommands(): readonly string[] {
  return hung;
}

/** Start a command and collect what it says. After its time it is ended, and says that too. */
export function start(
  title: string,
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Running {
  // A group of its own, so that a kill takes the engine and not the test.
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const one: Started = { title, pid: child.pid ?? -1, since: Date.now(), output: "" };
  const take = (chunk: Buffer): void => {
    one.output += chunk.toString();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const done = new Promise<Said>((resolve, reject) => {
    const end = (code: number): void => {
      clearTimeout(timer);
      started.delete(one);
      resolve({ code, output: one.output });
    };
    const timer = setTimeout(
      () => {
        hung.push(title);
        one.output += `\n(\`${title}\` did not end within ${secondsSince(one.since)} s: the test ended it)\n`;
        endWithDescendants(one.pid);
        // Not on `close`: whoever holds its pipes may live on.
        end(-1);
      },
      Math.min(longestSeconds * 1000 * busyness(), Math.max((endOfTest ?? Infinity) - Date.now(), 0)),
    );
    child.on("error", reject);
    child.on("close", (code) => {
      end(code ?? -1);
    });
  });
  started.add(one);
  return { pid: one.pid, done };
}

/** What a command said that must have succeeded; of one that did not, its last lines are told. */
export function outputOf({ code, output }: Said): string {
  assert.equal(code, 0, lastLines(output));
  return output;
}

/** What the end of a log tells the reader of another log. */
export function lastLines(output: string): string {
  const lines = output.trimEnd().split("\n").slice(-25);
  return lines
    .map((line) => line.slice(0, 300))
    .join("\n")
    .slice(-2500);
}

function secondsSince(time: number): string {
  return ((Date.now() - time) / 1000).toFixed(0);
}

/** End a process and all that it started, below it: what has been handed to init meanwhile goes on. */
export function endWithDescendants(pid: number): void {
  if (pid <= 0) return;
  const tree = new Set<number>();
  // Stopped first, so that nobody starts another while we look.
  for (let found = [pid]; found.length > 0; found = descendantsOf(pid).filter((one) => !tree.has(one))) {
    for (const one of found) {
      tree.add(one);
      signal(one, "SIGSTOP");
    }
  }
  for (const one of tree) signal(one, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone meanwhile.
  }
}

/** Children, and theirs; none where there is no /proc. */
function descendantsOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of namesIn("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** From `/proc/<pid>/stat`: `pid (any name) state parent …`. */
function parentOf(pid: string): number | undefined {
  try {
    return Number(/.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

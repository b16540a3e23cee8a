/** Child: `up` and the command, which end when they are done or when the run is told to. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

import { endGroup } from "./removal.ts";
import type { Interruption } from "./interruption.ts";

/** How long a command may take to put its things in order once it is told to end. */
const graceSeconds = 10;

export interface ChildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** File of its output; without one it speaks to the person. */
  readonly log?: number;
  /** `at once`: nothing it does is of any value once the run is told to end. */
  readonly end: "gently" | "at once";
  readonly started: (pid: number) => Promise<void>;
}

/** Run to the end and return the exit code: 128 and its number for a signal, as a shell has it. */
export async function runChild(
  [command = "", ...args]: readonly string[],
  interruption: Interruption,
  options: ChildOptions,
): Promise<number> {
  const { env, cwd, log, end } = options;
  // At a terminal the command belongs to the group that may read from it. Everywhere else it gets one of its own, so that a
  // signal reaches what it started as well.
  const own = log !== undefined || !process.stdin.isTTY;
  const child = spawn(command, args, {
    env,
    cwd,
    detached: own,
    stdio: log === undefined ? "inherit" : ["ignore", log, log],
  });
  const ended = untilExit(child);
  if (child.pid !== undefined && own) await options.started(child.pid);
  let timer: NodeJS.Timeout | undefined;
  const stopListening = interruption.onReason((reason) => {
    if (timer !== undefined) return;
    signalTo(child, own, end === "at once" ? "SIGKILL" : reason.signal);
    timer = setTimeout(() => {
      signalTo(child, own, "SIGKILL");
    }, graceSeconds * 1000);
  });
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

function signalTo(child: ChildProcess, ownGroup: boolean, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (ownGroup) endGroup(child.pid, signal);
  else child.kill(signal);
}

async function untilExit(child: ChildProcess): Promise<number> {
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

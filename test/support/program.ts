/**
 * runProgram: what the whole program registers for one stack.
 *
 * Pulumi's state is global to a process and a module runs once in it, so each stack gets a process of its own, in an
 * empty folder, without the home and the environment of whoever runs the test.
 */
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { charts } from "../../components/versions.ts";
import type { ProgramRecord } from "./records.ts";
import { within } from "./resolve.ts";
import type { StackCase } from "./stacks.ts";

export interface ProgramRun extends ProgramRecord {
  /** Names of the CommonJS packages the program loaded; Pulumi's SDKs are all of that kind. */
  readonly packages: readonly string[];
  /** What the program told the person at the keyboard. */
  readonly said: string;
}

/** What goes to the child. */
export interface ProgramTask extends StackCase {
  /** Path of the program's entry. */
  readonly entry: string;
  /** How long the program's own module may take. */
  readonly patienceMs?: number;
}

/** What comes back. */
export type ProgramAnswer = { readonly run: Omit<ProgramRun, "said"> } | { readonly error: string };

const projectFolder = join(import.meta.dirname, "../..");
const atOnce = 2;
const patienceMs = 60_000;

let running = 0;
const waiting: (() => void)[] = [];

const runs = new Map<string, Promise<ProgramRun>>();

/** One run per configuration and test process, however many tests look at it. */
export function runProgram(stack: StackCase): Promise<ProgramRun> {
  const key = JSON.stringify(stack);
  const known = runs.get(key);
  if (known !== undefined) return known;
  const run = whenThereIsRoom(() => runEntry({ ...stack, entry: join(projectFolder, "index.ts") }));
  // Whoever awaits it hears of a failure; nobody may, while the process still runs others.
  run.catch(() => undefined);
  runs.set(key, run);
  return run;
}

/** The same for an entry of a test's own. */
export async function runEntry(task: ProgramTask): Promise<ProgramRun> {
  const folder = mkdtempSync(join(tmpdir(), "platform-program-"));
  try {
    return await runIn(folder, task);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: string, task: ProgramTask): Promise<ProgramRun> {
  // Every chart can be had, everywhere: what a golden shows must not depend on the machine that makes it.
  const mirror = join(folder, "mirror");
  for (const { name, version } of Object.values(charts))
    mkdirSync(join(mirror, `${name}-${version}`), { recursive: true });

  const child = fork(join(import.meta.dirname, "run-program.ts"), [], {
    cwd: folder,
    env: { HOME: folder, PATH: process.env["PATH"], CILIUM_PLATFORM_CHART_MIRROR: mirror },
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const answered = new Promise<ProgramAnswer>((take, reject) => {
    child.once("message", take as (message: unknown) => void);
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new Error(`the program of stack ${task.stack} ended with ${String(code)} and no answer\n${said}`));
    });
  });
  try {
    child.send(task);
    const answer = await within(answered, `the program of stack ${task.stack}`, patienceMs);
    if ("error" in answer) throw new Error(`the program of stack ${task.stack} failed: ${answer.error}\n${said}`);
    return { ...answer.run, said };
  } finally {
    child.kill();
  }
}

/** Two processors: a third child would only make the others wait. */
async function whenThereIsRoom<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnce) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

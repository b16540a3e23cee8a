/** Commands of the image builder: run to their end, their output in a file, a failure told as a problem with its last lines. */
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { spawn } from "node:child_process";

import { ProblemsError } from "../../policies/problems.ts";

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File that takes what the command says. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** Run to the end and return its standard output; anything but success is a problem. */
export async function command(name: string, args: readonly string[], options: CommandOptions): Promise<string> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: "a" });
  log.write(`$ ${[name, ...args].join(" ")}\n`);
  const child = spawn(name, args, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    signal: options.signal,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = "";
  let last = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    last = (last + chunk.toString()).slice(-2000);
    log.write(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    last = (last + chunk.toString()).slice(-2000);
    log.write(chunk);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    log.end();
  });
  if (code === 0) return stdout;
  throw new ProblemsError([
    {
      code: "images/command-failed",
      where: "this machine",
      what: `\`${[name, ...args].join(" ").slice(0, 160)}\` failed: ${last.trim().split("\n").slice(-4).join(" | ")}`,
      expected: "every step of the image build to succeed",
      fix: `read ${options.logFile}, then run the same command again: what is finished stays`,
    },
  ]);
}

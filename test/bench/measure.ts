/** Timing of whole commands, two of them alternating, so that a noisy machine disturbs both alike. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

import { UserError } from "../../policies/problems.ts";

export interface Sample {
  readonly wallSeconds: number;
  /** User and system time of the command and of every process it waited for. */
  readonly cpuSeconds: number;
}

export interface Contender {
  readonly name: string;
  readonly run: () => Promise<Sample>;
}

/** Middle of the values; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where standard output goes; read and forgotten unless said. */
  readonly output?: string;
}

/** Run one command quietly and tell what it cost; bash's own `time` counts the children too. */
export async function time(command: readonly [string, ...string[]], options: RunOptions): Promise<Sample> {
  const file = options.output === undefined ? undefined : openSync(options.output, "w");
  try {
    return await timeInto(file ?? "pipe", command, options);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function timeInto(
  stdout: number | "pipe",
  command: readonly [string, ...string[]],
  { cwd, env }: RunOptions,
): Promise<Sample> {
  return await new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", 'TIMEFORMAT="%3R %3U %3S"; time "$@"', "bash", ...command], {
      cwd,
      env: { ...env, LC_ALL: "C" },
      stdio: ["ignore", stdout, "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) {
        reject(new UserError(`${command.join(" ")} failed:\n${output}${errors}`));
        return;
      }
      const [wall = 0, user = 0, system = 0] = (errors.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
      resolve({ wallSeconds: wall, cpuSeconds: user + system });
    });
  });
}

const lookEveryMs = 10;

/**
 * The most memory that one process held while it ran, in megabytes; undefined where there is no /proc.
 *
 * The kernel keeps the highest value itself, so that only what is taken in the last moment can be missed.
 */
export async function peakMegabytes(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, output = "/dev/null" }: RunOptions,
): Promise<number | undefined> {
  const file = openSync(output, "w");
  let peak: number | undefined;
  try {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", file, "ignore"] });
    const look = setInterval(() => {
      peak = Math.max(peak ?? 0, highWater(child.pid ?? 0) ?? 0);
    }, lookEveryMs);
    await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject)).finally(() => {
      clearInterval(look);
    });
  } finally {
    closeSync(file);
  }
  return peak === 0 ? undefined : peak;
}

function highWater(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

/** Let two contenders run in turn, after one round each that does not count. */
export async function alternate(
  [a, b]: readonly [Contender, Contender],
  rounds: number,
  log: (line: string) => void,
): Promise<readonly [Sample, Sample]> {
  const samples: [Sample[], Sample[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contender] of [a, b].entries()) {
      const sample = await contender.run();
      const counts = round > 0;
      log(
        `${counts ? String(round) : "warm"}\t${contender.name}\t${sample.wallSeconds.toFixed(2)} s wall\t${sample.cpuSeconds.toFixed(2)} s CPU`,
      );
      if (counts) samples[index]?.push(sample);
    }
  }
  const middle = (list: readonly Sample[]): Sample => ({
    wallSeconds: median(list.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: median(list.map(({ cpuSeconds }) => cpuSeconds)),
  });
  return [middle(samples[0]), middle(samples[1])];
}

/** One row of the closing table. Pure. */
export function row(what: string, [ours, theirs]: readonly [Sample, Sample], limit: number): string {
  const wall = ours.wallSeconds / theirs.wallSeconds;
  const cpu = ours.cpuSeconds / theirs.cpuSeconds;
  const verdict = wall <= limit ? "within" : "MISSED";
  return [
    what.padEnd(34),
    `${ours.wallSeconds.toFixed(2)} s`.padStart(9),
    `${theirs.wallSeconds.toFixed(2)} s`.padStart(9),
    wall.toFixed(2).padStart(7),
    cpu.toFixed(2).padStart(7),
    `${limit.toFixed(1)} ${verdict}`.padStart(12),
  ].join("");
}

export const header = [
  "median".padEnd(34),
  "platform".padStart(9),
  "yardstick".padStart(9),
  "wall".padStart(7),
  "CPU".padStart(7),
  "limit".padStart(12),
].join("");

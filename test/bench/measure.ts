/** Timing of whole commands, two of them alternating, so that a noisy machine disturbs both alike. */
import { spawn } from "node:child_process";

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

/** Run one command quietly and tell what it cost; bash's own `time` counts the children too. */
export async function time(
  command: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Sample> {
  return await new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", 'TIMEFORMAT="%R %U %S"; time "$@"', "bash", ...command], {
      ...options,
      env: { ...options.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
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

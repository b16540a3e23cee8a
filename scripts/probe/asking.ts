/** Asking: all destinations of one prober in one line, and its answers read back. */
import { UserError } from "../../policies/problems.ts";
import type { Cell } from "./cells.ts";
import type { Seen } from "./compare.ts";

/** What a prober is given; the number of a cell is its position among these. */
export function lineFor(cells: readonly Cell[]): string {
  return `${JSON.stringify(cells.map(({ destination }, id) => ({ id, ...destination })))}\n`;
}

/** Long enough for every try of every destination, and for a machine that has much else to do. */
export function secondsFor(cells: readonly Cell[]): number {
  const longest = Math.max(0, ...cells.map(({ destination: { tries, wait } }) => tries * wait));
  return 30 + (longest / 1000) * Math.ceil(cells.length / 256);
}

/** Throws where the end is missing: an answer that broke off says nothing of the rest. */
export function readLines(stdout: string): ReadonlyMap<number, Seen> {
  const lines = stdout.split("\n").filter((line) => line !== "");
  const last = lines.pop() ?? "";
  const end = parsed(last) as { asked?: number } | undefined;
  const seen = lines.map((line) => parsed(line) as Seen | undefined).filter((each) => each !== undefined);
  if (end?.asked !== seen.length)
    throw new UserError(`the prober's answer breaks off after ${String(seen.length)} lines`);
  return new Map(seen.map((each) => [each.id, each]));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Exit codes of `tools/prober`. */
export function exitOfProber(code: number | null, stderr: string): string {
  const why = { 2: "was given what it cannot read", 3: "cannot listen" }[code ?? 0] ?? `ended with ${String(code)}`;
  return `the prober ${why}: ${stderr.trim()}`;
}

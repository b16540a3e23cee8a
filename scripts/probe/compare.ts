/** Compare: what was seen beside what was predicted. An error of the prober is nobody's verdict. */
import type { Cell, Expected } from "./cells.ts";

/** One line of the prober. */
export interface Seen {
  readonly id: number;
  readonly outcome: "allowed" | "denied" | "refused" | "reset" | "unresolved" | "turned-away" | "silent" | "error";
  readonly by?: string;
  readonly detail?: string;
  readonly address?: string;
  readonly ms: number;
}

export interface Judged {
  readonly cell: Cell;
  /** Absent: the prober did not answer for it. */
  readonly seen?: Seen;
  readonly verdict: "equal" | "different" | "not predicted" | "not probed";
}

export function judge(cell: Cell, seen: Seen | undefined): Judged {
  if (seen === undefined || seen.outcome === "error")
    return { cell, ...(seen === undefined ? {} : { seen }), verdict: "not probed" };
  if (cell.expected === "unknown") return { cell, seen, verdict: "not predicted" };
  return { cell, seen, verdict: isAsPredicted(cell, seen) ? "equal" : "different" };
}

function isAsPredicted({ expected, answers, way }: Cell, seen: Seen): boolean {
  if (seen.outcome !== expected) return false;
  if (expected !== "allowed") return true;
  // What answers at the address says nothing of the name.
  if ((way === "Service name" || way === "name") && seen.address === undefined) return false;
  return answers === undefined || seen.by === answers;
}

/** `allowed, answered by dev/prober-1-a`. */
export function seenText({ outcome, by, detail }: Seen): string {
  const more = [...(by === undefined ? [] : [`answered by ${by}`]), ...(detail === undefined ? [] : [detail])];
  return [words[outcome], ...more].join(", ");
}

const words: Readonly<Record<Seen["outcome"], string>> = {
  allowed: "allowed",
  denied: "denied (nothing came back)",
  refused: "refused (nobody listens, or a reset)",
  reset: "reset",
  unresolved: "the name was not resolved",
  "turned-away": "turned away by a proxy",
  silent: "connected, and no answer",
  error: "error of the prober",
};

/** What the wire may say of it, in the words of `seenText`. */
export function expectedText(expected: Expected): string {
  return expected === "turned-away" ? "turned away by a proxy" : expected;
}

export interface Counts {
  readonly cells: number;
  readonly equal: number;
  readonly different: number;
  readonly notPredicted: number;
  readonly notProbed: number;
}

export function countsOf(judged: readonly Judged[]): Counts {
  const count = (verdict: Judged["verdict"]): number => judged.filter((each) => each.verdict === verdict).length;
  return {
    cells: judged.length,
    equal: count("equal"),
    different: count("different"),
    notPredicted: count("not predicted"),
    notProbed: count("not probed"),
  };
}

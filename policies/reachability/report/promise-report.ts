/** Promise report: which promises a change breaks, mends, makes or takes back. */
import type { PromiseResult } from "../promises.ts";

/** A promise of the later state, with what the earlier one said of the same line. */
export interface ComparedPromise extends PromiseResult {
  /** `unknown`: of the earlier state nothing is known. */
  readonly before: "kept" | "broken" | "not promised" | "unknown";
}

export interface PromiseReport {
  /** In their order; `kept` is what the later state says. */
  readonly promises: readonly ComparedPromise[];
  /** Promised before, and no longer. */
  readonly withdrawn: readonly PromiseResult[];
}

/** Two promises are the same if their lines are; where they stand may change. Without `before` nothing is known of it. */
export function promiseReport(
  before: readonly PromiseResult[] | undefined,
  after: readonly PromiseResult[],
): PromiseReport {
  const earlier = new Map(before?.map((result) => [lineOf(result), result]));
  const later = new Set(after.map(lineOf));
  return {
    promises: after.map((result) => ({
      ...result,
      before: before === undefined ? "unknown" : wordOf(earlier.get(lineOf(result))),
    })),
    withdrawn: (before ?? []).filter((result) => !later.has(lineOf(result))),
  };
}

function lineOf({ kind, text }: PromiseResult): string {
  return `${kind}: ${text.split(/\s+/).join(" ")}`;
}

function wordOf(result: PromiseResult | undefined): ComparedPromise["before"] {
  if (result === undefined) return "not promised";
  return result.kept ? "kept" : "broken";
}

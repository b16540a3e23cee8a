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
  /** Promised before, and no longer; `kept` says whether the later state would keep them all the same. */
  readonly withdrawn: readonly PromiseResult[];
}

/**
 * Two promises are the same if their lines are; where they stand may change. Without `before` nothing is known of it.
 * `withdrawn` are the results of those that the later state no longer makes.
 */
export function promiseReport(
  before: readonly PromiseResult[] | undefined,
  after: readonly PromiseResult[],
  withdrawn: readonly PromiseResult[] = [],
): PromiseReport {
  const earlier = new Map(before?.map((result) => [lineOf(result), result]));
  return {
    withdrawn,
    promises: after.map((result) => ({
      ...result,
      before: before === undefined ? "unknown" : wordOf(earlier.get(lineOf(result))),
    })),
  };
}

/** Of the earlier promises, those that are no longer made. */
export function withdrawnOf<P extends Line>(before: readonly P[], after: readonly Line[]): readonly P[] {
  const later = new Set(after.map(lineOf));
  return before.filter((promise) => !later.has(lineOf(promise)));
}

type Line = Pick<PromiseResult, "kind" | "text">;

function lineOf({ kind, text }: Line): string {
  return `${kind}: ${text.split(/\s+/).join(" ")}`;
}

function wordOf(result: PromiseResult | undefined): ComparedPromise["before"] {
  if (result === undefined) return "not promised";
  return result.kept ? "kept" : "broken";
}

/**
 * Trouble: what can be wrong with a text, and how a person is told.
 */
import type { Problem } from "../../policies/problems.ts";

/** Something wrong at a place of a text. */
export interface Trouble {
  readonly code: "syntax" | "deep" | "cycle" | "expansion" | "doubled-key" | "late-merge" | "odd-line-end";
  /** In UTF-16 units. */
  readonly offset: number;
  /** Lower case, no final period. */
  readonly what: string;
}

/** Levels of lists and objects inside each other. Kubernetes' own kinds stay below thirty. */
export const deepest = 200;

/** Nodes that a text of this many may stand for once its aliases are followed. */
export function largestExpansion(written: number): number {
  return 10_000 + 20 * written;
}

const advice: Record<Trouble["code"], Pick<Problem, "expected" | "fix">> = {
  syntax: { expected: "YAML or JSON" },
  deep: { expected: `at most ${String(deepest)} levels of lists and objects` },
  cycle: { expected: "an alias to something that is complete", fix: "write the value out" },
  expansion: { expected: "aliases that are followed a few times", fix: "write the values out" },
  "doubled-key": {
    expected: "each key once: of two the last counts, here as in Kubernetes",
    fix: "remove one of the two",
  },
  "late-merge": {
    expected: "`<<` before the other keys: Kubernetes lets it win over those before it, here they win",
    fix: "move it up",
  },
  "odd-line-end": {
    expected: "a line feed or a space: Kubernetes may end the line at this character, here it is a part of it",
    fix: "replace it",
  },
};

/** `where` is the file, the line and the column. */
export function troubleAsProblem({ code, what }: Trouble, where: string, text: string): Problem {
  if (code === "syntax" && text.includes("{{")) {
    return {
      code: "input/syntax",
      where,
      what: `${what}; the file looks like a template`,
      expected: "YAML or JSON",
      fix: "render it first, for example `helm template . | reach matrix -`",
    };
  }
  return { code: `input/${code}`, where, what, ...advice[code] };
}

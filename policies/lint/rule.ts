/** Rule: what a lint rule is, and what it says of a field. */
import type { Seen } from "./seen.ts";
import type { Manifest } from "../reachability/read/fields.ts";
import type { Path } from "../reachability/repair/edits.ts";

/** `warning`: the field does not do what it says. `note`: it does, and that is seldom meant. */
export type LintSeverity = "warning" | "note";

/** One field that does not do what it says. */
export interface LintFinding {
  readonly manifest: Manifest;
  /** Inside the object, for example `spec.egress[0].toPorts[0]`. */
  readonly path: string;
  /** What is wrong, lower case, no final period. */
  readonly what: string;
  /** What would do it, continuing the word "expected". */
  readonly expected: string;
  /** The one thing to do, where it is more than what was expected. */
  readonly fix?: string;
  /** What takes the finding away, where only one thing can be meant. */
  readonly repair?: Repair;
}

/** Edits of the object that a finding is about. */
export interface Repair {
  /** What is done, continuing "fixed:". */
  readonly says: string;
  readonly edits: readonly FieldEdit[];
}

export type FieldEdit =
  | { readonly kind: "put" | "append"; readonly path: Path; readonly value: unknown }
  | { readonly kind: "remove"; readonly path: Path };

export interface LintRule {
  /** Stable: suppressions name it. */
  readonly code: `lint/${string}`;
  readonly severity: LintSeverity;
  /** What it finds, as the documentation lists it. */
  readonly finds: string;
  /** Why that does not do what it says. */
  readonly why: string;
  /** What to do about it. */
  readonly fix: string;
  /** Which of its findings have one certain remedy, which `lint --fix` writes. Absent: none. */
  readonly certain?: string;
  readonly find: (seen: Seen) => readonly LintFinding[];
}

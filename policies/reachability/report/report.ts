/**
 * Report: what a matrix or a diff says to a person, whatever it is then drawn as.
 *
 * Endpoints that answer alike are told as one group, and ports with one answer as one line.
 */
import type { Problem } from "../../problems.ts";
import type { ChangeKind } from "../diff.ts";
import type { Restriction } from "../matrix.ts";
import type { CiliumVersion } from "../model.ts";
import type { Protocol } from "../judge/ports.ts";

/** Both ends included. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** Endpoints with equal rows and equal columns. */
export interface Group {
  /** Unique in its report: the first member's name, with the number of the others if there are any. */
  readonly name: string;
  readonly members: readonly string[];
  readonly kind: "pod" | "external";
  /** Absent for what is outside, and where the members live in several namespaces. */
  readonly namespace?: string;
}

/** What is possible from one group to another, on all ports that answer alike. What is denied has no edge. */
export interface Edge {
  /** Positions in `groups`. */
  readonly from: number;
  readonly to: number;
  readonly ports: readonly PortRange[];
  readonly outcome: "allowed" | "unknown";
  readonly egress: Restriction;
  readonly ingress: Restriction;
}

/** What one edge says of its ports; many edges say the same. */
export type EdgeAnswer = Omit<Edge, "from" | "to">;

/** Edges with each answer said once: a large world has millions of them. */
export interface EdgeTable {
  readonly answers: readonly EdgeAnswer[];
  /** Per group where the edges from it begin, and behind them where the last ones end. */
  readonly starts: Int32Array;
  /** Two numbers for each edge: `to`, and the position of what it says in `answers`. */
  readonly edges: Int32Array;
}

export interface MatrixReport {
  readonly kind: "matrix";
  readonly cilium: CiliumVersion;
  readonly groups: readonly Group[];
  /** By position of `from`, then of `to`, then by port. Made when asked for, from the table. */
  readonly edges: readonly Edge[];
  readonly table: EdgeTable;
  /** Ordered pairs of endpoints between which nothing is possible. */
  readonly denied: number;
  readonly findings: readonly Problem[];
  /** The walk at the first port of the edge, one line each. Computed when asked, because few are. */
  readonly explain: (edge: Edge) => readonly string[];
}

/** What an opened edge reaches, the worst first. */
export const risks = ["crosses environments", "world", "system", "crosses namespaces", "same namespace"] as const;
export type Risk = (typeof risks)[number];

/** Two environments, as labels and names of namespaces say them. */
export interface Crossing {
  readonly from: string;
  readonly to: string;
}

/** One answer that changed. */
export interface ChangeRow {
  readonly kind: ChangeKind;
  /** For `L7-CHANGED`: which way. `otherwise` is neither. */
  readonly l7?: "narrowed" | "widened" | "otherwise";
  readonly risk: Risk;
  /** Absent unless the risk is `crosses environments`. */
  readonly crossing?: Crossing;
  /** Positions in `groups`. */
  readonly from: number;
  readonly to: number;
  readonly ports: readonly PortRange[];
  /** `denied: cnp dev/db spec.ingress[0]`, `allowed`, `allowed, http GET /flights`. */
  readonly before: string;
  readonly after: string;
  /** The entries that decide now or decided before, as `cnp dev/db spec.ingress[0] (policies/db.yaml:12)`. */
  readonly because: readonly string[];
  /** What was seen on this edge, when flows were given. */
  readonly used?: Use;
}

/** Recorded flows of one edge. Records, not connections: a connection leaves one wherever it is observed. */
export interface Use {
  /** Let pass when they were recorded. */
  readonly forwarded: number;
  /** Dropped, or told by audit mode that they would be. */
  readonly dropped: number;
  /** RFC 3339, as recorded. Absent when nothing was seen. */
  readonly first?: string;
  readonly last?: string;
}

/** Somebody in the flows who is not among the manifests. */
export interface Stranger {
  readonly name: string;
  readonly flows: number;
}

/** What recorded flows say about a diff as a whole. */
export interface FlowsReport {
  readonly recorded: number;
  /** Flows that ask for a connection; only they are weighed. */
  readonly requests: number;
  readonly replies: number;
  /** Flows without a port or without a final verdict. */
  readonly undecided: number;
  readonly first?: string;
  readonly last?: string;
  /** Pairs of endpoints that were used and become denied, and their flows. */
  readonly closed: { readonly pairs: number; readonly flows: number };
  /** Pairs on which flows were dropped and become allowed. */
  readonly opened: { readonly pairs: number; readonly flows: number };
  /** Pairs that were used and change at L7. */
  readonly restricted: { readonly pairs: number; readonly flows: number };
  /** Workloads that neither side of the diff knows, the most frequent first. */
  readonly strangers: readonly Stranger[];
  /** Addresses and names that no policy tells from the rest of the world. */
  readonly addresses: readonly Stranger[];
  readonly malformed: {
    readonly lines: number;
    readonly examples: readonly { readonly line: number; readonly what: string }[];
  };
}

export interface DiffReport {
  readonly kind: "diff";
  readonly cilium: { readonly before: CiliumVersion; readonly after: CiliumVersion };
  readonly groups: readonly Group[];
  /** Newly allowed by risk, newly denied, changed at L7, unknown. */
  readonly changes: readonly ChangeRow[];
  /** What is possible before and after alike, the faint part of a drawing. Computed when asked, because no text shows it. */
  readonly kept: () => readonly Edge[];
  /** Ordered pairs of endpoints that answer as before on every port. */
  readonly unchanged: number;
  /** Ordered pairs of which nothing is known on some port, before or after. None of them counts as unchanged. */
  readonly unknown: number;
  /** Endpoints that only one side knows: nothing is said of their pairs. */
  readonly appeared: readonly string[];
  readonly disappeared: readonly string[];
  readonly findings: readonly Problem[];
  /** Absent unless flows were given. */
  readonly flows?: FlowsReport;
  /** The walk at the first port, in the later world; where a change is asked about, also in the earlier one. */
  readonly explain: (row: ChangeRow | Edge) => readonly string[];
}

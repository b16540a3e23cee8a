/**
 * Look: how an arrow tells its verdict: by colour, by line and by word, so that none of the three is needed.
 *
 * The colours are those of Okabe and Ito, which people with any colour vision tell apart.
 */
import type { ChangeRow, Edge } from "../../policies/reachability/report/report.ts";

export const looks = {
  matrix: ["allowed", "restricted", "unknown"],
  diff: ["opened", "closed", "changed", "unclear", "unchanged"],
} as const;
export type Look = (typeof looks)["matrix" | "diff"][number];

export interface Line {
  /** As a legend says it. */
  readonly words: string;
  /** On white, and on a dark page. */
  readonly colour: string;
  readonly onDark: string;
  readonly style: "solid" | "dashed" | "dotted";
  /** In points. */
  readonly width: number;
}

export const lines: Readonly<Record<Look, Line>> = {
  allowed: { words: "allowed", colour: "#0072B2", onDark: "#5DB8F0", style: "solid", width: 1.2 },
  restricted: {
    words: "allowed, restricted at L7 or authenticated",
    colour: "#B35A00",
    onDark: "#F0A530",
    style: "dashed",
    width: 1.4,
  },
  unknown: { words: "unknown", colour: "#8A3F72", onDark: "#E08DBB", style: "dotted", width: 1.8 },
  opened: { words: "opened", colour: "#C84E00", onDark: "#FF8F4F", style: "solid", width: 2.2 },
  closed: { words: "closed", colour: "#0072B2", onDark: "#5DB8F0", style: "dashed", width: 2 },
  changed: { words: "changed at L7", colour: "#8A3F72", onDark: "#E08DBB", style: "solid", width: 1.6 },
  unclear: { words: "unknown", colour: "#6B6B00", onDark: "#D9CF57", style: "dotted", width: 1.8 },
  unchanged: { words: "unchanged", colour: "#B8BEC6", onDark: "#47505B", style: "solid", width: 0.8 },
};

export function lookOfEdge({ outcome, egress, ingress }: Edge): Look {
  if (outcome === "unknown") return "unknown";
  return [egress, ingress].some(asksMore) ? "restricted" : "allowed";
}

/** A union that lets anything pass asks for nothing (S22). */
function asksMore({ l7, authentication }: Edge["egress"]): boolean {
  if (authentication === "required" || authentication === "test-always-fail") return true;
  return l7.length > 0 && !l7.some((element) => element.kind === "anything" || element.by.kind === "none");
}

export function lookOfChange({ kind }: ChangeRow): Look {
  const byKind = { ALLOWED: "opened", DENIED: "closed", "L7-CHANGED": "changed", UNKNOWN: "unclear" } as const;
  return byKind[kind];
}

/**
 * Diff: what a change of manifests opens, closes, or narrows at L7.
 */
import type { L7Restriction } from "./l7.ts";
import type { Side, Traffic, Verdict, World } from "./model.ts";
import { decide } from "./verdict.ts";

/** `UNKNOWN`: at least one of the two verdicts is, so nothing is claimed (L1). */
export type ChangeKind = "ALLOWED" | "DENIED" | "L7-CHANGED" | "UNKNOWN";

/** A question by name, because the same workload may stand elsewhere in the other world. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly protocol: Traffic["protocol"];
  readonly port: number;
}

export interface Change extends Question {
  readonly kind: ChangeKind;
  readonly before: Verdict;
  readonly after: Verdict;
}

/** What became of a verdict. A denial whose reason moved is no change. */
export function changeBetween(before: Verdict, after: Verdict): ChangeKind | undefined {
  if (before.outcome !== after.outcome) {
    if (before.outcome === "unknown" || after.outcome === "unknown") return "UNKNOWN";
    return after.outcome === "allowed" ? "ALLOWED" : "DENIED";
  }
  if (after.outcome === "denied") return undefined;
  return l7Key(before) === l7Key(after) ? undefined : "L7-CHANGED";
}

/** Both sides' L7 unions as text: order is free, how often an element occurs is not. */
function l7Key(verdict: Verdict): string {
  return JSON.stringify([sideKey(verdict.egress), sideKey(verdict.ingress)]);
}

function sideKey({ l7 }: Side): string[] {
  return l7.map((element) => (element.kind === "anything" ? "*" : restrictionKey(element.by))).sort();
}

/** Rules inside one element are a set. */
export function restrictionKey(restriction: L7Restriction): string {
  switch (restriction.kind) {
    case "none":
      return "";
    case "http":
    case "dns":
      return `${restriction.kind} ${[...new Set(restriction.rules)].sort().join(" ")}`;
    case "tls":
      return `tls ${[...restriction.serverNames].sort().join(" ")}`;
    case "listener":
      return `listener ${restriction.name}`;
  }
}

/** The questions whose answer changed, in their order. A question about an endpoint that either world lacks is left out. */
export function compareAt(before: World, after: World, questions: readonly Question[]): readonly Change[] {
  const [inBefore, inAfter] = [positions(before), positions(after)];
  return questions.flatMap((question) => {
    const first = verdictOf(question, before, inBefore);
    const second = verdictOf(question, after, inAfter);
    if (first === undefined || second === undefined) return [];
    const kind = changeBetween(first, second);
    return kind === undefined ? [] : [{ ...question, kind, before: first, after: second }];
  });
}

export function positions(world: World): ReadonlyMap<string, number> {
  return new Map(world.endpoints.map(({ name }, position) => [name, position]));
}

function verdictOf(question: Question, world: World, at: ReadonlyMap<string, number>): Verdict | undefined {
  const [from, to] = [at.get(question.from), at.get(question.to)];
  if (from === undefined || to === undefined) return undefined;
  return decide({ from, to, protocol: question.protocol, port: question.port }, world);
}

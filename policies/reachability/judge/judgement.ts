/**
 * Judgement: what one side answers, given everything that speaks. The one place where rules are weighed against each other.
 */
import { handshakeOf, type Fit } from "./handshake.ts";
import { restrictionKey, type L7Restriction } from "./l7.ts";
import type { Authentication, Direction, L7Union, Rule, SemanticRule, SideOutcome, Tier } from "../model.ts";
import type { SidePolicy } from "./side-policy.ts";

/** A rule that speaks, reduced to what it does. `doubtful`: the rule, or whether it means this peer. */
export interface Effect extends Pick<Rule, "action" | "authentication" | "certainty" | "tier"> {
  /** Of a peer that the rule means by a name: whether Cilium ever learns what is behind it (S31). */
  readonly name: "known" | "never learned";
  readonly l7: L7Restriction;
  readonly fit: Fit;
}

export interface Answer {
  readonly outcome: SideOutcome;
  readonly l7: L7Union;
  readonly authentication: Authentication;
}

export interface Judgement<E> extends Answer {
  readonly rule: SemanticRule;
  /** What decided. Empty where the default did. */
  readonly by: readonly E[];
}

/** What becomes of traffic of which no rule speaks. */
export type Default = "passes because nothing isolates" | "passes from the node" | "is denied" | "is unknown";

/** S2, S5, S7: the default of a direction, towards the node or another peer. */
export function defaultOf(
  { isolated }: Pick<SidePolicy, "isolated">,
  direction: Direction,
  peer: "node" | "other",
): Default {
  if (isolated === "no") return "passes because nothing isolates";
  if (direction === "ingress" && peer === "node") return "passes from the node";
  return isolated === "maybe" ? "is unknown" : "is denied";
}

export function judge<E extends Effect>(speaking: readonly E[], standard: Default): Judgement<E> {
  const heard = speaking.filter(({ name }) => name === "known");
  const found = byTiers(heard);
  const passes = standard !== "is denied" && standard !== "is unknown";
  if (found === undefined) {
    if (passes || heard.length === speaking.length) return byDefault(standard);
    return { outcome: "unknown", rule: "S31", by: speaking, ...plain };
  }
  if (found.outcome !== "redirect" || !passes) return found;
  // What passes without any rule stands beside L7 rules like an allow without them (S22).
  return { ...found, l7: [...found.l7, { kind: "anything" }] };
}

const plain: Pick<Answer, "l7" | "authentication"> = { l7: [], authentication: "unspecified" };

function byDefault<E>(standard: Default): Judgement<E> {
  switch (standard) {
    case "passes because nothing isolates":
      return { outcome: "allow", rule: "S7", by: [], ...plain };
    case "passes from the node":
      return { outcome: "allow", rule: "S5", by: [], ...plain };
    case "is denied":
      return { outcome: "deny", rule: "S2", by: [], ...plain };
    case "is unknown":
      return { outcome: "unknown", rule: "L1", by: [], ...plain };
  }
}

/** The answer of the first tier of which a rule matches. What the tiers but the normal one say is not known (L9). */
function byTiers<E extends Effect>(speaking: readonly E[]): Judgement<E> | undefined {
  if (speaking.every(({ tier }) => tier === "normal")) return byStrength(speaking);
  const of = (tier: Tier): readonly E[] => speaking.filter((each) => each.tier === tier);
  const unknown = (by: readonly E[]): Judgement<E> => ({ outcome: "unknown", rule: "L9", by, ...plain });
  if (of("admin").length > 0) return unknown(of("admin"));
  return byStrength(of("normal")) ?? unknown(of("baseline"));
}

/** The answer of the rules that match, strongest first: deny, what might be a deny, redirect, allow. */
function byStrength<E extends Effect>(speaking: readonly E[]): Judgement<E> | undefined {
  const certain = speaking.filter(({ certainty }) => certainty === "certain");
  const doubtful = speaking.filter(({ certainty }) => certainty === "doubtful");
  const denies = certain.filter(({ action }) => action === "deny");
  if (denies.length > 0) return { outcome: "deny", rule: "S3", by: denies, ...plain };
  const doubtfulDenies = doubtful.filter(({ action }) => action === "deny");
  if (doubtfulDenies.length > 0) return { outcome: "unknown", rule: "L1", by: doubtfulDenies, ...plain };
  if (certain.length === 0) {
    return doubtful.length === 0 ? undefined : { outcome: "unknown", rule: "L1", by: doubtful, ...plain };
  }
  const authentication = handshakeOf(certain);
  const l7 = unionOf(certain);
  if (l7.length === 0) return { outcome: "allow", rule: "S4", by: certain, l7, authentication };
  return { outcome: "redirect", rule: "S21", by: certain, l7, authentication };
}

/** One element per rule that speaks, as soon as one of them restricts anything (S21, S22). */
function unionOf(effects: readonly Effect[]): L7Union {
  if (effects.every(({ l7 }) => l7.kind === "none")) return [];
  return effects.map(({ l7 }) => (l7.kind === "none" ? { kind: "anything" } : { kind: "restricted", by: l7 }));
}

/** The list as text: order is free, how often an element occurs is not. */
export function l7Key(l7: L7Union): string {
  const elements = l7.map((element) => (element.kind === "anything" ? "*" : restrictionKey(element.by)));
  return elements.sort().join(" | ");
}

/**
 * What requests pass, as text: the rules of all elements together. Rules that were split among policies, or that two of them
 * say, are the same; what Cilium keeps for each of them is not ({@link l7Key}).
 */
export function requestsKey(l7: L7Union): string {
  const rules = l7.flatMap((element) => {
    if (element.kind === "anything") return ["*"];
    const { by } = element;
    if (by.kind !== "http" && by.kind !== "dns") return [restrictionKey(by)];
    return by.rules.length === 0
      ? [restrictionKey(by)]
      : by.rules.map((rule) => restrictionKey({ ...by, rules: [rule] }));
  });
  return [...new Set(rules)].sort().join(" | ");
}

/** Equal keys, one effect. */
export function effectKey({ action, l7, authentication, certainty, tier, name, fit }: Effect): string {
  const { peers, narrowness } = fit;
  return `${action} ${certainty} ${authentication} ${tier} ${name} ${peers} ${String(narrowness)} ${restrictionKey(l7)}`;
}

/** Diff reasons: why an answer changed, as the rules that decide now or decided before. */
import { originText, policyText, type Place } from "../explain.ts";
import { labelsKey } from "../select/labels.ts";
import type { Origin, Rule, Side, Traffic, World } from "../model.ts";
import { remembered } from "../pairs/remembered.ts";
import { remainsText } from "./report-text.ts";
import { l7Key } from "../judge/judgement.ts";
import { decide } from "../verdict.ts";

/** One question in one world. */
export interface Asked {
  readonly world: World;
  readonly traffic: Traffic;
  readonly place?: Place;
}

/** `allowed, http GET /flights`, `denied by cnp dev/db`, `denied, egress isolated by ccnp baseline`, `unknown`. */
export function outcomeText(traffic: Traffic, world: World): string {
  const verdict = decide(traffic, world);
  const { outcome, egress, ingress } = verdict;
  if (outcome === "denied") return denialText(egress.outcome === "deny" ? egress : ingress);
  const remains = remainsText(verdict);
  return remains === "" ? outcome : `${outcome}, ${remains}`;
}

function denialText({ reason: { direction, rule, origins } }: Side): string {
  const names = [...new Set(origins.map(({ policy }) => policyText(policy)))];
  const more = names.length > 2 ? ` and ${String(names.length - 2)} more` : "";
  const by = `${names.slice(0, 2).join(", ")}${more}`;
  return rule === "S3" ? `denied by ${by}` : `denied, ${direction} isolated by ${by}`;
}

/**
 * The entries that decide now or decided before, as `cnp dev/db spec.ingress[0] (policies/db.yaml:12)`, with what became of
 * them. Only sides whose answer changed are asked.
 */
export function becauseOf(before: Asked, after: Asked): string[] {
  const [old, now] = [decide(before.traffic, before.world), decide(after.traffic, after.world)];
  const found = (["egress", "ingress"] as const).flatMap((direction) => {
    const [earlier, later] = [old[direction], now[direction]];
    if (sideKey(earlier) === sideKey(later)) return [];
    const [gone, come] = [speaking(earlier, later), speaking(later, earlier)];
    const both = new Set([...gone.keys()].filter((text) => come.has(text)));
    const told = [
      ...[...gone].map(([text, origin]) => (both.has(text) ? "" : toldOf(origin, before, after, "deleted"))),
      ...[...come].map(([text, origin]) => (both.has(text) ? "" : toldOf(origin, after, before, "added"))),
    ].filter((text) => text !== "");
    return told.length > 0 ? told : [...come.values()].map((origin) => toldOf(origin, after, before, "added"));
  });
  return [...new Set([...relabelled(before, after), ...found])];
}

/** Equal keys, equal answers for equal reasons. */
function sideKey({ outcome, reason, l7, authentication }: Side): string {
  return [outcome, reason.rule, ...reason.origins.map(originText), l7Key(l7), authentication].join("\n");
}

/**
 * The entries behind an answer. Those that isolate a pod only count where the other answer was given without any isolation:
 * else what no longer allows, or now allows, is the reason.
 */
function speaking({ reason: { rule, origins } }: Side, other: Side): Map<string, Origin> {
  const isolates = rule === "S2" && !unisolated.includes(other.reason.rule);
  return new Map((isolates ? [] : origins).map((origin) => [originText(origin), origin]));
}

const unisolated: readonly string[] = ["S1", "S5", "S7"];

function toldOf(origin: Origin, here: Asked, there: Asked, absent: "added" | "deleted"): string {
  const place = here.place?.(origin);
  const text = place === undefined ? originText(origin) : `${originText(origin)} (${place})`;
  const [own, other] = [here, there].map(({ world }) => rulesAt(origin, world));
  if (other === "") return `${text}, ${absent}`;
  return own === other ? text : `${text}, changed`;
}

/** What an entry says, as text; empty where there is none. */
function rulesAt(origin: Origin, world: World): string {
  const rules = remembered(rulesByOrigin, world, () => byOrigin(world)).get(originText(origin)) ?? [];
  return rules
    .map(({ origin: _origin, peers, subject, ...rest }) =>
      JSON.stringify([rest, subject.key, peers.kind === "nobody" ? [] : peers.selectors.map(({ key }) => key)]),
    )
    .join("\n");
}

const rulesByOrigin = new WeakMap<World, ReadonlyMap<string, readonly Rule[]>>();

function byOrigin({ rules }: World): Map<string, Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of rules) remembered(found, originText(rule.origin), () => []).push(rule);
  return found;
}

function relabelled(before: Asked, after: Asked): string[] {
  return (["from", "to"] as const).flatMap((end) => {
    const [old, now] = [before.world.endpoints[before.traffic[end]], after.world.endpoints[after.traffic[end]]];
    if (old === undefined || now === undefined || labelsKey(old.labels) === labelsKey(now.labels)) return [];
    return [`other labels of ${now.name} or of its namespace`];
  });
}

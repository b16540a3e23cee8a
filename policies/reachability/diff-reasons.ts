/** Diff reasons: why an answer changed, as the rules that decide now or decided before. */
import { originText, policyText, type Place } from "./explain.ts";
import { labelsKey } from "./labels.ts";
import type { Origin, PolicyRef, Side, Traffic, Verdict, World } from "./model.ts";
import { remainsText } from "./report-text.ts";
import { decide } from "./verdict.ts";

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
 * them. An entry that decides in both worlds explains nothing, unless it is all there is.
 */
export function becauseOf(before: Asked, after: Asked): string[] {
  const [old, now] = [decidingIn(before), decidingIn(after)];
  const gone = [...old].filter(([text]) => !now.has(text)).map(([, origin]) => told(origin, before, after, "deleted"));
  const come = [...now].filter(([text]) => !old.has(text)).map(([, origin]) => told(origin, after, before, "added"));
  const found = [...relabelled(before, after), ...gone, ...come];
  return found.length > 0 ? found : [...now.values()].map((origin) => told(origin, after, before, "added"));
}

function decidingIn({ traffic, world }: Asked): Map<string, Origin> {
  const verdict = decide(traffic, world);
  return new Map(
    decisive(verdict).flatMap(({ reason }) => reason.origins.map((origin) => [originText(origin), origin])),
  );
}

/** A denial is decided by the sides that deny, everything else by both. */
function decisive({ outcome, egress, ingress }: Verdict): Side[] {
  const sides = [egress, ingress];
  return outcome === "denied" ? sides.filter((side) => side.outcome === "deny") : sides;
}

function told(origin: Origin, here: Asked, there: Asked, otherwise: "added" | "deleted"): string {
  const place = here.place?.(origin);
  const text = place === undefined ? originText(origin) : `${originText(origin)} (${place})`;
  return there.world.rules.some(({ origin: { policy } }) => same(policy, origin.policy))
    ? text
    : `${text}, ${otherwise}`;
}

function same(a: PolicyRef, b: PolicyRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

function relabelled(before: Asked, after: Asked): string[] {
  return (["from", "to"] as const).flatMap((end) => {
    const [old, now] = [before.world.endpoints[before.traffic[end]], after.world.endpoints[after.traffic[end]]];
    if (old === undefined || now === undefined || labelsKey(old.labels) === labelsKey(now.labels)) return [];
    return [`other labels of ${now.name} or of its namespace`];
  });
}

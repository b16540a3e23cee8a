/**
 * Disturb: one thing in a policy's spec is made odd, as people and generators do: null, empty, the wrong type, unknown.
 */
import type { Dice } from "./dice.ts";

type Words = Record<string, unknown>;

const peerFields = ["fromEndpoints", "toEndpoints", "toCIDR", "fromEntities", "toFQDNs", "toServices", "toRequires"];

/** The same object with one part of its `spec` or `specs` changed; Cilium may or may not accept what comes out. */
export function disturb(dice: Dice, policy: Words): Words {
  const copy = structuredClone(policy);
  const field = copy["spec"] === undefined ? "specs" : "spec";
  const places = [...containers(copy[field])];
  // Now and then the whole.
  if (places.length === 0 || dice.happens(0.02)) {
    copy[field] = odd(dice);
    return copy;
  }
  const place = dice.pick(places as [Words]);
  const keys = Object.keys(place);
  dice.choose(
    [4, () => (place[dice.pick(keys as [string])] = odd(dice))],
    [2, () => Reflect.deleteProperty(place, dice.pick(keys as [string]))],
    [1, () => (place["unknownField"] = 1)],
    [1, () => (place[dice.pick(peerFields as [string])] = dice.pick<unknown>([[], null, [{}], ["world"]]))],
    [1, () => (place["rules"] = dice.pick<unknown>([{}, null, { http: [{}] }, { dns: [] }, { kafka: [{}] }]))],
    [1, () => (place["icmps"] = dice.pick<unknown>([[], null, [{ fields: [{ type: 8 }] }], [{}]]))],
    [1, () => (place["enableDefaultDeny"] = dice.pick<unknown>([true, {}, null, { ingress: false, egress: false }]))],
    [1, () => (place["nodeSelector"] = dice.pick<unknown>([{}, null]))],
    [1, () => (place["endPort"] = dice.pick<unknown>([90, 0, -1, 70000, "90"]))],
  );
  return copy;
}

function odd(dice: Dice): unknown {
  return dice.pick<unknown>([null, [], {}, "", "odd", 1, true, [null], [{}], ["odd"], [1], [[]], { matchLabels: {} }]);
}

/** Every object inside, lists left out: only objects have fields to change. */
function* containers(value: unknown): Generator<Words> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value) && Object.keys(value).length > 0) yield value as Words;
  for (const inner of Object.values(value)) yield* containers(inner);
}

/**
 * Selector findings: selectors that select somebody else than they seem to. The engine evaluates them as Cilium does.
 */
import { parseKey, reachesIdentity, reservedLabels } from "../select/labels.ts";
import type { Rule } from "../model.ts";
import { selectsLabels, selectsPeer, type LabelSelector, type PeerSelector } from "../select/selectors.ts";
import type { ApiServer } from "./externals.ts";
import type { Reading } from "./fields.ts";

/** A pod's label that Cilium's default filter keeps out of its identity (S8). `path` is that of the selector. */
export function noteIgnoredLabels(written: LabelSelector, path: string, reading: Reading): void {
  const note = (key: string, at: string, who: string): void => {
    const { source, key: label } = parseKey(key, "any");
    if ((source !== "any" && source !== "k8s") || reachesIdentity(label)) return;
    const what = `Cilium keeps the label \`${label}\` out of identities, so this selects ${who}`;
    reading.note("reachability/label-ignored", at, what, "a label that the default label filter keeps");
  };
  for (const key of written.matchLabels.keys()) note(key, `${path}.matchLabels.${key}`, "no pod");
  for (const [index, { key, operator }] of written.matchExpressions.entries()) {
    const negative = operator === "NotIn" || operator === "DoesNotExist";
    note(key, `${path}.matchExpressions[${String(index)}]`, negative ? "every pod" : "no pod");
  }
}

const [world, host] = [reservedLabels("world"), reservedLabels("host")];

/** A selector of pods that asks for nothing that only pods have: without a cluster it takes the world and nodes in (S11). */
export function noteLeak(written: LabelSelector, scoped: LabelSelector, path: string, reading: Reading): void {
  const keys = [...written.matchLabels.keys(), ...written.matchExpressions.map(({ key }) => key)];
  if (keys.some((key) => parseKey(key, "any").source === "reserved")) return;
  if (!selectsLabels(scoped, world) && !selectsLabels(scoped, host)) return;
  const what = "this selects everything without that label, the world and the nodes included";
  reading.note(
    "reachability/namespace-leak",
    path,
    what,
    "also a label that pods have, or `policyDefaultLocalCluster`",
  );
}

/** A deny of the world where the API server is part of it cuts the pods off from it, whatever allows it (S3, S12). */
export function noteApiServerCut(rule: Rule, apiServer: ApiServer, reading: Reading): void {
  if (apiServer !== "outside the cluster" || rule.action !== "deny" || rule.direction !== "egress") return;
  if (rule.peers.kind === "nobody" || !rule.peers.selectors.some(isWholeWorld)) return;
  const what = "the API server is outside the cluster, so this deny of the world cuts the pods off from it";
  reading.note("reachability/api-server-denied", rule.origin.path, what, "a deny of the ranges that are meant");
}

function isWholeWorld(selector: PeerSelector): boolean {
  return selectsPeer(selector, { labels: world }) === "yes";
}

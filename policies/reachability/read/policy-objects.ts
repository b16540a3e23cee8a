/**
 * Policy objects: which objects hold the rules of a pod, what they are called, and which lists their specs have.
 */
import type { PolicyKind, PolicyRef } from "../model.ts";
import { isFields, type Fields } from "./fields.ts";
import { kindOf } from "./other-kinds.ts";

/** The kinds whose rules are known in full. ClusterNetworkPolicy is none of them (L9). */
const kinds = [
  "NetworkPolicy",
  "CiliumNetworkPolicy",
  "CiliumClusterwideNetworkPolicy",
] as const satisfies readonly PolicyKind[];

/** One of them, from the kind by which an object is read (`kindOf`). */
export function policyKindOf(kind: string): PolicyKind | undefined {
  return kinds.find((each) => each === kind);
}

/** Whether the kind stands in no namespace. */
export function isClusterwide(kind: PolicyKind): boolean {
  return kind === "CiliumClusterwideNetworkPolicy" || kind === "ClusterNetworkPolicy";
}

/** What a policy is called; undefined for every other object. A name that is no text was refused while reading. */
export function policyOf(object: Fields): PolicyRef | undefined {
  const kind = policyKindOf(kindOf(object));
  if (kind === undefined) return undefined;
  const metadata = isFields(object["metadata"]) ? object["metadata"] : {};
  const name = typeof metadata["name"] === "string" ? metadata["name"] : "";
  if (isClusterwide(kind)) return { kind, name };
  return { kind, namespace: typeof metadata["namespace"] === "string" ? metadata["namespace"] : "default", name };
}

/** The four lists of a Cilium spec, of which a NetworkPolicy has two: what each allows or denies. */
export const ruleLists = [
  { field: "ingress", direction: "ingress", action: "allow" },
  { field: "ingressDeny", direction: "ingress", action: "deny" },
  { field: "egress", direction: "egress", action: "allow" },
  { field: "egressDeny", direction: "egress", action: "deny" },
] as const;

/**
 * New policy: an object of its own for one side, where no policy at hand can be extended.
 */
import type { PolicyRef } from "../model.ts";
import type { Fields } from "../read/fields.ts";
import { entryFor, peersOf } from "./allow-cilium.ts";
import { networkEntry } from "./allow-kubernetes.ts";
import { namespaceOf, selectionOf } from "./selection.ts";
import { placeText, type Candidate, type WantedSide } from "./side.ts";

/** Written in the language of the policies at hand, unless that has no words for the peer. */
export function newPolicies(side: WantedSide): readonly Candidate[] {
  const [cilium, network] = [newCilium(side), newNetwork(side)];
  return side.language === "kubernetes" && network.length > 0 ? network : cilium;
}

function newCilium(side: WantedSide): readonly Candidate[] {
  const { subject, direction, world } = side;
  const policy = refFor("CiliumNetworkPolicy", side);
  return peersOf(side, policy)
    .filter(({ field }) => !field.endsWith("CIDRSet"))
    .map((peer) => {
      const spec = { endpointSelector: selectionOf(subject, world, "cilium"), [direction]: [entryFor(peer, side)] };
      return addition(policy, "cilium.io/v2", spec);
    });
}

function newNetwork(side: WantedSide): readonly Candidate[] {
  const { subject, direction, world } = side;
  const policy = refFor("NetworkPolicy", side);
  const entry = networkEntry(side, namespaceOf(subject));
  if (entry === undefined) return [];
  const policyTypes = [direction === "egress" ? "Egress" : "Ingress"];
  const spec = { podSelector: selectionOf(subject, world, "kubernetes"), policyTypes, [direction]: [entry] };
  return [addition(policy, "networking.k8s.io/v1", spec)];
}

function addition(policy: PolicyRef, apiVersion: string, spec: Fields): Candidate {
  const { kind, namespace, name } = policy;
  const object = { apiVersion, kind, metadata: { name, namespace }, spec };
  return { what: `add ${placeText(policy, [])}`.trimEnd(), edits: [{ kind: "add", object }] };
}

/** `frontend-to-backend`, `backend-from-frontend`, with a number where that is taken. */
function refFor(kind: PolicyRef["kind"], side: WantedSide): PolicyRef {
  const { subject, peer, direction, nameTaken } = side;
  const namespace = namespaceOf(subject);
  const word = direction === "egress" ? "to" : "from";
  const base = nameText(`${lastPart(subject.name)}-${word}-${lastPart(peer.name)}`);
  for (let number = 1; ; number += 1) {
    const policy = { kind, namespace, name: number === 1 ? base : `${base}-${String(number)}` };
    if (!nameTaken(policy)) return policy;
  }
}

function lastPart(name: string): string {
  return /^[^/]*\/([^/]+)$/.exec(name)?.[1] ?? name;
}

/** RFC 1123: what the API server takes as a name, with room for a number. */
function nameText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .slice(0, 240)
    .replace(/^[-.]+|[-.]+$/g, "");
}

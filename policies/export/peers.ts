/**
 * Peers: whom an entry speaks of, as far as a NetworkPolicy has words: pods, and ranges of addresses. What an allow loses
 * is named; what a deny may mean beyond the words is taken in.
 */
import type { Rule } from "../reachability/model.ts";
import { entities, type Entity } from "../reachability/read/externals.ts";
import { reservedLabels } from "../reachability/select/labels.ts";
import { onlyExcludes, requirementsOf, selectsLabels, type PeerSelector } from "../reachability/select/selectors.ts";
import { block, blocksWithout, bothBlocks, everyAddress, type Block } from "./blocks.ts";
import { asksForAccount, both, everyPod, podsMeeting, podsWithout, type Pods } from "./pods.ts";

/** `everyone` can be said in one word, and means nodes too. */
export type Peers =
  | { readonly kind: "everyone" }
  | { readonly kind: "some"; readonly pods: readonly Pods[]; readonly blocks: readonly Block[] };

/** Why a peer, or a part of it, is not among them. */
export type Unsaid =
  | { readonly kind: "name"; readonly pattern: string }
  | { readonly kind: "entity"; readonly names: readonly Entity[] }
  | { readonly kind: "service account" }
  | { readonly kind: "not modelled"; readonly field: string };

export const nobody: Peers = { kind: "some", pods: [], blocks: [] };

export function isNobody(peers: Peers): boolean {
  return peers.kind === "some" && peers.pods.length === 0 && peers.blocks.length === 0;
}

/** No more than these are allowed. */
export function allowedPeers({ peers, direction }: Rule): {
  readonly peers: Peers;
  readonly unsaid: readonly Unsaid[];
} {
  if (peers.kind === "nobody") return { peers: nobody, unsaid: [] };
  if (peers.selectors.length === 0 || peers.selectors.some(isEveryone))
    return { peers: { kind: "everyone" }, unsaid: [] };
  const pods: Pods[] = [];
  const blocks: Block[] = [];
  const unsaid: Unsaid[] = [];
  const nodes = new Set<Entity>();
  for (const selector of peers.selectors) {
    if (selector.kind === "fqdn") unsaid.push({ kind: "name", pattern: selector.pattern });
    else if (selector.kind === "unmodelled") unsaid.push({ kind: "not modelled", field: selector.field });
    else if (selector.kind === "cidr") blocks.push(...blocksOf(selector));
    else {
      const requirements = requirementsOf(selector.labels);
      if (asksForAccount(requirements)) unsaid.push({ kind: "service account" });
      const found = podsMeeting(requirements, "at most");
      if (found !== undefined) pods.push(found);
      blocks.push(...worldIn(selector));
      for (const each of entitiesIn(selector)) nodes.add(each);
    }
  }
  // A pod's own node reaches it whatever is said (S5).
  if (direction === "ingress") nodes.delete("host");
  if (nodes.size > 0) unsaid.push({ kind: "entity", names: [...nodes] });
  return { peers: { kind: "some", pods, blocks }, unsaid };
}

/** What is denied: all of these, and perhaps others who have no word. */
export interface Denied {
  readonly pods: readonly Pods[];
  readonly blocks: readonly Block[];
  readonly nodes: "denied" | "untouched";
}

export function deniedPeers({ peers }: Rule): Denied {
  const everyone: Denied = { pods: [everyPod], blocks: everyAddress, nodes: "denied" };
  if (peers.kind === "nobody") return { pods: [], blocks: [], nodes: "untouched" };
  if (peers.selectors.length === 0 || peers.selectors.some(mayBeEveryone)) return everyone;
  const [pods, blocks]: [Pods[], Block[]] = [[], []];
  let nodes: Denied["nodes"] = "untouched";
  for (const selector of peers.selectors) {
    if (selector.kind === "fqdn" || selector.kind === "unmodelled") blocks.push(...everyAddress);
    else if (selector.kind === "cidr") blocks.push(...blocksOf(selector));
    else {
      const found = podsMeeting(requirementsOf(selector.labels), "at least");
      if (found !== undefined) pods.push(found);
      blocks.push(...worldIn(selector));
      if (entitiesIn(selector).length > 0) nodes = "denied";
    }
  }
  return { pods, blocks, nodes };
}

function isEveryone(selector: PeerSelector): boolean {
  return selector.kind === "labels" && requirementsOf(selector.labels).length === 0;
}

/** A selector that only excludes may mean whole groups of peers at once (S34). */
function mayBeEveryone(selector: PeerSelector): boolean {
  if (selector.kind === "unmodelled") return selector.among === "anyone";
  return isEveryone(selector) || (selector.kind === "labels" && onlyExcludes(selector.labels));
}

function blocksOf({ cidrs, except }: Extract<PeerSelector, { kind: "cidr" }>): readonly Block[] {
  return cidrs.flatMap((cidr) => block(cidr, except) ?? []);
}

type Labelled = Extract<PeerSelector, { kind: "labels" }>;

/** The halves of the world that the labels select. */
function worldIn({ labels }: Labelled): readonly Block[] {
  const families = [
    { family: "ipv4", names: ["world", "world-ipv4"] },
    { family: "ipv6", names: ["world", "world-ipv6"] },
  ] as const;
  const selected = families.filter(({ names }) => names.some((name) => selectsLabels(labels, reservedLabels(name))));
  return everyAddress.filter(({ cidr }) => selected.some(({ family }) => family === cidr.family));
}

/** Peers that are neither pods nor the world, wherever the API server runs (S12). */
function entitiesIn({ labels }: Labelled): readonly Entity[] {
  return entities.filter((entity) => entity !== "world" && selectsLabels(labels, reservedLabels(entity)));
}

/** Everyone there is a word for besides the one word: pods and addresses. */
function spelled(peers: Peers): Extract<Peers, { kind: "some" }> {
  return peers.kind === "some" ? peers : { kind: "some", pods: [everyPod], blocks: everyAddress };
}

/** Whether somebody may be in both. */
export function mayMeet(peers: Peers, denied: Denied): boolean {
  if (peers.kind === "everyone" && denied.nodes === "denied") return true;
  return !isNobody(peersIn(peers, denied));
}

export function peersIn(peers: Peers, denied: Denied): Peers {
  const { pods, blocks } = spelled(peers);
  return {
    kind: "some",
    pods: pods.flatMap((one) => denied.pods.flatMap((other) => both(one, other) ?? [])),
    blocks: bothBlocks(blocks, denied.blocks),
  };
}

export function peersWithout(peers: Peers, denied: Denied): Peers {
  const { pods, blocks } = spelled(peers);
  return {
    kind: "some",
    pods: denied.pods.reduce<readonly Pods[]>((left, each) => left.flatMap((one) => podsWithout(one, each)), pods),
    blocks: blocksWithout(blocks, denied.blocks),
  };
}

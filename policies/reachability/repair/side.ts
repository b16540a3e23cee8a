/**
 * Side: what the search for a repair of one side knows, and what it may propose.
 */
import { explain, originText } from "../explain.ts";
import { labelsKey } from "../labels.ts";
import type { Direction, Endpoint, PolicyRef, Rule, World } from "../model.ts";
import type { Protocol } from "../ports.ts";
import { selectsLabels } from "../selectors.ts";
import type { Block } from "./blocks.ts";
import { pathText, type Edit, type Path } from "./edits.ts";
import type { Request } from "./requests.ts";

/** One side of the connection that is wanted, in a world where it is not yet possible. */
export interface WantedSide {
  readonly direction: Direction;
  /** The pod that is governed, and whom it should talk to. */
  readonly subject: Endpoint;
  readonly peer: Endpoint;
  readonly protocol: Protocol;
  readonly port: number;
  readonly request?: Request;
  readonly world: World;
  readonly blocks: readonly Block[];
  /** What new policies are written in. */
  readonly language: "cilium" | "kubernetes";
  /** How the policies at hand write the label of a pod's namespace. */
  readonly namespaceLabel: string;
  readonly nameTaken: (policy: PolicyRef) => boolean;
}

/** One thing that might repair the side. Whether it does, and what else it opens, is for the proof to say. */
export interface Candidate {
  /** As a person would say it, a whole sentence without its full stop. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** How much more than its size it costs, because it takes protection away that nothing else may be keeping up. */
  readonly reluctance?: number;
}

/** Pods that the block governs, told from the one that is meant. */
export function governed(
  { rules }: Block,
  { world, subject }: WantedSide,
): "only the subject" | "others too" | "nobody" | "others" {
  const [rule] = rules;
  if (rule === undefined) return "nobody";
  const pods = world.endpoints.filter((each) => each.kind === "pod" && selectsLabels(rule.subject.labels, each.labels));
  const meant = labelsKey(subject.labels);
  const own = pods.filter((each) => labelsKey(each.labels) === meant);
  if (pods.length === 0) return "nobody";
  if (own.length === 0) return "others";
  return own.length === pods.length ? "only the subject" : "others too";
}

/** `cnp dev/backend spec.ingress[0]`. */
export function placeText(policy: PolicyRef, path: Path): string {
  return originText({ policy, path: pathText(path) }).trimEnd();
}

export function portText({ protocol, port }: Pick<WantedSide, "protocol" | "port">): string {
  return `${protocol} ${String(port)}`;
}

/** `to shop/db`, `from shop/web`. */
export function towardText({ direction, peer }: Pick<WantedSide, "direction" | "peer">): string {
  return `${direction === "egress" ? "to" : "from"} ${peer.name}`;
}

/** What an entry says about the connection. */
export type Naming = "the peer" | "the port" | "neither";

/** Which entries name the peer or the port, but not both. */
export function namings(side: WantedSide): (rule: Rule) => Naming {
  const { endpoints } = side.world;
  const [subject, peer] = [endpoints.indexOf(side.subject), endpoints.indexOf(side.peer)];
  const [from, to] = side.direction === "egress" ? [subject, peer] : [peer, subject];
  const { sides } = explain({ from, to, protocol: side.protocol, port: side.port }, side.world);
  const found = sides.find(({ direction }) => direction === side.direction)?.nearMisses ?? [];
  const byPlace = new Map(found.map(({ origin, because }) => [JSON.stringify(origin), because]));
  return ({ origin }) => {
    const because = byPlace.get(JSON.stringify(origin));
    if (because === undefined) return "neither";
    return because === "another peer" ? "the port" : "the peer";
  };
}

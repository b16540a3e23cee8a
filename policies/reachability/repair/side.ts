/**
 * Side: what the search for a repair of one side knows, and what it may propose.
 */
import { explain, originText } from "../explain.ts";
import { labelsKey } from "../select/labels.ts";
import type { Direction, Endpoint, PolicyRef, Rule, World } from "../model.ts";
import type { Protocol } from "../judge/ports.ts";
import { selectsLabels } from "../select/selectors.ts";
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
  /** Nobody but the two, under the same rules: what is asked about them alone is asked here, because it is cheap. */
  readonly pair: World;
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

export type Governed = "only the subject" | "others too" | "nobody" | "others";

/** A rule governs the same pods however often it is asked. */
const known = new WeakMap<Rule, { readonly subject: Endpoint; readonly answer: Governed }>();

/** Pods that the block governs, told from the one that is meant. */
export function governed({ rules }: Block, { world, subject }: WantedSide): Governed {
  const [rule] = rules;
  if (rule === undefined) return "nobody";
  const found = known.get(rule);
  if (found?.subject === subject) return found.answer;
  const answer = governedBy(rule, world, subject);
  known.set(rule, { subject, answer });
  return answer;
}

function governedBy(rule: Rule, { endpoints }: World, subject: Endpoint): Governed {
  const selects = (each: Endpoint): boolean => each.kind === "pod" && selectsLabels(rule.subject.labels, each.labels);
  if (!selects(subject)) return endpoints.some(selects) ? "others" : "nobody";
  const meant = labelsKey(subject.labels);
  return endpoints.some((each) => selects(each) && labelsKey(each.labels) !== meant)
    ? "others too"
    : "only the subject";
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
  const [from, to] = side.direction === "egress" ? [side.subject, side.peer] : [side.peer, side.subject];
  const at = (endpoint: Endpoint): number => side.pair.endpoints.indexOf(endpoint);
  const { sides } = explain({ from: at(from), to: at(to), protocol: side.protocol, port: side.port }, side.pair);
  const found = sides.find(({ direction }) => direction === side.direction)?.nearMisses ?? [];
  const byPlace = new Map(found.map(({ origin, because }) => [JSON.stringify(origin), because]));
  return ({ origin }) => {
    const because = byPlace.get(JSON.stringify(origin));
    if (because === undefined) return "neither";
    return because === "another peer" ? "the port" : "the peer";
  };
}

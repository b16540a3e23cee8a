/**
 * Explain: a verdict in sentences, the deciding rules in order, and for a denial the one thing that is missing.
 */
import type {
  Direction,
  Endpoint,
  Origin,
  PolicyRef,
  SemanticRule,
  Side,
  SideOutcome,
  Traffic,
  World,
} from "./model.ts";
import { matchAt } from "./select/matches.ts";
import { protocols } from "./judge/ports.ts";
import { prepare } from "./judge/prepared.ts";
import { restrictionText } from "./report/report-text.ts";
import { covers, grantsOf, type Grant } from "./judge/side-policy.ts";
import { decide } from "./verdict.ts";

export interface Explanation {
  /** `ns1/a -> ns1/b TCP 80: denied`. */
  readonly headline: string;
  /** Egress of the client, then ingress of the server. */
  readonly sides: readonly SideExplanation[];
}

export interface SideExplanation {
  readonly direction: Direction;
  readonly outcome: SideOutcome;
  readonly rule: SemanticRule;
  readonly sentence: string;
  /** The entries that decided. */
  readonly origins: readonly Origin[];
  /** Entries that almost spoke, and what kept them from it. */
  readonly nearMisses: readonly NearMiss[];
  /** What the side still asks of a connection that it lets pass. Absent if nothing. */
  readonly remains?: string;
  /** What would let the connection pass this side. Absent unless the side denies, or waits for a name (S31). */
  readonly missing?: string;
}

export interface NearMiss {
  readonly origin: Origin;
  /** The first two name the peer, and the last one the port. */
  readonly because: "another port" | "another protocol" | "another peer";
}

export function explain(traffic: Traffic, world: World): Explanation {
  const { outcome, egress, ingress } = decide(traffic, world);
  const [client, server] = [world.endpoints[traffic.from], world.endpoints[traffic.to]];
  if (client === undefined || server === undefined) throw new RangeError("no such endpoint");
  const port = `${traffic.protocol} ${String(traffic.port)}`;
  return {
    headline: `${client.name} -> ${server.name} ${port}: ${outcome}`,
    sides: [
      explainSide(egress, { pod: client, peer: server, port, traffic }, world),
      explainSide(ingress, { pod: server, peer: client, port, traffic }, world),
    ],
  };
}

/** Where a rule stands, as `policies/dns.yaml:12`; undefined where that is not known. */
export type Place = (origin: Origin) => string | undefined;

/** One line for the headline, then one per side, where its rules stand, and what it misses. */
export function explanationText({ headline, sides }: Explanation, place: Place = () => undefined): string {
  const lines = sides.flatMap(({ direction, sentence, rule, origins, remains, nearMisses, missing }) => [
    `  ${direction}: ${sentence} (${rule})`,
    ...distinct(origins).flatMap((origin) => {
      const at = place(origin);
      return at === undefined ? [] : [`    ${originText(origin)}: ${at}`];
    }),
    ...(remains === undefined ? [] : [`    remains: ${remains}`]),
    ...nearMisses.map(({ origin, because }) => `    near miss: ${placedText(origin, place)}, ${because}`),
    ...(missing === undefined ? [] : [`    missing: ${missing}`]),
  ]);
  return [headline, ...lines].join("\n");
}

function placedText(origin: Origin, place: Place): string {
  const at = place(origin);
  return at === undefined ? originText(origin) : `${originText(origin)} (${at})`;
}

function distinct(origins: readonly Origin[]): Origin[] {
  return [...new Map(origins.map((origin) => [originText(origin), origin])).values()];
}

interface Context {
  readonly pod: Endpoint;
  readonly peer: Endpoint;
  readonly port: string;
  readonly traffic: Traffic;
}

function explainSide(side: Side, context: Context, world: World): SideExplanation {
  const { outcome, reason } = side;
  const { direction, rule, origins } = reason;
  const { pod, peer, port } = context;
  const remains = outcome === "deny" ? "" : restrictionText(side);
  const explained = {
    direction,
    outcome,
    rule,
    origins,
    sentence: sentenceOf(rule, outcome, context, origins),
    ...(remains === "" ? {} : { remains }),
    nearMisses: outcome === "deny" && rule === "S2" ? nearMisses(direction, context, world) : [],
  };
  if (rule === "S31") {
    const name = peer.fqdn ?? peer.name;
    return {
      ...explained,
      missing: `an egress rule for ${pod.name} with rules.dns for ${name}, to port 53 of the DNS service`,
    };
  }
  if (outcome !== "deny") return explained;
  const toward = direction === "egress" ? "to" : "from";
  const missing =
    rule === "S3"
      ? `an exception for ${port} ${toward} ${peer.name} in every deny above`
      : `an ${direction} rule for ${pod.name} that allows ${port} ${toward} ${peer.name}`;
  return { ...explained, missing };
}

const kinds: Record<PolicyRef["kind"], string> = {
  NetworkPolicy: "knp",
  CiliumNetworkPolicy: "cnp",
  CiliumClusterwideNetworkPolicy: "ccnp",
  ClusterNetworkPolicy: "clusternp",
};

/** `cnp ns1/dns`. */
export function policyText({ kind, namespace, name }: PolicyRef): string {
  return `${kinds[kind]} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** `cnp ns1/dns spec.egress[0]`. */
export function originText({ policy, path }: Origin): string {
  return `${policyText(policy)} ${path}`;
}

function sentenceOf(
  rule: SemanticRule,
  outcome: SideOutcome,
  { pod, peer }: Context,
  origins: readonly Origin[],
): string {
  const by = [...new Set(origins.map(originText))].join(", ");
  switch (rule) {
    case "S1":
      return `no policy selects ${pod.name}`;
    case "S2":
      return `isolated by ${by}, and nothing allows it`;
    case "S3":
      return `denied by ${by}`;
    case "S5":
      return `the node reaches its pods, and nothing denies it`;
    case "S6":
      return `${pod.name} is no pod, so no policy applies`;
    case "S7":
      return `nothing isolates ${pod.name}, and nothing denies it`;
    case "S21":
      return `allowed by ${by}, restricted at L7`;
    case "S31":
      return `allowed by ${by} only, and nothing lets Cilium learn ${peer.fqdn ?? peer.name}`;
    case "L9":
      return `a cluster network policy may decide it, if the cluster knows the kind: ${by}`;
    case "L5":
      return `a host policy may decide it, if the host firewall is on: ${by}`;
    case "L4":
      return `rules that Cilium cannot merge: ${by}`;
    default:
      return outcome === "unknown" ? `depends on what is not modelled: ${by}` : `allowed by ${by}`;
  }
}

/** Allows of this pod that name the peer or the port, but not both. */
function nearMisses(direction: Direction, { traffic }: Context, world: World): NearMiss[] {
  const ready = prepare(world);
  const [subjectAt, peerAt] = direction === "egress" ? [traffic.from, traffic.to] : [traffic.to, traffic.from];
  const [subject, other] = [ready.identities.of[subjectAt], ready.identities.of[peerAt]];
  if (subject === undefined || other === undefined) return [];
  const server = ready.listener(direction, subject, other);
  const onOther = (filter: Grant["filter"]): boolean =>
    protocols.some((protocol) => covers(filter, direction, server, protocol, traffic.port));
  const miss = ({ filter, peers, origins }: Grant): NearMiss[] => {
    const namesPort = covers(filter, direction, server, traffic.protocol, traffic.port);
    const namesPeer = matchAt(peers, other) === "yes";
    if (namesPort === namesPeer) return [];
    const because = namesPeer ? (onOther(filter) ? "another protocol" : "another port") : "another peer";
    return origins.map((origin) => ({ origin, because }));
  };
  const allows = grantsOf(ready.policy(subject, direction)).filter(({ action }) => action === "allow");
  const found = new Map(allows.flatMap(miss).map((each) => [`${originText(each.origin)} ${each.because}`, each]));
  // An entry that names the peer is closer than one that names the port.
  const order: readonly NearMiss["because"][] = ["another protocol", "another port", "another peer"];
  return [...found.values()].sort((a, b) => order.indexOf(a.because) - order.indexOf(b.because));
}

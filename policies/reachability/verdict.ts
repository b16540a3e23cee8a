/**
 * Verdict: the one evaluator. Everything else that speaks of reachability asks here.
 */
import { identitiesOf, type Identities } from "./identities.ts";
import { hasReserved } from "./labels.ts";
import { dnsServers, learnedBy, type Learned } from "./learned-names.ts";
import type {
  Authentication,
  Direction,
  Endpoint,
  L7Union,
  NamedPort,
  Origin,
  SemanticRule,
  Side,
  SideOutcome,
  Tier,
  Traffic,
  Verdict,
  World,
} from "./model.ts";
import { covers, sidePolicy, type Grant, type SidePolicy } from "./side-policy.ts";

/** What is worked out once per world. */
export interface Prepared {
  readonly world: World;
  readonly identities: Identities;
  /** The policy of the identity at this position. */
  readonly policy: (identity: number, direction: Direction) => SidePolicy;
  /** The ports by which names are resolved: those of whoever listens, or of the whole cluster (S18, S19). */
  readonly listener: (direction: Direction, subject: number, peer: number) => readonly NamedPort[];
  /** Whether the rules of the identity let Cilium learn this name (S31). */
  readonly learned: (identity: number, fqdn: string) => boolean;
  /** Its grants that may match the peer at this position, on whatever port. */
  readonly grants: (identity: number, direction: Direction, peer: number) => readonly Grant[];
}

const prepared = new WeakMap<World, Prepared>();

/** Equal to deciding from scratch: a world is never changed after it was read. */
export function prepare(world: World): Prepared {
  let found = prepared.get(world);
  if (found === undefined) prepared.set(world, (found = prepareAnew(world)));
  return found;
}

function prepareAnew(world: World): Prepared {
  const identities = identitiesOf(world);
  const everyPort = world.endpoints.flatMap(({ ports }) => ports);
  const policies = { egress: [] as SidePolicy[], ingress: [] as SidePolicy[] };
  const matching = { egress: [] as (readonly Grant[])[][], ingress: [] as (readonly Grant[])[][] };
  const policy = (identity: number, direction: Direction): SidePolicy =>
    (policies[direction][identity] ??= sidePolicy(
      world.rules.filter(
        (rule) => rule.direction === direction && identities.subjects(rule.subject)[identity] === true,
      ),
      identities,
    ));
  const servers = dnsServers(world);
  const names: Learned[] = [];
  return {
    world,
    identities,
    policy,
    learned: (identity, fqdn) => (names[identity] ??= learnedBy(policy(identity, "egress").rules, servers))(fqdn),
    listener: (direction, subject, peer) => {
      if (direction === "egress" && world.cilium !== "1.20") return everyPort;
      return identities.representatives[direction === "ingress" ? subject : peer]?.ports ?? [];
    },
    grants: (identity, direction, peer) => {
      const row = (matching[direction][identity] ??= []);
      return (row[peer] ??= policy(identity, direction).grants.filter(({ matches }) => matches[peer] !== "no"));
    },
  };
}

const nothing: Pick<Side, "l7" | "authentication"> = { l7: [], authentication: "unspecified" };

/** Whether the connection is possible. Both sides must let it pass (S6); what one denies, no other can allow (S3). */
export function decide(traffic: Traffic, world: World): Verdict {
  const ready = prepare(world);
  const [from, to] = [ready.identities.of[traffic.from], ready.identities.of[traffic.to]];
  if (from === undefined || to === undefined) {
    throw new RangeError(`no endpoint at ${String(traffic.from)} or ${String(traffic.to)}`);
  }
  const egress = decideSide(ready, "egress", from, to, traffic);
  const ingress = decideSide(ready, "ingress", to, from, traffic);
  return { outcome: outcomeOf(egress.outcome, ingress.outcome), egress, ingress };
}

export function outcomeOf(egress: SideOutcome, ingress: SideOutcome): Verdict["outcome"] {
  if (egress === "deny" || ingress === "deny") return "denied";
  return egress === "unknown" || ingress === "unknown" ? "unknown" : "allowed";
}

/** One side's answer. Subject and peer are positions of identities. */
export function decideSide(
  ready: Prepared,
  direction: Direction,
  subject: number,
  peer: number,
  { protocol, port }: Pick<Traffic, "protocol" | "port">,
): Side {
  const [pod, other] = [ready.identities.representatives[subject], ready.identities.representatives[peer]];
  if (pod === undefined || other === undefined) {
    throw new RangeError(`no identity at ${String(subject)} or ${String(peer)}`);
  }
  const answer: Answer = (outcome, rule, origins = []) => ({
    outcome,
    reason: { direction, rule, origins },
    ...nothing,
  });
  if (pod.kind !== "pod") return answer("not-applicable", "S6");
  const policy = ready.policy(subject, direction);
  if (policy.rules.length === 0) return answer("allow", "S1");
  if (policy.conflicts.length > 0) return answer("unknown", "L4", policy.conflicts);
  const server = ready.listener(direction, subject, peer);
  const speaking = ready
    .grants(subject, direction, peer)
    .filter(({ filter }) => covers(filter, direction, server, protocol, port));
  const learned = byNamesLearned(ready, subject, other, speaking);
  const found = granted(learned, peer, answer);
  if (found === undefined) {
    if (learned.length === speaking.length || passesByDefault(policy, direction, other)) {
      return ungranted(policy, direction, other, answer);
    }
    return answer("unknown", "S31", originsOf(speaking));
  }
  if (found.outcome !== "redirect" || !passesByDefault(policy, direction, other)) return found;
  return { ...found, l7: [...found.l7, { kind: "anything" }] };
}

/** Without the allows of a name that Cilium never learns, where that is asked (S31). */
function byNamesLearned(
  { world, learned }: Prepared,
  subject: number,
  { fqdn }: Endpoint,
  speaking: readonly Grant[],
): readonly Grant[] {
  if (world.names === "known" || fqdn === undefined || !speaking.some(({ peer }) => peer === "fqdn")) return speaking;
  return learned(subject, fqdn) ? speaking : speaking.filter(({ peer }) => peer !== "fqdn");
}

/** What passes without any rule (S5, S7) stands beside L7 rules like an allow without them (S22). */
function passesByDefault(policy: SidePolicy, direction: Direction, peer: Endpoint): boolean {
  return policy.isolated === "no" || (direction === "ingress" && hasReserved(peer.labels, "host"));
}

type Answer = (outcome: SideOutcome, rule: SemanticRule, origins?: readonly Origin[]) => Side;

function originsOf(grants: readonly Grant[]): Origin[] {
  return grants.flatMap(({ origins }) => origins);
}

/** The answer of the first tier of which a rule matches. What the tiers but the normal one say is not known (L9). */
function granted(speaking: readonly Grant[], peer: number, answer: Answer): Side | undefined {
  if (speaking.every(({ tier }) => tier === "normal")) return grantedByNormal(speaking, peer, answer);
  const of = (tier: Tier): readonly Grant[] => speaking.filter((grant) => grant.tier === tier);
  if (of("admin").length > 0) return answer("unknown", "L9", originsOf(of("admin")));
  return grantedByNormal(of("normal"), peer, answer) ?? answer("unknown", "L9", originsOf(of("baseline")));
}

/** The answer of the rules that match, strongest first: deny, what might be a deny, redirect, allow. */
function grantedByNormal(speaking: readonly Grant[], peer: number, answer: Answer): Side | undefined {
  const certain = speaking.filter(({ certainty, matches }) => certainty === "certain" && matches[peer] === "yes");
  const doubtful = speaking.filter((grant) => !certain.includes(grant));
  const denies = certain.filter(({ action }) => action === "deny");
  if (denies.length > 0) return answer("deny", "S3", originsOf(denies));
  const doubtfulDenies = doubtful.filter(({ action }) => action === "deny");
  if (doubtfulDenies.length > 0) return answer("unknown", "L1", originsOf(doubtfulDenies));
  if (certain.length === 0) return doubtful.length === 0 ? undefined : answer("unknown", "L1", originsOf(doubtful));
  const authentication = strongest(certain);
  const l7 = unionOf(certain);
  if (l7.length === 0) return { ...answer("allow", "S4", originsOf(certain)), authentication };
  return { ...answer("redirect", "S21", originsOf(certain)), l7, authentication };
}

/** One element per grant, as soon as one of them restricts anything (S21, S22). */
function unionOf(grants: readonly Grant[]): L7Union {
  if (grants.every(({ l7 }) => l7.kind === "none")) return [];
  return grants.map(({ l7 }) => (l7.kind === "none" ? { kind: "anything" } : { kind: "restricted", by: l7 }));
}

/** What must succeed before the connection stands (S27): the strongest that any allow asks for. */
function strongest(grants: readonly Grant[]): Authentication {
  const modes = grants.map(({ authentication }) => authentication);
  const order = ["test-always-fail", "required", "disabled"] as const;
  return order.find((mode) => modes.includes(mode)) ?? "unspecified";
}

/** No rule matches: the default of the direction (S2, S5, S7). */
function ungranted(policy: SidePolicy, direction: Direction, peer: Endpoint, answer: Answer): Side {
  if (passesByDefault(policy, direction, peer)) return answer("allow", policy.isolated === "no" ? "S7" : "S5");
  const origins = policy.rules.filter(({ defaultDeny }) => defaultDeny === "switches-on").map(({ origin }) => origin);
  return policy.isolated === "maybe" ? answer("unknown", "L1", origins) : answer("deny", "S2", origins);
}

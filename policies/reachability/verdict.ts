/**
 * Verdict: the answer to one question, with the entries that decide it.
 */
import { defaultOf, judge } from "./judge/judgement.ts";
import { hasReserved } from "./select/labels.ts";
import { hasOwnPorts, matchAt, type Matches } from "./select/matches.ts";
import type { Direction, Endpoint, Origin, SemanticRule, Side, SideOutcome, Traffic, Verdict, World } from "./model.ts";
import { prepare, type Prepared } from "./judge/prepared.ts";
import { covers, grantsOf, type Grant, type SidePolicy } from "./judge/side-policy.ts";

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

/** What is answered whatever the peer and the port, because there is no policy to ask (S1, S6, L4, L5). */
export function withoutPolicy(
  ready: Prepared,
  direction: Direction,
  subject: number,
  policy: SidePolicy,
): { readonly outcome: SideOutcome; readonly rule: SemanticRule; readonly origins: readonly Origin[] } | undefined {
  const endpoint = ready.identities.representatives[subject];
  if (endpoint?.kind !== "pod") {
    const origins = hostOrigins(endpoint, direction, ready.world);
    return origins.length > 0
      ? { outcome: "unknown", rule: "L5", origins }
      : { outcome: "not-applicable", rule: "S6", origins };
  }
  const conflicts = ready.conflicts(subject);
  if (conflicts.length > 0) return { outcome: "unknown", rule: "L4", origins: conflicts };
  return policy.rules.length === 0 ? { outcome: "allow", rule: "S1", origins: [] } : undefined;
}

/** The entries that may govern the endpoint if it is a node: nothing else that is no pod has a policy (L5). */
function hostOrigins(endpoint: Endpoint | undefined, direction: Direction, { hostRules }: World): readonly Origin[] {
  if (endpoint === undefined || hostRules.length === 0) return [];
  if (!hasReserved(endpoint.labels, "host") && !hasReserved(endpoint.labels, "remote-node")) return [];
  return hostRules.filter((rule) => rule.direction === direction).map(({ origin }) => origin);
}

/** One side's answer. Subject and peer are positions of identities. */
function decideSide(
  ready: Prepared,
  direction: Direction,
  subject: number,
  peer: number,
  { protocol, port }: Pick<Traffic, "protocol" | "port">,
): Side {
  const other = ready.identities.representatives[peer];
  if (ready.identities.representatives[subject] === undefined || other === undefined) {
    throw new RangeError(`no identity at ${String(subject)} or ${String(peer)}`);
  }
  const policy = ready.policy(subject, direction);
  const without = withoutPolicy(ready, direction, subject, policy);
  if (without !== undefined) {
    const { outcome, rule, origins } = without;
    return { outcome, reason: { direction, rule, origins }, l7: [], authentication: "unspecified" };
  }
  const server = ready.listener(direction, subject, peer);
  const serverOf = (peers: Matches): typeof server =>
    ready.listens(direction) !== "peer" || hasOwnPorts(peers, peer) ? server : [];
  const name = ready.learned(subject, other.fqdn) ? "known" : "never learned";
  const speaking = grantsFor(policy, peer)
    .filter(({ filter, peers }) => covers(filter, direction, serverOf(peers), protocol, port))
    .map(
      (grant) =>
        ({
          ...grant,
          name: grant.kind === "fqdn" ? name : "known",
          fit: ready.fit(direction, grant.together, grant.filter, peer, port),
        }) as const,
    );
  const standard = defaultOf(policy, direction, hasReserved(other.labels, "host") ? "node" : "other");
  const { outcome, rule, by, l7, authentication } = judge(speaking, standard);
  // Where no entry decides and nothing passes by default, those that isolate are the reason.
  const isDefault = by.length === 0 && (outcome === "deny" || outcome === "unknown");
  const origins = isDefault ? isolating(policy) : by.flatMap((grant) => grant.origins);
  return { outcome, reason: { direction, rule, origins }, l7, authentication };
}

function isolating({ rules }: SidePolicy): readonly Origin[] {
  return rules.filter(({ defaultDeny }) => defaultDeny === "switches-on").map(({ origin }) => origin);
}

const known = new WeakMap<SidePolicy, Map<number, readonly Grant[]>>();

/** What the policy says of this peer, on whatever port. Kept, because one pair is asked about many ports. */
function grantsFor(policy: SidePolicy, peer: number): readonly Grant[] {
  let byPeer = known.get(policy);
  if (byPeer === undefined) known.set(policy, (byPeer = new Map<number, readonly Grant[]>()));
  let found = byPeer.get(peer);
  if (found === undefined) {
    found = grantsOf(policy).flatMap((grant): Grant[] => {
      const match = matchAt(grant.peers, peer);
      if (match === "no") return [];
      return [match === "yes" ? grant : { ...grant, certainty: "doubtful" }];
    });
    byPeer.set(peer, found);
  }
  return found;
}

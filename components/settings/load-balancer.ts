/**
 * Load balancer: pools whose addresses nobody could reach, or that are somebody else's already.
 */
import type { LoadBalancerChoices } from "../../policies/choices.ts";
import type { Problem } from "../../policies/problems.ts";
import { announcementsOn, kwokPodCidr } from "../cluster/facts.ts";
import type { Settings } from "../settings.ts";
import { numberOf, spanOf } from "./ipv4.ts";

/** Judges the bundle as if it were chosen. */
export function loadBalancerProblems(settings: Settings, file: string): readonly Problem[] {
  if (announcementsOn(settings) === "pointless") return [pointless(settings, file)];
  const { loadBalancer } = settings.policies;
  const where = `${file} › policies.loadBalancer`;
  const pools = poolsOf(loadBalancer);
  return [
    ...(pools.length === 0 ? [noPool(where)] : []),
    ...pools.flatMap((pool) => poolProblems(pool, settings, where)),
    ...meetingPools(pools, where),
    ...(loadBalancer.announce === "l2" && loadBalancer.network === undefined ? [noNetwork(settings, where)] : []),
    ...(loadBalancer.announce === "bgp" ? peerProblems(loadBalancer, pools, where) : []),
  ];
}

/** What there is to hand out, by the name of the pool, for a person to read. */
export function poolTexts(choices: LoadBalancerChoices): Record<string, string> {
  return Object.fromEntries(poolsOf(choices).map((pool) => [`pool ${pool.name}`, poolText(pool)]));
}

interface Pool {
  readonly name: string;
  readonly first: string;
  readonly last: string;
}

/** Addresses as numbers, both ends included, and what they are. */
interface Span {
  readonly first: number;
  readonly last: number;
  readonly whose: string;
}

function poolsOf({ pools }: LoadBalancerChoices): readonly Pool[] {
  return Object.entries(pools).map(([name, { first, last }]) => ({ name, first, last }));
}

function poolText({ first, last }: Pool): string {
  const count = numberOf(last) - numberOf(first) + 1;
  return `${first} to ${last}, ${String(count)} address${count === 1 ? "" : "es"}`;
}

function span({ name, first, last }: Pool): Span {
  return { first: numberOf(first), last: numberOf(last), whose: `the pool \`${name}\`` };
}

function rangeSpan(range: string, whose: string): Span {
  return { ...spanOf(range), whose };
}

function meet(a: Span, b: Span): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function pointless({ target }: Settings, file: string): Problem {
  return {
    code: "settings/load-balancer-of-others",
    where: `${file} › policies.bundles`,
    what:
      target === "aks"
        ? "`load-balancer` is chosen, but on AKS the load balancer is Azure's: it hands out the addresses and leads to them"
        : "`load-balancer` is chosen, but the network takes no announcements of ours",
    expected: "no bundle `load-balancer`",
    ...(target === "existing"
      ? { fix: "if the network does take them, set `existing.announcements: possible`" }
      : { fix: "take `load-balancer` off the list: a Service of the type LoadBalancer works without it" }),
  };
}

function noPool(where: string): Problem {
  return {
    code: "settings/no-pool",
    where: `${where}.pools`,
    what: "the bundle `load-balancer` is chosen without an address to hand out",
    expected: "at least one pool, for example `lan: { first: 192.168.3.200, last: 192.168.3.210 }`",
  };
}

function noNetwork({ target }: Settings, where: string): Problem {
  return {
    code: "settings/network-unknown",
    where: `${where}.network`,
    what: "nobody beyond a router hears ARP, and which addresses are on this side is not known",
    expected: "the range of the network that the nodes are in",
    fix:
      target === "kind"
        ? "docker network inspect kind shows it, usually 172.18.0.0/16"
        : "say it, or announce by `bgp`, which a router passes on",
  };
}

function poolProblems(pool: Pool, settings: Settings, where: string): readonly Problem[] {
  const own = span(pool);
  const place = `${where}.pools.${pool.name}`;
  if (own.first > own.last) {
    return [
      {
        code: "settings/pool-backwards",
        where: `${place}.last`,
        what: `lies before \`first\`, \`${pool.first}\`, got \`${pool.last}\``,
        expected: `\`${pool.first}\` or a later address`,
      },
    ];
  }
  const { network, announce } = settings.policies.loadBalancer;
  return [
    ...(announce === "l2" && network !== undefined ? outside(pool, network, place) : []),
    ...takenBy(settings)
      .filter((other) => meet(own, other))
      .map((other) => taken(place, poolText(pool), other)),
  ];
}

/** The first and the last address of a network are nobody's. */
function outside(pool: Pool, network: string, where: string): readonly Problem[] {
  const own = span(pool);
  const { first, last } = spanOf(network);
  if (own.first > first && own.last < last) return [];
  return [
    {
      code: "settings/pool-outside",
      where,
      what: `is not inside the network the nodes are in, got ${poolText(pool)}`,
      expected: `addresses of \`${network}\` between its first and its last, which ARP leads to`,
    },
  ];
}

function taken(where: string, own: string, { whose }: Span): Problem {
  return {
    code: "settings/pool-taken",
    where,
    what: `meets ${whose}, got ${own}`,
    expected: "addresses that nobody else has",
  };
}

function takenBy(settings: Settings): readonly Span[] {
  const { reserved, network } = settings.policies.loadBalancer;
  return [
    ...clusterSpans(settings),
    ...(settings.target === "kind" && network !== undefined ? [containers(settings, network)] : []),
    ...reserved.map((range) => rangeSpan(range, `\`policies.loadBalancer.reserved\`, \`${range}\``)),
  ];
}

function clusterSpans({ target, kind, existing }: Settings): readonly Span[] {
  if (target === "kind") {
    return [
      rangeSpan(kind.podCidr, `the pods, \`${kind.podCidr}\``),
      rangeSpan(kind.serviceCidr, `the Services, \`${kind.serviceCidr}\``),
    ];
  }
  if (target === "kwok") return [rangeSpan(kwokPodCidr, `the pods, \`${kwokPodCidr}\``)];
  return [
    ...(existing.podCidr === undefined ? [] : [rangeSpan(existing.podCidr, `the pods, \`${existing.podCidr}\``)]),
    ...(existing.serviceCidr === undefined
      ? []
      : [rangeSpan(existing.serviceCidr, `the Services, \`${existing.serviceCidr}\``)]),
  ];
}

/** A container engine keeps the first address for itself and hands out the others from below. */
function containers({ kind }: Settings, network: string): Span {
  const { first } = spanOf(network);
  const count = 1 + kind.workers + kind.pullThroughCaches.length;
  return {
    first,
    last: first + 1 + count,
    whose: `the ${String(count)} containers of the cluster, which get the first addresses`,
  };
}

function meetingPools(pools: readonly Pool[], where: string): readonly Problem[] {
  return pools.flatMap((pool, index) =>
    pools
      .slice(0, index)
      .filter((earlier) => meet(span(pool), span(earlier)))
      .map((earlier) => taken(`${where}.pools.${pool.name}`, poolText(pool), span(earlier))),
  );
}

function peerProblems({ bgp }: LoadBalancerChoices, pools: readonly Pool[], where: string): readonly Problem[] {
  const peers = Object.entries(bgp.peers);
  if (peers.length === 0) {
    return [
      {
        code: "settings/no-peer",
        where: `${where}.bgp.peers`,
        what: "`announce: bgp` and nobody who is told",
        expected: "at least one router, for example `tor: { address: 192.168.3.1, asn: 64513 }`",
      },
    ];
  }
  return peers.flatMap(([peer, { address }]) => {
    const own: Span = { first: numberOf(address), last: numberOf(address), whose: "" };
    return pools
      .filter((pool) => meet(own, span(pool)))
      .map((pool) => taken(`${where}.bgp.peers.${peer}.address`, `\`${address}\``, span(pool)));
  });
}

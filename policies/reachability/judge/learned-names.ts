/**
 * Learned names: whether a pod's own rules ever let Cilium learn the address behind a name (S31).
 *
 * Cilium reads addresses off the DNS answers that pass its proxy, and only a rule with `rules.dns` leads through it.
 */
import { matchesName } from "../select/dns-names.ts";
import { lookup, namespaceKey, podLabels } from "../select/labels.ts";
import { unrestricted, type CanonicalRule } from "./l7.ts";
import type { Endpoint, Origin, Rule, World } from "../model.ts";
import type { PortEntry } from "./ports.ts";
import { selectsPeer, type PeerSelector } from "../select/selectors.ts";
import { covers } from "./side-policy.ts";
import type { Prepared } from "./prepared.ts";

/** Where every cluster that we know keeps its DNS service. */
const dnsNamespace = "kube-system";
const dnsPort = 53;
const dnsLabel = { key: "k8s-app", value: "kube-dns" } as const;

/** Stands for the DNS service where the manifests do not hold it. */
const imagined: Endpoint = {
  name: `${dnsNamespace}/${dnsLabel.value}`,
  kind: "pod",
  labels: podLabels({
    namespace: dnsNamespace,
    labels: new Map([[dnsLabel.key, dnsLabel.value]]),
    namespaceLabels: new Map([["kubernetes.io/metadata.name", dnsNamespace]]),
    serviceAccount: "coredns",
  }),
  ports: [
    { name: "dns", protocol: "UDP", port: 53 },
    { name: "dns-tcp", protocol: "TCP", port: 53 },
  ],
};

/** Whether a pod is one of the DNS service. */
export function isDnsServer({ kind, labels }: Endpoint): boolean {
  return (
    kind === "pod" &&
    lookup(labels, "k8s", dnsLabel.key) === dnsLabel.value &&
    lookup(labels, "k8s", namespaceKey) === dnsNamespace
  );
}

/** The pods of the DNS service, or one that is as they are everywhere. */
export function dnsServers({ endpoints }: World): readonly Endpoint[] {
  const found = endpoints.filter(isDnsServer);
  return found.length > 0 ? found : [imagined];
}

/** Which names the egress rules of one pod let Cilium learn. */
export type Learned = (fqdn: string) => boolean;

export function learnedBy(rules: readonly Rule[], servers: readonly Endpoint[]): Learned {
  const ways = servers.flatMap((server) =>
    (["UDP", "TCP"] as const).map((protocol) => learnedFrom(rules, server, protocol)),
  );
  return (fqdn) => ways.some((learned) => learned(fqdn));
}

function learnedFrom(rules: readonly Rule[], server: Endpoint, protocol: "UDP" | "TCP"): Learned {
  const reaching = rules
    .filter(({ certainty, peers }) => certainty === "certain" && isAmong(server, peers))
    .flatMap(({ action, scope }) => {
      if (scope.kind === "everything") return [{ action, l7: unrestricted }];
      const onPort = (filter: PortEntry): boolean => covers(filter, "egress", server.ports, protocol, dnsPort);
      return scope.rules.filter(({ ports }) => ports.some(onPort)).map(({ l7 }) => ({ action, l7 }));
    });
  const proxied = reaching.flatMap(({ l7 }) => (l7.kind === "dns" ? l7.rules : []));
  if (proxied.length === 0 || reaching.some(({ action }) => action === "deny")) return () => false;
  // An allow without L7 rules lets every question pass, and by the proxy if another rule leads there (S22).
  if (reaching.some(({ l7 }) => l7.kind === "none")) return () => true;
  const patterns = proxied.map(patternOf);
  return (fqdn) => patterns.some((pattern) => matchesName({ pattern }, fqdn));
}

function isAmong(server: Endpoint, peers: Rule["peers"]): boolean {
  if (peers.kind === "nobody") return false;
  return peers.selectors.length === 0 || peers.selectors.some((each) => selectsPeer(each, server) === "yes");
}

function patternOf(rule: CanonicalRule): string {
  const { matchName, matchPattern } = JSON.parse(rule) as Readonly<Record<string, string | undefined>>;
  return matchName ?? matchPattern ?? "";
}

/** What some pods can never reach by name although a rule of theirs allows it. */
export interface NeverLearned {
  readonly origin: Origin;
  /** Position in `toFQDNs`. */
  readonly index: number;
  readonly pattern: string;
  readonly pods: readonly string[];
}

/** Every toFQDNs field that is of no use to some pod, because no rule of that pod lets Cilium learn such a name. */
export function neverLearned({ world, identities, policy, learned }: Prepared): NeverLearned[] {
  const found = new Map<string, NeverLearned>();
  if (!world.rules.some(({ peers }) => peers.kind === "selected" && peers.selectors.some(isName))) return [];
  for (const [endpoint, { kind, name }] of world.endpoints.entries()) {
    const identity = identities.of[endpoint];
    if (kind !== "pod" || identity === undefined) continue;
    for (const { origin, peers, direction } of policy(identity, "egress").rules) {
      if (direction === "ingress" || peers.kind === "nobody") continue;
      for (const [index, selector] of peers.selectors.entries()) {
        if (selector.kind !== "fqdn" || learned(identity, sampleOf(selector.pattern))) continue;
        const key = `${originKey(origin)} ${String(index)}`;
        const pods = [...(found.get(key)?.pods ?? []), name];
        found.set(key, { origin, index, pattern: selector.pattern, pods });
      }
    }
  }
  return [...found.values()];
}

function isName({ kind }: PeerSelector): boolean {
  return kind === "fqdn";
}

function originKey({ policy: { kind, namespace, name }, path }: Origin): string {
  return [kind, namespace ?? "", name, path].join(" ");
}

/** A name that the pattern matches. */
function sampleOf(pattern: string): string {
  return pattern.replace(/^\*\*\./, "x.").replaceAll(/\*+/g, "x");
}

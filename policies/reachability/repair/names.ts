/**
 * Names: whether a pod learns DNS names, and how it would.
 *
 * A toFQDNs rule matches addresses that the DNS proxy saw in answers to the pod, so without a DNS rule it matches none.
 */
import { matchesName } from "../select/dns-names.ts";
import { dnsServers, learnedBy } from "../judge/learned-names.ts";
import type { Endpoint, Rule, World } from "../model.ts";
import { rangeCovers } from "../judge/ports.ts";
import { isFields } from "../read/fields.ts";
import { selectsLabels } from "../select/selectors.ts";
import { entryPath, type Block } from "./blocks.ts";
import { at, type Edit } from "./edits.ts";
import { governed, placeText, type Candidate, type WantedSide } from "./side.ts";
import { ciliumPeers, type WrittenPeer } from "./written.ts";

const dnsPort = 53;

/** Egress rules that select the pod. */
function egressOf({ rules }: World, pod: Endpoint, actions: "allow" | "allow and deny"): readonly Rule[] {
  return rules.filter(
    ({ direction, action, subject }) =>
      direction === "egress" &&
      (action === "allow" || actions === "allow and deny") &&
      selectsLabels(subject.labels, pod.labels),
  );
}

/** Whether the pod's rules let Cilium learn this name (S31). */
export function learnsName(world: World, pod: Endpoint, name: string): boolean {
  return learnedBy(egressOf(world, pod, "allow and deny"), dnsServers(world))(name);
}

/** Patterns of the pod's toFQDNs rules that admit this port, and this name if there is one, and that it never learns. */
export function namesNeverLearned({ world, subject, peer, protocol, port }: WantedSide): readonly string[] {
  const found = egressOf(world, subject, "allow")
    .filter(
      ({ scope }) =>
        scope.kind === "everything" ||
        scope.rules.some(({ ports }) =>
          ports.some(
            (each) =>
              each.kind === "range" && each.protocol === protocol && rangeCovers(each.first, each.endPort, port),
          ),
        ),
    )
    .flatMap(({ peers }) => (peers.kind === "selected" ? peers.selectors : []))
    .flatMap((selector) => (selector.kind === "fqdn" ? [selector.pattern] : []));
  return [...new Set(found)].filter((pattern) => {
    const name = peer.fqdn ?? sampleOf(pattern);
    return matchesName({ pattern }, name) && !learnsName(world, subject, name);
  });
}

/** A name that the pattern matches. */
function sampleOf(pattern: string): string {
  return pattern.replace(/^\*\*\./, "x.").replaceAll(/\*+/g, "x");
}

/** Every name passes, so that nothing that resolved before stops doing so. */
const everyName = { dns: [{ matchPattern: "*" }] };

/** Ways to let the proxy see the pod's DNS: on an entry that lets DNS pass already, or on one of its own. */
export function dnsCandidates(side: WantedSide): readonly Candidate[] {
  const { world, subject, blocks } = side;
  const extended = blocks.flatMap((block) => {
    const [rule] = block.rules;
    if (block.policy.kind === "NetworkPolicy" || rule === undefined) return [];
    return selectsLabels(rule.subject.labels, subject.labels) ? proxied(block) : [];
  });
  const [dns] = dnsServers(world).filter((server) => world.endpoints.includes(server));
  const added = blocks.flatMap((block): Candidate[] => {
    if (block.policy.kind === "NetworkPolicy" || governed(block, side) !== "only the subject") return [];
    const [peer] = dns === undefined ? [clusterDns(side)] : ciliumPeers(dns, block.policy, side);
    if (peer === undefined || !Array.isArray(block.spec["egress"])) return [];
    const ports = [{ port: String(dnsPort), protocol: "ANY" }];
    const value = { [peer.field]: [peer.value], toPorts: [{ ports, rules: everyName }] };
    const edit: Edit = { kind: "append", manifest: block.manifest, path: [...block.path, "egress"], value };
    return [
      { what: `let DNS of ${subject.name} pass the proxy, in ${placeText(block.policy, block.path)}`, edits: [edit] },
    ];
  });
  return [...extended, ...added];
}

/** What kind, AKS and most others call it. */
function clusterDns({ namespaceLabel }: WantedSide): WrittenPeer {
  return { field: "toEndpoints", value: { matchLabels: { [namespaceLabel]: "kube-system", "k8s-app": "kube-dns" } } };
}

function proxied(block: Block): readonly Candidate[] {
  return block.rules.flatMap((rule): Candidate[] => {
    const path = entryPath(rule);
    const entry = at(block.spec, path.slice(block.path.length));
    if (rule.direction !== "egress" || rule.action !== "allow" || !isFields(entry)) return [];
    const list = Array.isArray(entry["toPorts"]) ? (entry["toPorts"] as unknown[]) : [];
    return list.flatMap((each, index): Candidate[] => {
      if (!isFields(each) || each["rules"] !== undefined || !Array.isArray(each["ports"])) return [];
      const ports = each["ports"] as unknown[];
      const dnsOnly = ports.every((port) => isFields(port) && String(port["port"]) === String(dnsPort));
      if (!dnsOnly || ports.length === 0) return [];
      const edits: Edit[] = [
        { kind: "put", manifest: block.manifest, path: [...path, "toPorts", index, "rules"], value: everyName },
      ];
      return [{ what: `let ${placeText(block.policy, path)} show DNS to the proxy, so that names are learned`, edits }];
    });
  });
}

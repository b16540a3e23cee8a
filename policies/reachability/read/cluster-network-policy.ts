/**
 * ClusterNetworkPolicy (policy.networking.k8s.io): whom and what its rules speak of, never what they make of it (L9).
 */
import { parseCidr } from "../select/cidr.ts";
import { unrestricted } from "../judge/l7.ts";
import type { Direction, Peers, PolicyRef, PortScope, Rule } from "../model.ts";
import { highestPort, protocols, type PortEntry } from "../judge/ports.ts";
import {
  anyPeer,
  labelPeer,
  mergedSelector,
  selectorKey,
  withinCluster,
  withSource,
  type LabelSelector,
  type PeerScope,
  type PeerSelector,
  type SubjectSelector,
} from "../select/selectors.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { cidrKey, namespaceScope } from "./network-policy.ts";

const known = ["tier", "priority", "subject", "ingress", "egress"];

/**
 * One rule for each entry and peer. Its action is not read: whether the cluster knows the kind is for the cluster to
 * say, so every connection that a rule speaks of is unknown (L9).
 */
export function readClusterNetworkPolicy(
  policy: PolicyRef,
  spec: Fields,
  scope: PeerScope,
  reading: Reading,
): readonly Rule[] {
  reading.unmodelled("spec", "ClusterNetworkPolicy");
  reading.only(spec, "spec", known);
  const tier = reading.text(spec["tier"], "spec.tier") === "Baseline" ? "baseline" : "admin";
  const subject = readSubject(reading.fields(spec["subject"], "spec.subject") ?? {}, reading);
  return (["ingress", "egress"] as const).flatMap((direction) =>
    (reading.list(spec[direction], `spec.${direction}`) ?? []).map((entry, index): Rule => {
      const path = `spec.${direction}[${String(index)}]`;
      const fields = isFields(entry) ? entry : {};
      const peerField = direction === "ingress" ? "from" : "to";
      reading.only(fields, path, ["name", "action", peerField, "protocols"]);
      return {
        origin: { policy, path },
        subject,
        direction,
        action: "allow",
        defaultDeny: "leaves-alone",
        peers: readPeers(direction, fields[peerField], `${path}.${peerField}`, scope, reading),
        scope: readProtocols(fields, path, reading),
        authentication: "unspecified",
        certainty: "doubtful",
        tier,
      };
    }),
  );
}

function readSubject(subject: Fields, reading: Reading): SubjectSelector {
  reading.only(subject, "spec.subject", ["namespaces", "pods"]);
  const labels =
    subject["namespaces"] === undefined
      ? readPods(subject["pods"], "spec.subject.pods", reading)
      : readNamespaces(subject["namespaces"], "spec.subject.namespaces", reading);
  return { key: selectorKey(labels), labels };
}

function readNamespaces(value: unknown, path: string, reading: Reading): LabelSelector {
  return namespaceScope(readLabelSelector(value, path, reading));
}

function readPods(value: unknown, path: string, reading: Reading): LabelSelector {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["namespaceSelector", "podSelector"]);
  const pods = withSource(readLabelSelector(fields["podSelector"], `${path}.podSelector`, reading), "k8s");
  return mergedSelector(readNamespaces(fields["namespaceSelector"], `${path}.namespaceSelector`, reading), pods);
}

/** No list, an empty one, and a peer that we cannot read are everyone. */
function readPeers(direction: Direction, value: unknown, path: string, scope: PeerScope, reading: Reading): Peers {
  const list = reading.list(value, path) ?? [];
  if (list.length === 0) return { kind: "selected", selectors: [anyPeer] };
  const selectors = list.flatMap((peer, index) =>
    readPeer(isFields(peer) ? peer : {}, `${path}[${String(index)}]`, scope, reading),
  );
  return { kind: "selected", selectors };
}

function readPeer(peer: Fields, path: string, scope: PeerScope, reading: Reading): readonly PeerSelector[] {
  if (peer["pods"] !== undefined) {
    return [labelPeer(withinCluster(readPods(peer["pods"], `${path}.pods`, reading), scope))];
  }
  if (peer["namespaces"] !== undefined) {
    return [labelPeer(readNamespaces(peer["namespaces"], `${path}.namespaces`, reading))];
  }
  const networks = reading.texts(peer["networks"], `${path}.networks`) ?? [];
  const ranges = networks.map((text): PeerSelector => {
    const cidr = parseCidr(text);
    if (cidr === undefined) return anyPeer;
    return { kind: "cidr", key: cidrKey(text, []), cidrs: [cidr], except: [] };
  });
  return ranges.length > 0 ? ranges : [anyPeer];
}

/** No list is every port of every protocol, and so is an entry that we cannot read. */
function readProtocols(fields: Fields, path: string, reading: Reading): PortScope {
  const list = reading.list(fields["protocols"], `${path}.protocols`) ?? [];
  const entries = list.map((each) => (isFields(each) ? readProtocol(each) : undefined));
  const ports = entries.flatMap((entry) => entry ?? []);
  if (list.length === 0 || entries.includes(undefined)) return { kind: "everything" };
  return { kind: "listed", rules: [{ ports, l7: unrestricted }] };
}

function readProtocol(fields: Fields): readonly PortEntry[] | undefined {
  const name = fields["destinationNamedPort"];
  if (typeof name === "string") {
    return protocols.map((protocol) => ({ kind: "named", protocol, name: name.toLowerCase(), endPort: 0 }));
  }
  const protocol = protocols.find((each) => isFields(fields[each.toLowerCase()]));
  if (protocol === undefined) return undefined;
  const written = fields[protocol.toLowerCase()];
  const port = isFields(written) && isFields(written["destinationPort"]) ? written["destinationPort"] : {};
  const range = isFields(port["range"]) ? port["range"] : {};
  const first = Number(port["number"] ?? range["start"] ?? 0);
  const endPort = Number(range["end"] ?? 0) & highestPort;
  return [{ kind: "range", protocol, first: Number.isInteger(first) ? first : 0, endPort }];
}

/**
 * NetworkPolicy: Kubernetes' own kind, turned into rules the way Cilium's parser does it.
 */
import { parseCidr, parseCidrOrAddress } from "../select/cidr.ts";
import { unrestricted } from "../judge/l7.ts";
import { namespaceKey, namespaceLabelsPrefix } from "../select/labels.ts";
import type { CiliumVersion, Direction, Peers, PolicyRef, PortScope, Rule } from "../model.ts";
import { Memory, remembered } from "../pairs/remembered.ts";
import { highestPort, isPortName, parsePortNumber, type PortEntry, type Protocol } from "../judge/ports.ts";
import {
  anyPeer,
  emptySelector,
  labelPeer,
  mergedSelector,
  selectorKey,
  withLabel,
  withinCluster,
  withSource,
  type LabelSelector,
  type PeerScope,
  type PeerSelector,
  type SubjectSelector,
} from "../select/selectors.ts";
import { isFields, readOnce, type Fields, type Reading } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { noteIgnoredLabels } from "./selector-findings.ts";
import { checkEndPort, checkNumber } from "./port-numbers.ts";
import { isExtended, readProtocol } from "./protocol.ts";

/** The rules of one NetworkPolicy; none if it cannot be read. */
export function readNetworkPolicy(
  policy: PolicyRef,
  spec: Fields,
  cluster: Pick<Context, "scope" | "cilium">,
  reading: Reading,
): readonly Rule[] {
  reading.only(spec, "spec", ["podSelector", "policyTypes", "ingress", "egress"]);
  const namespace = policy.namespace ?? "default";
  const pods = spec["podSelector"];
  const subject = readOnce(subjectsRead, [pods, namespace], reading, () => readSubject(pods, namespace, reading));
  const types = reading.texts(spec["policyTypes"], "spec.policyTypes") ?? [];

  const rules = (direction: Direction): Rule[] => {
    const context = { policy, subject, direction, namespace, ...cluster };
    const found: Rule[] = [];
    for (const [index, entry] of (reading.list(spec[direction], `spec.${direction}`) ?? []).entries()) {
      readEntry(context, entry, `spec.${direction}[${String(index)}]`, reading, found);
    }
    return found;
  };
  const ingress = rules("ingress");
  const egress = rules("egress");
  noteIgnoredTypes(types, { ingress: ingress.length, egress: egress.length }, reading);
  // Rules count whatever policyTypes says; policyTypes only decides what an empty direction means (S24).
  if (ingress.length === 0 && (types.includes("Ingress") || !types.includes("Egress"))) {
    ingress.push(isolation({ policy, subject, direction: "ingress", namespace, ...cluster }));
  }
  if (egress.length === 0 && types.includes("Egress")) {
    egress.push(isolation({ policy, subject, direction: "egress", namespace, ...cluster }));
  }
  return [...ingress, ...egress];
}

const subjectsRead = new Memory<SubjectSelector>();

function readSubject(written: unknown, namespace: string, reading: Reading): SubjectSelector {
  const pods = readLabelSelector(written, "spec.podSelector", reading);
  noteIgnoredLabels(pods, "spec.podSelector", reading);
  const labels = withSource(withLabel(pods, namespaceKey, namespace), "k8s");
  return { key: selectorKey(labels), labels };
}

interface Context {
  readonly policy: PolicyRef;
  readonly subject: SubjectSelector;
  readonly direction: Direction;
  readonly namespace: string;
  readonly scope: PeerScope;
  readonly cilium: CiliumVersion;
}

function rule({ policy, subject, direction }: Context, path: string, peers: Peers, scope: PortScope): Rule {
  return {
    origin: { policy, path },
    subject,
    direction,
    action: "allow",
    defaultDeny: "switches-on",
    peers,
    scope,
    authentication: "unspecified",
    certainty: "certain",
    tier: "normal",
  };
}

function isolation(context: Context): Rule {
  return rule(context, `spec.${context.direction}`, { kind: "nobody" }, { kind: "everything" });
}

/** Adds one rule per peer, because that is how Cilium takes them apart (S17, S23). */
function readEntry(context: Context, entry: unknown, path: string, reading: Reading, found: Rule[]): void {
  const fields = reading.fields(entry, path) ?? {};
  const peerField = context.direction === "ingress" ? "from" : "to";
  reading.only(fields, path, [peerField, "ports"]);
  const ports = reading.list(fields["ports"], `${path}.ports`) ?? [];
  const scope =
    ports.length === 0
      ? everyPort
      : readOnce(portsRead, ports, reading, () => readPorts(ports, `${path}.ports`, reading));
  const list = reading.list(fields[peerField], `${path}.${peerField}`) ?? [];
  if (list.length === 0) found.push(rule(context, path, { kind: "selected", selectors: [anyPeer] }, scope));
  for (let index = 0; index < list.length; index += 1) {
    const peer = list[index];
    const peerPath = `${path}.${peerField}[${String(index)}]`;
    const written = rule(context, peerPath, readPeer(context, peer, peerPath, reading), scope);
    found.push(written);
    if (context.cilium === "1.19") found.push(...admittedByMistake(context, peer, written));
  }
}

const everyPort: PortScope = { kind: "everything" };

/** Equal lists of ports are one object, for which what is made of them is made once. */
const portsRead = new Memory<PortScope>();

function readPorts(ports: readonly unknown[], path: string, reading: Reading): PortScope {
  const rules = ports.map((port, index) => ({
    ports: readPort(port, `${path}[${String(index)}]`, reading),
    l7: unrestricted,
  }));
  return { kind: "listed", rules };
}

/** Some 1.19 releases let an ingress ipBlock admit the pods of the policy's namespace too; which ones is unknown (L8). */
function admittedByMistake({ direction, namespace, scope }: Context, peer: unknown, written: Rule): Rule[] {
  const onlyBlock = isFields(peer) && peer["ipBlock"] !== undefined && peer["ipBlock"] !== null;
  if (scope === "any cluster" || direction === "egress" || !onlyBlock) return [];
  const neighbours = labelPeer(withinCluster(withLabel(emptySelector, `k8s:${namespaceKey}`, namespace), scope));
  return [
    {
      ...written,
      peers: { kind: "selected", selectors: [neighbours] },
      defaultDeny: "leaves-alone",
      certainty: "doubtful",
    },
  ];
}

/** Equal peers are one object, if they mean the same: by the scope of the cluster, then by the namespace if it counts. */
const peersRead: Readonly<Record<PeerScope, Memory<Memory<Peers>>>> = {
  "local cluster": new Memory(),
  "any cluster": new Memory(),
};

function readPeer(context: Context, peer: unknown, path: string, reading: Reading): Peers {
  const { namespace, scope } = context;
  const read = (): Peers => ({ kind: "selected", selectors: readPeerAnew(context, peer, path, reading) });
  if (!isFields(peer)) return read();
  const where = isFields(peer["namespaceSelector"]) || isFields(peer["ipBlock"]) ? "" : namespace;
  const known = remembered(peersRead[scope], where, () => new Memory<Peers>());
  return readOnce(known, peer, reading, read);
}

/** Kubernetes ignores the rules of a direction that policyTypes leaves out, and Cilium does not (S24). */
function noteIgnoredTypes(
  types: readonly string[],
  rules: Readonly<Record<Direction, number>>,
  reading: Reading,
): void {
  if (types.length === 0) return;
  for (const [direction, type] of [["ingress", "Ingress"] as const, ["egress", "Egress"] as const]) {
    if (rules[direction] === 0 || types.includes(type)) continue;
    const what = `policyTypes leaves ${type} out, and Cilium enforces these rules all the same`;
    reading.note(
      "reachability/policy-types-ignored",
      `spec.${direction}`,
      what,
      `\`${type}\` in policyTypes, or no rules`,
    );
  }
}

function readPeerAnew(
  { namespace, scope: cluster }: Context,
  peer: unknown,
  path: string,
  reading: Reading,
): PeerSelector[] {
  const fields = reading.fields(peer, path) ?? {};
  reading.only(fields, path, ["podSelector", "namespaceSelector", "ipBlock"]);
  const block = reading.fields(fields["ipBlock"], `${path}.ipBlock`);
  if (block !== undefined) {
    if (fields["podSelector"] !== undefined || fields["namespaceSelector"] !== undefined) {
      const what = "Cilium takes the ipBlock and drops the selectors beside it, and the API server does not store them";
      reading.note("reachability/selector-beside-block", path, what, "one of the two in each peer");
    }
    return readBlock(block, `${path}.ipBlock`, reading);
  }
  const written = readLabelSelector(fields["podSelector"], `${path}.podSelector`, reading);
  noteIgnoredLabels(written, `${path}.podSelector`, reading);
  const pods = withinCluster(withSource(written, "k8s"), cluster);
  const namespaces = fields["namespaceSelector"];
  if (namespaces === undefined || namespaces === null) {
    return [labelPeer(withLabel(pods, `k8s:${namespaceKey}`, namespace))];
  }
  const scope = namespaceScope(readLabelSelector(namespaces, `${path}.namespaceSelector`, reading));
  return [labelPeer(mergedSelector(scope, pods))];
}

/** Labels of a namespace stand in a pod's identity under a prefix; `{}` means that there is a namespace (S17). */
export function namespaceScope(selector: LabelSelector): LabelSelector {
  const prefixed = (key: string): string => `k8s:${namespaceLabelsPrefix}.${key}`;
  if (selector.matchLabels.size === 0 && selector.matchExpressions.length === 0) {
    return {
      matchLabels: new Map(),
      matchExpressions: [{ key: `k8s:${namespaceKey}`, operator: "Exists", values: [] }],
    };
  }
  return {
    matchLabels: new Map([...selector.matchLabels].map(([key, value]) => [prefixed(key), value])),
    matchExpressions: selector.matchExpressions.map((each) => ({ ...each, key: prefixed(each.key) })),
  };
}

function readBlock(block: Fields, path: string, reading: Reading): PeerSelector[] {
  reading.only(block, path, ["cidr", "except"]);
  const text = reading.text(block["cidr"], `${path}.cidr`) ?? "";
  const excepts = reading.texts(block["except"], `${path}.except`) ?? [];
  const cidr = parseCidrOrAddress(text);
  const except = excepts.flatMap((each) => parseCidr(each) ?? []);
  if (cidr === undefined || except.length < excepts.length) {
    reading.refuse(path, `\`${[text, ...excepts].join(", ")}\` holds no valid range`, "ranges such as 10.0.0.0/8");
    return [];
  }
  return [{ kind: "cidr", key: cidrKey(text, excepts), cidrs: [cidr], except }];
}

/** As written: the same range in other words is another selector to Cilium. */
export function cidrKey(cidr: string, except: readonly string[]): string {
  return except.length === 0 ? `cidr ${cidr}` : `cidr ${cidr} except ${except.join(",")}`;
}

function readPort(port: unknown, path: string, reading: Reading): PortEntry[] {
  const fields = reading.fields(port, path) ?? {};
  reading.only(fields, path, ["protocol", "port", "endPort"]);
  const given = reading.text(fields["protocol"], `${path}.protocol`);
  const taken = readProtocols(given, `${path}.protocol`, reading);
  const value = fields["port"];
  const text = typeof value === "number" ? String(value) : (reading.text(value, `${path}.port`) ?? "0");
  // An endPort takes its lowest sixteen bits, a number too large the highest port: Cilium looks at neither again.
  const written = reading.integer(fields["endPort"], `${path}.endPort`) ?? 0;
  const endPort = written & highestPort;
  if (isPortName(text)) return taken.map((protocol) => ({ kind: "named", protocol, name: text, endPort }));
  const first = Math.min(parsePortNumber(text) ?? 0, highestPort);
  if (value !== undefined && value !== null) checkNumber(text, path, reading);
  checkEndPort(first, written, path, reading);
  return taken.map((protocol) => ({ kind: "range", protocol, first, endPort }));
}

/** Absent is TCP (S20). A protocol without ports is none that verdicts speak of. */
function readProtocols(given: string | undefined, path: string, reading: Reading): readonly Protocol[] {
  if (given === undefined) return ["TCP"];
  if (!isExtended(given)) return readProtocol(given, path, reading);
  reading.beside(path, `protocol ${given}`, "TCP, UDP, SCTP and ICMP");
  return [];
}

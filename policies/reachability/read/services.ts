/**
 * Services: what stands behind a name, as Kubernetes balances it and as Cilium's toServices expands it (S29).
 */
import { parseAddress, parseCidrOrAddress } from "../select/cidr.ts";
import { identityLabels, namespaceKey, parseKey } from "../select/labels.ts";
import type { Service, ServicePort } from "../model.ts";
import { labelPeer, selectsLabels, withinCluster, withSource } from "../select/selectors.ts";
import type { LabelSelector, PeerScope, PeerSelector } from "../select/selectors.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { cidrKey } from "./network-policy.ts";
import { readProtocol } from "./protocol.ts";

/** Addresses that the endpoint objects of a Service list, by `namespace/name` of the Service. */
export type ServiceAddresses = Map<string, string[]>;

const types = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] as const;

/** Labels by which Cilium leaves a Service to somebody else; the second one counts unless it serves ingresses. */
const leftToOthers = "service.kubernetes.io/service-proxy-name";
const headlessLabel = "service.kubernetes.io/headless";

/** Annotations that show a Service to some nodes only. */
const someNodes = ["service.cilium.io/node", "service.cilium.io/node-selector"];

export function readService(object: Fields, addresses: ServiceAddresses, reading: Reading): Service {
  const metadata = reading.fields(object["metadata"], "metadata") ?? {};
  const spec = reading.fields(object["spec"], "spec") ?? {};
  const namespace = reading.text(metadata["namespace"], "metadata.namespace") ?? "default";
  const name = reading.text(metadata["name"], "metadata.name") ?? "";
  const labels = reading.labels(metadata["labels"], "metadata.labels");
  const annotations = reading.fields(metadata["annotations"], "metadata.annotations") ?? {};
  const written = reading.text(spec["type"], "spec.type") ?? "ClusterIP";
  const type = types.find((each) => each === written);
  if (type === undefined) reading.refuse("spec.type", `\`${written}\` is no type of Service`, types.join(", "));
  const doubtful = labels.has(headlessLabel) || someNodes.some((key) => annotations[key] !== undefined);
  const ports = reading.list(spec["ports"], "spec.ports") ?? [];
  const externalName = reading.text(spec["externalName"], "spec.externalName");
  return {
    namespace,
    name,
    labels,
    type: type ?? "ClusterIP",
    ...(externalName === undefined ? {} : { externalName }),
    cluster: reading.text(spec["clusterIP"], "spec.clusterIP")?.toLowerCase() === "none" ? "headless" : "one address",
    selector: reading.labels(spec["selector"], "spec.selector"),
    addresses: addresses.get(`${namespace}/${name}`) ?? "not among the manifests",
    ports: ports.flatMap((port, index) => readPort(port, `spec.ports[${String(index)}]`, reading)),
    toCilium: labels.has(leftToOthers) ? "unseen" : doubtful ? "doubtful" : "seen",
  };
}

function readPort(value: unknown, path: string, reading: Reading): ServicePort[] {
  const fields = isFields(value) ? value : {};
  const port = reading.integer(fields["port"], `${path}.port`);
  const protocol = readProtocol(reading.text(fields["protocol"], `${path}.protocol`) ?? "TCP", path, reading)[0];
  if (port === undefined || protocol === undefined) return [];
  const name = reading.text(fields["name"], `${path}.name`);
  const nodePort = reading.integer(fields["nodePort"], `${path}.nodePort`);
  const target = fields["targetPort"];
  const text = typeof target === "string" && !/^\d+$/.test(target) ? target : undefined;
  return [
    {
      protocol,
      port,
      target: text ?? (target === undefined || target === null ? port : Number(target)),
      ...(name === undefined ? {} : { name }),
      ...(nodePort === undefined ? {} : { nodePort }),
    },
  ];
}

/** Endpoints (core) and EndpointSlice (discovery). Cilium takes every address, ready or not, if there is a port. */
export function readAddresses(object: Fields, into: ServiceAddresses, reading: Reading): void {
  const metadata = reading.fields(object["metadata"], "metadata") ?? {};
  const namespace = reading.text(metadata["namespace"], "metadata.namespace") ?? "default";
  const slice = object["kind"] === "EndpointSlice";
  const owner = slice
    ? reading.labels(metadata["labels"], "metadata.labels").get("kubernetes.io/service-name")
    : undefined;
  const name = slice ? owner : reading.text(metadata["name"], "metadata.name");
  if (name === undefined) return;
  const key = `${namespace}/${name}`;
  const known = into.get(key) ?? [];
  const found = slice ? sliceAddresses(object, reading) : subsetAddresses(object, reading);
  into.set(key, [...known, ...found.filter((text) => parseAddress(text) !== undefined)]);
}

function sliceAddresses(object: Fields, reading: Reading): readonly string[] {
  if ((reading.list(object["ports"], "ports") ?? []).length === 0) return [];
  return (reading.list(object["endpoints"], "endpoints") ?? []).flatMap((each, index) =>
    isFields(each) ? (reading.texts(each["addresses"], `endpoints[${String(index)}].addresses`) ?? []) : [],
  );
}

function subsetAddresses(object: Fields, reading: Reading): string[] {
  return (reading.list(object["subsets"], "subsets") ?? []).flatMap((subset, index) => {
    const at = `subsets[${String(index)}]`;
    if (!isFields(subset) || (reading.list(subset["ports"], `${at}.ports`) ?? []).length === 0) return [];
    return ["addresses", "notReadyAddresses"].flatMap((field) =>
      (reading.list(subset[field], `${at}.${field}`) ?? []).flatMap((address) =>
        isFields(address) && typeof address["ip"] === "string" ? [address["ip"]] : [],
      ),
    );
  });
}

/** The peers of one entry of toServices; `maybe` if they depend on what the manifests do not hold (L1). */
export interface ExpandedServices {
  readonly selectors: readonly PeerSelector[];
  readonly certainty: "yes" | "maybe";
}

/** What the agent makes of one entry of toServices: pods by the Service's selector, or its addresses (S29). */
export function expandServices(
  value: unknown,
  services: readonly Service[],
  scope: PeerScope,
  path: string,
  reading: Reading,
): ExpandedServices {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["k8sService", "k8sServiceSelector"]);
  const means = meaning(fields, path, reading);
  const found = services.filter((service) => service.toCilium !== "unseen" && means.selects(service));
  if (found.length === 0) {
    reading.note(
      "reachability/service-not-found",
      path,
      `no Service among the manifests is \`${means.words}\`, so verdicts that depend on it are unknown`,
      "the Service among the manifests",
      means.words === "default/kubernetes"
        ? "use `toEntities: [kube-apiserver]` for the API server"
        : "add it: where Cilium finds none, it opens the ports of the entry to everyone",
    );
    return { selectors: [], certainty: "maybe" };
  }
  const expanded = found.map((service) => expand(service, scope));
  const known = expanded.every((each) => each !== "unknown") && found.every(({ toCilium }) => toCilium === "seen");
  if (!known) reading.unmodelled(path, "a Service whose endpoints are not among the manifests");
  return {
    selectors: expanded.flatMap((each) => (each === "unknown" ? [] : each)),
    certainty: known ? "yes" : "maybe",
  };
}

/** Refuses an entry of toServices that Cilium could not decode. */
export function checkReference(value: unknown, path: string, reading: Reading): void {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["k8sService", "k8sServiceSelector"]);
  meaning(fields, path, reading);
}

interface Meaning {
  /** As a person would call it. */
  readonly words: string;
  readonly selects: (service: Service) => boolean;
}

/** A selector counts before a name. No namespace is every namespace, not the policy's own. */
function meaning(fields: Fields, path: string, reading: Reading): Meaning {
  const selected = reading.fields(fields["k8sServiceSelector"], `${path}.k8sServiceSelector`);
  if (selected !== undefined) {
    reading.only(selected, `${path}.k8sServiceSelector`, ["selector", "namespace"]);
    const at = `${path}.k8sServiceSelector`;
    const namespace = reading.text(selected["namespace"], `${at}.namespace`) ?? "";
    const labels = withoutSource(readLabelSelector(selected["selector"], `${at}.selector`, reading));
    return {
      words: `selected${namespace === "" ? "" : ` in ${namespace}`}`,
      selects: (service) =>
        (namespace === "" || namespace === service.namespace) && selectsLabels(labels, labelsOf(service)),
    };
  }
  const named = reading.fields(fields["k8sService"], `${path}.k8sService`);
  reading.only(named ?? {}, `${path}.k8sService`, ["serviceName", "namespace"]);
  const namespace = reading.text(named?.["namespace"], `${path}.k8sService.namespace`) ?? "";
  const name = reading.text(named?.["serviceName"], `${path}.k8sService.serviceName`) ?? "";
  return {
    words: namespace === "" ? name : `${namespace}/${name}`,
    selects: (service) =>
      named !== undefined && service.name === name && (namespace === "" || namespace === service.namespace),
  };
}

function labelsOf({ labels }: Service): ReturnType<typeof identityLabels> {
  return identityLabels([...labels].map(([key, value]) => ({ source: "any", key, value })));
}

/** A Service's labels have no source, and Cilium looks at none here. */
function withoutSource(selector: LabelSelector): LabelSelector {
  const key = (written: string): string => `any:${parseKey(written, "any").key}`;
  return {
    matchLabels: new Map([...selector.matchLabels].map(([each, value]) => [key(each), value])),
    matchExpressions: selector.matchExpressions.map((each) => ({ ...each, key: key(each.key) })),
  };
}

function expand(
  { selector, namespace, addresses, type }: Service,
  scope: PeerScope,
): readonly PeerSelector[] | "unknown" {
  if (selector.size > 0) {
    const pods = { matchLabels: new Map([...selector, [namespaceKey, namespace]]), matchExpressions: [] };
    return [labelPeer(withinCluster(withSource(pods, "k8s"), scope))];
  }
  if (addresses === "not among the manifests") return type === "ExternalName" ? [] : "unknown";
  return [...new Set(addresses)].flatMap((text): PeerSelector[] => {
    const cidr = parseCidrOrAddress(text);
    const key = cidrKey(`${text}/${cidr?.family === "ipv6" ? "128" : "32"}`, []);
    return cidr === undefined ? [] : [{ kind: "cidr", key, cidrs: [cidr], except: [] }];
  });
}

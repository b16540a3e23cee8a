/**
 * Settings: every choice a stack can make, with its meaning and its default, in one place.
 *
 * The types, the check at the door and the table in docs/settings.md are all derived from the schemas below.
 */
import * as v from "valibot";

/** An optional setting with its default and its meaning. */
function setting<const S extends v.GenericSchema, const D extends v.InferInput<S>>(
  schema: S,
  fallback: D,
  doc: string,
) {
  return v.optional(v.pipe(schema, v.description(doc)), fallback);
}

/** A setting that may be absent; the meaning says what absence means. */
function maybe<const S extends v.GenericSchema>(schema: S, doc: string) {
  return v.optional(v.pipe(schema, v.description(doc)));
}

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const nodePort = v.pipe(v.number(), v.integer(), v.minValue(30000), v.maxValue(32767));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const helmValues = v.record(v.string(), v.unknown());

const hubble = v.object({
  enabled: setting(v.boolean(), true, "Record flows. Relay, UI and metrics need it."),
  relay: setting(v.boolean(), true, "Cluster-wide view for the hubble CLI and the UI."),
  ui: setting(v.boolean(), false, "Service map in a browser. Needs relay."),
  metrics: setting(
    v.array(v.string()),
    ["dns", "drop", "tcp", "flow", "icmp", "policy", "port-distribution"],
    "Hubble metrics, in the chart's own notation. An empty list exposes none.",
  ),
});

const cilium = v.object({
  kubeProxyReplacement: setting(
    v.boolean(),
    true,
    "Cilium's eBPF load balancing instead of kube-proxy. On kind it also decides whether kube-proxy is installed.",
  ),
  routing: maybe(
    v.picklist(["native", "tunnel"]),
    "`native`: the network underneath routes pod addresses. `tunnel`: VXLAN between nodes. Absent: what the target does best.",
  ),
  meshAuth: setting(
    v.picklist(["disabled", "spire"]),
    "disabled",
    "Mutual authentication of workloads by SPIFFE identities. It authenticates; it does not encrypt.",
  ),
  encryption: setting(v.picklist(["disabled", "wireguard"]), "disabled", "Encryption of pod traffic between nodes."),
  egressGateway: setting(v.boolean(), false, "Leave the cluster through chosen nodes. Needs kubeProxyReplacement."),
  l2Announcements: setting(
    v.boolean(),
    false,
    "Answer ARP for LoadBalancer addresses. Needs kubeProxyReplacement; not on AKS.",
  ),
  lbIpam: setting(v.boolean(), false, "Hand out addresses to LoadBalancer Services from pools. Not on AKS."),
  bgp: setting(v.boolean(), false, "BGP control plane. Not on AKS."),
  sctp: setting(v.boolean(), false, "SCTP support. Not with kubeProxyReplacement or the egress gateway."),
  hubble: setting(hubble, {}, "Flow visibility."),
  prometheus: setting(v.boolean(), false, "Metrics endpoints of agent, operator and Envoy."),
  values: setting(
    helmValues,
    {},
    "Helm values merged last over ours. The key check and the compatibility matrix judge the merged result.",
  ),
});

const observability = v.object({
  serviceMonitors: setting(v.boolean(), false, "ServiceMonitor objects. Their CRDs must exist in the cluster."),
  dashboards: setting(
    v.boolean(),
    false,
    "The charts' own Grafana dashboards, as ConfigMaps labelled grafana_dashboard.",
  ),
  alerts: setting(v.boolean(), false, "A PrometheusRule with our alerts. Its CRD must exist in the cluster."),
});

const kyverno = v.object({
  enabled: setting(v.boolean(), true, "Kyverno: admission and generated policies."),
  values: setting(helmValues, {}, "Helm values merged last over ours."),
});

const gateway = v.object({
  enabled: setting(v.boolean(), true, "Gateway API CRDs and NGINX Gateway Fabric."),
  httpNodePort: setting(nodePort, 30080, "Node port of the HTTP listener where traffic enters by node ports."),
  httpsNodePort: setting(nodePort, 30443, "Node port of the HTTPS listener where traffic enters by node ports."),
  values: setting(helmValues, {}, "Helm values merged last over ours."),
});

const argocd = v.object({
  enabled: setting(v.boolean(), true, "Argo CD."),
  nodePort: setting(nodePort, 30081, "Node port of the Argo CD server where traffic enters by node ports."),
  sources: setting(v.array(v.string()), [], "Repository URLs the platform's AppProject accepts. Empty: none."),
  values: setting(helmValues, {}, "Helm values merged last over ours."),
});

const namespace = v.object({
  isolated: setting(v.boolean(), true, "Default deny in both directions, name resolution left open."),
  labels: setting(v.record(v.string(), v.string()), {}, "Labels besides those of the platform."),
});

const policies = v.object({
  bundles: setting(v.array(v.picklist(["baseline"])), ["baseline"], "Policy bundles to apply."),
});

const kwok = v.object({
  nodes: setting(v.pipe(count, v.maxValue(100)), 3, "Simulated nodes."),
});

const kind = v.object({
  workers: setting(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20)),
    2,
    "Worker nodes beside the one control plane.",
  ),
  apiServerPort: setting(
    port,
    6443,
    "Port on this machine, fixed so that a restart of the container engine does not move it.",
  ),
  podCidr: setting(v.string(), "10.244.0.0/16", "IPv4 range of the pods."),
  serviceCidr: setting(v.string(), "10.96.0.0/16", "IPv4 range of the Services."),
  portMappings: setting(
    v.array(v.object({ nodePort: nodePort, hostPort: port })),
    [],
    "More node ports published on this machine, beside those of the add-ons.",
  ),
  pullThroughCaches: setting(
    v.array(v.object({ registry: v.string(), port: port })),
    [],
    "Registry caches run as containers beside the cluster, so that a new cluster pulls nothing twice.",
  ),
});

const aksPool = v.object({
  vmSize: setting(v.string(), "Standard_D4ds_v5", "Size of the machines."),
  minCount: setting(count, 3, "Fewest nodes."),
  maxCount: setting(count, 5, "Most nodes."),
});

const aks = v.object({
  location: setting(v.string(), "westeurope", "Azure region."),
  kubernetesVersion: setting(v.string(), "1.35", "Minor version; Azure chooses the patch."),
  tier: setting(v.picklist(["Free", "Standard", "Premium"]), "Standard", "Service level of the control plane."),
  vnetCidr: setting(v.string(), "10.240.0.0/16", "Address space of the virtual network."),
  nodeSubnetCidr: setting(v.string(), "10.240.0.0/22", "Subnet of the nodes."),
  egressSubnetCidr: setting(v.string(), "10.240.4.0/27", "Subnet of the egress pool."),
  podCidr: setting(v.string(), "10.244.0.0/16", "IPv4 range of the pods; Cilium's pool is the same."),
  serviceCidr: setting(v.string(), "10.0.0.0/16", "IPv4 range of the Services."),
  dnsServiceIp: setting(v.string(), "10.0.0.10", "Address of the DNS Service, inside the Service range."),
  systemPool: setting(aksPool, {}, "Pool of system nodes."),
  egressPool: setting(
    v.object({
      enabled: setting(
        v.boolean(),
        false,
        "Nodes in a subnet of their own behind a NAT gateway with a fixed public prefix.",
      ),
      vmSize: setting(v.string(), "Standard_D2ds_v5", "Size of the machines."),
      count: setting(count, 2, "Number of nodes."),
    }),
    {},
    "Pool through which the egress gateway leaves.",
  ),
  kubeProxy: setting(
    v.picklist(["kept", "removed"]),
    "kept",
    "`removed` uses a preview feature of Azure that the subscription must have registered, at creation only.",
  ),
  adminGroupObjectIds: setting(v.array(v.string()), [], "Entra groups that administer the cluster."),
  authorizedIpRanges: setting(
    v.array(v.string()),
    [],
    "Addresses that may reach the API server. Not with privateCluster.",
  ),
  privateCluster: setting(v.boolean(), false, "API server without a public address."),
  login: setting(
    v.picklist(["azurecli", "workloadidentity", "spn"]),
    "azurecli",
    "How kubelogin authenticates whoever uses the kubeconfig.",
  ),
});

const existing = v.object({
  context: maybe(v.string(), "Context inside the kubeconfig. Absent: its current one."),
  podCidr: maybe(v.string(), "IPv4 range of the pods. Required."),
  serviceCidr: maybe(v.string(), "IPv4 range of the Services."),
  nodeCount: setting(count, 2, "Number of nodes; one node takes one operator replica."),
  ipam: setting(v.picklist(["kubernetes", "cluster-pool"]), "cluster-pool", "Who hands out pod addresses."),
  routing: setting(
    v.array(v.picklist(["native", "tunnel"])),
    ["tunnel"],
    "Routing modes the network can carry; the first is the default.",
  ),
  apiServerHost: maybe(
    v.string(),
    "Where pods find the API server without kube-proxy. Required with kubeProxyReplacement.",
  ),
  apiServerPort: setting(port, 443, "Port of the API server."),
  kubeProxy: setting(v.picklist(["kept", "removed"]), "kept", "Whether kube-proxy runs on the cluster."),
  exposure: setting(v.picklist(["nodePort", "loadBalancer"]), "loadBalancer", "How traffic from outside enters."),
  announcements: setting(
    v.picklist(["possible", "pointless"]),
    "pointless",
    "Whether L2, BGP and LB-IPAM can work on the network.",
  ),
});

/** The whole surface: each top-level key is one key of the stack file, `platform:<key>`. */
export const settingsSchema = v.object({
  target: v.pipe(
    v.picklist(["kwok", "kind", "aks", "existing"]),
    v.description("What kind of cluster the stack stands on. Required."),
  ),
  clusterName: maybe(v.string(), "Name of the cluster. Absent: `platform-<stack>`."),
  chartMirror: maybe(
    v.string(),
    "Folder with `<chart>-<version>` as folder or .tgz; wins over every other source of charts.",
  ),
  imageRegistry: maybe(
    v.string(),
    "Registry, with an optional path, that mirrors every image: the host of each image is replaced by it.",
  ),
  cilium: setting(cilium, {}, "Cilium."),
  observability: setting(observability, {}, "Monitoring objects. They need the Prometheus operator's CRDs."),
  kyverno: setting(kyverno, {}, "Kyverno."),
  gateway: setting(gateway, {}, "Gateway API and NGINX Gateway Fabric."),
  argocd: setting(argocd, {}, "Argo CD."),
  namespaces: setting(v.record(v.string(), namespace), {}, "Namespaces the stack owns, by name."),
  policies: setting(policies, {}, "Network policies."),
  kwok: setting(kwok, {}, "Target `kwok`: a real control plane with simulated nodes."),
  kind: setting(kind, {}, "Target `kind`: nodes as containers on this machine."),
  aks: setting(aks, {}, "Target `aks`: Azure Kubernetes Service, bring your own CNI."),
  existing: setting(existing, {}, "Target `existing`: a cluster somebody else made."),
});

/** What a stack chose, defaults filled. Secrets are not in it (`platform:kubeconfig` is read apart). */
export type Settings = v.InferOutput<typeof settingsSchema>;
export type CiliumSettings = Settings["cilium"];
export type Target = Settings["target"];

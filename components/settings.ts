/**
 * Settings: every choice a stack can make, with its meaning and its default, in one place.
 *
 * The types, the check at the door and the table in docs/settings.md are all derived from the schemas below.
 */
import type * as v from "valibot";

import { labels as apimLabels } from "../policies/apim-openai/labels.ts";
import { bundleNames } from "../policies/choices.ts";
import {
  asn,
  block,
  bytes,
  callerName,
  clusterName,
  cores,
  count,
  dnsLabel,
  exactName,
  flag,
  helmValues,
  hostName,
  interfaceName,
  ipv4Address,
  ipv4AddressOrRange,
  ipv4Part,
  ipv4Range,
  labelKey,
  labelValue,
  list,
  maybe,
  minorVersion,
  named,
  nodePort,
  objectId,
  oneRepository,
  outsideName,
  person,
  podLabels,
  port,
  registry,
  repository,
  requestRate,
  required,
  routeHost,
  setting,
  text,
  wholeNumber,
  words,
} from "./settings/formats.ts";

const hubble = block({
  enabled: setting(flag, true, "Record flows. Relay, UI and metrics need it."),
  relay: setting(flag, true, "Cluster-wide view for the hubble CLI and the UI."),
  ui: setting(flag, false, "Service map in a browser. Brings relay along."),
  relayService: setting(
    words("ClusterIP", "NodePort"),
    "ClusterIP",
    "How the relay is reached. `NodePort` opens it on every node.",
  ),
  relayNodePort: setting(nodePort, 31234, "Node port of the relay where `relayService` is `NodePort`."),
  uiService: setting(
    words("ClusterIP", "NodePort"),
    "ClusterIP",
    "How the UI is reached. `NodePort` opens it on every node.",
  ),
  uiNodePort: setting(nodePort, 31235, "Node port of the UI where `uiService` is `NodePort`."),
  metrics: setting(
    list(text),
    ["dns", "drop", "tcp", "flow", "icmp", "policy", "port-distribution"],
    "Hubble metrics, in the chart's own notation. An empty list exposes none.",
  ),
});

const cilium = block({
  kubeProxyReplacement: setting(
    flag,
    true,
    "Cilium's eBPF load balancing instead of kube-proxy. On kind it also decides whether kube-proxy is installed.",
  ),
  routing: maybe(
    words("native", "tunnel"),
    "`native`: the network underneath routes pod addresses. `tunnel`: VXLAN between nodes. Absent: what the target does best.",
  ),
  meshAuth: setting(
    words("disabled", "spire"),
    "disabled",
    "Mutual authentication of workloads by SPIFFE identities. It authenticates; it does not encrypt.",
  ),
  encryption: setting(words("disabled", "wireguard"), "disabled", "Encryption of pod traffic between nodes."),
  egressGateway: setting(flag, false, "Leave the cluster through chosen nodes. Needs kubeProxyReplacement."),
  l2Announcements: setting(
    flag,
    false,
    "Answer ARP for LoadBalancer addresses. Needs kubeProxyReplacement; not on AKS.",
  ),
  lbIpam: setting(flag, false, "Hand out addresses to LoadBalancer Services from pools. Not on AKS."),
  bgp: setting(flag, false, "BGP control plane. Not on AKS."),
  sctp: setting(flag, false, "SCTP support. Not with kubeProxyReplacement or the egress gateway."),
  hubble: setting(hubble, {}, "Flow visibility."),
  prometheus: setting(flag, false, "Metrics endpoints of agent, operator, Envoy and relay."),
  values: setting(
    helmValues,
    {},
    "Helm values merged last over ours. The key check and the compatibility matrix judge the merged result.",
  ),
});

const observability = block({
  serviceMonitors: setting(flag, false, "ServiceMonitor objects. Their CRDs must exist in the cluster."),
  dashboards: setting(flag, false, "The charts' own Grafana dashboards, as ConfigMaps labelled grafana_dashboard."),
  alerts: setting(flag, false, "A PrometheusRule with our alerts. Its CRD must exist in the cluster."),
});

const kyverno = block({
  enabled: setting(flag, true, "Kyverno: admission and generated policies."),
  values: setting(helmValues, {}, "Helm values merged last over ours."),
});

const gateway = block({
  enabled: setting(flag, true, "Gateway API CRDs and NGINX Gateway Fabric."),
  httpNodePort: setting(nodePort, 30080, "Node port of the HTTP listener where traffic enters by node ports."),
  httpsNodePort: setting(nodePort, 30443, "Node port of the HTTPS listener where traffic enters by node ports."),
  rateLimit: maybe(
    block({
      rate: required(requestRate, "Requests that one client may make, for each pod of the data plane. Required."),
      burst: setting(
        wholeNumber(0, 100000),
        20,
        "Requests above the rate that are answered all the same, until there are so many.",
      ),
      rejectCode: setting(wholeNumber(400, 599), 429, "Status of what is refused."),
      mode: setting(words("enforce", "observe"), "enforce", "`observe` counts and logs what it would refuse."),
    }),
    "Limit of requests at the Gateway, for all routes together. Absent: none.",
  ),
  values: setting(helmValues, {}, "Helm values merged last over ours."),
});

const argocd = block({
  enabled: setting(flag, true, "Argo CD."),
  nodePort: setting(nodePort, 30081, "Node port of the Argo CD server where traffic enters by node ports."),
  sources: setting(list(repository), [], "Repository URLs the platform's AppProject accepts. Empty: none."),
  values: setting(helmValues, {}, "Helm values merged last over ours."),
});

const namespace = block({
  isolated: setting(flag, true, "Default deny in both directions, name resolution left open."),
  labels: setting(named(labelKey, labelValue), {}, "Labels besides those of the platform."),
});

/** Of a bundle that lives in a namespace of its own. */
function ownNamespace<const D extends string>(fallback: D) {
  return setting(dnsLabel, fallback, "Where it applies. Made, closed, unless `namespaces` names it.");
}

const policies = block({
  authenticatedEdges: setting(
    list(text),
    [],
    "Connections that wait until both ends have proved who they are, for example `dev/api -> dev/azurite`. Needs `cilium.meshAuth: spire`.",
  ),
  bundles: setting(list(words(...bundleNames)), ["baseline"], "Policy bundles to apply."),
  observe: setting(
    list(words(...bundleNames)),
    [],
    "Those of them that close nothing yet. `npm run observe` says from recorded flows what enforcing them would close.",
  ),
  folders: setting(
    list(text),
    [],
    "Folders with policies of your own, relative to the project: `policies/` is applied with the bundles after the same proof, `workloads/` is only spoken of, `promises.yaml` is proved as well.",
  ),
  environmentIsolation: setting(
    block({
      environments: setting(
        list(dnsLabel),
        [],
        "Environments that never reach each other: values of the label `environment` of namespaces. At least two.",
      ),
    }),
    {},
    "Bundle `environment-isolation`.",
  ),
  oidcReferenceApp: setting(
    block({
      environments: setting(
        list(dnsLabel),
        ["dev", "uat"],
        "Namespaces with a copy of the application each. Made, closed, unless `namespaces` names them.",
      ),
      identityNamespace: setting(dnsLabel, "azure-entraid-sim", "Where Keycloak runs, one for all environments."),
      apimNamespace: setting(dnsLabel, "azure-apim-sim", "Where API Management is simulated, for each environment."),
      frontends: setting(
        list(dnsLabel),
        ["frontend-a", "frontend-b"],
        "More frontends that call the API themselves, by `app.kubernetes.io/name`.",
      ),
      storagePorts: setting(list(port), [10000, 10001, 10002], "Ports of the storage emulator. Empty: closed."),
      serviceBus: setting(
        words("pod", "sidecar", "absent"),
        "pod",
        "Where the messaging emulator runs. `sidecar`: in the pod of the storage, which it then reaches without a rule.",
      ),
      messagingPorts: setting(list(port), [5671, 5672], "Ports of the messaging emulator. Empty: closed."),
      apiNames: setting(list(exactName), [], "Names outside the cluster that the API may call over TLS."),
      collectorNamespace: maybe(
        dnsLabel,
        "Where an OpenTelemetry collector runs, which the platform does not make. Absent: the API reports to nobody.",
      ),
    }),
    {},
    "Bundle `oidc-reference-app`.",
  ),
  apimOpenai: setting(
    block({
      namespace: ownNamespace("apim-openai"),
      monitoringNamespace: setting(dnsLabel, "monitoring", "Where Prometheus runs. Not made by the platform."),
      apimNames: setting(
        list(exactName),
        ["myapim.azure-api.net", "mycompany-prod.azure-api.net"],
        "API Management. The defaults are examples. Empty: none.",
      ),
      openaiNames: setting(
        list(exactName),
        ["myopenai.openai.azure.com", "api.openai.com"],
        "OpenAI, at Azure or itself. The first default is an example. Empty: none.",
      ),
      azureNames: setting(
        list(exactName),
        ["mykeyvault.vault.azure.net", "mystorage.blob.core.windows.net", "login.microsoftonline.com"],
        "Key Vault, storage, and where a workload identity gets its token. The first two defaults are examples. Empty: none.",
      ),
      deniedRanges: setting(
        list(ipv4Part),
        [],
        "Addresses outside the cluster that no policy of the namespace may open.",
      ),
    }),
    {},
    "Bundle `apim-openai`.",
  ),
  egressGateway: setting(
    block({
      namespace: maybe(dnsLabel, "Where the pods are. Absent: the namespace of `apimOpenai`."),
      pods: setting(
        list(named(labelKey, labelValue)),
        [apimLabels.backend, apimLabels.ai, apimLabels.azureIdentity],
        "Labels of the pods that leave through the gateway, one set for each kind of them.",
      ),
      destinations: setting(
        list(ipv4Range),
        [],
        "Addresses outside the cluster that they reach through it. Required with the bundle.",
      ),
      excluded: setting(
        list(ipv4Range),
        [],
        "Parts of `destinations` that they reach as before. The cluster's own ranges always are.",
      ),
    }),
    {},
    "Bundle `egress-gateway`. It opens nothing: the other policies decide who may leave.",
  ),
  loadBalancer: setting(
    block({
      announce: setting(
        words("l2", "bgp", "none"),
        "l2",
        "How the network learns where an address is. `none`: it knows by itself.",
      ),
      network: maybe(
        ipv4Range,
        "Range of the network the nodes are in: kind's container network, or your LAN. Required with `l2`.",
      ),
      reserved: setting(list(ipv4Range), [], "Parts of the network that others have: nodes, routers, DHCP."),
      pools: setting(
        named(
          dnsLabel,
          block({
            first: required(ipv4Address, "First address. Required."),
            last: required(ipv4Address, "Last address. Required."),
            namespaces: setting(list(dnsLabel), [], "Namespaces whose Services take from it. Empty: all."),
          }),
        ),
        {},
        "Addresses for Services of the type LoadBalancer, by the name of the pool. Required with the bundle.",
      ),
      interfaces: setting(
        list(interfaceName),
        [],
        "Interfaces of the nodes on which ARP is answered, with `l2`. Empty: all.",
      ),
      bgp: setting(
        block({
          localAsn: setting(asn, 64512, "Number of the cluster's autonomous system."),
          peers: setting(
            named(
              dnsLabel,
              block({
                address: required(ipv4Address, "Address of the router. Required."),
                asn: required(asn, "Number of its autonomous system. Required."),
              }),
            ),
            {},
            "Routers that are told, by name. Required with `bgp`.",
          ),
          passwordSecret: maybe(
            dnsLabel,
            "Secret in kube-system whose key `password` the routers expect. Absent: no password.",
          ),
        }),
        {},
        "With `announce: bgp`.",
      ),
    }),
    {},
    "Bundle `load-balancer`. Not on AKS, whose own load balancer hands out the addresses.",
  ),
  fqdnEgress: setting(
    block({
      namespace: ownNamespace("fqdn-egress"),
      names: setting(list(exactName), ["myservice.com", "api.github.com"], "What may be reached. Empty: nothing."),
      ports: setting(list(port), [80, 443], "TCP ports on which it may be reached. Empty: none."),
    }),
    {},
    "Bundle `fqdn-egress`.",
  ),
  demoDns: setting(
    block({
      namespace: ownNamespace("demo-dns"),
      form: setting(
        words("name", "pattern", "port"),
        "port",
        "`name`: api.github.com. `pattern`: one label before github.com. `port`: that and github.com, on 443 only.",
      ),
    }),
    {},
    "Bundle `demo-dns`.",
  ),
  demoFlights: setting(
    block({
      namespace: ownNamespace("demo-flights"),
      targetPort: setting(port, 8080, "Port of the containers, not of the Services before them."),
    }),
    {},
    "Bundle `demo-flights`.",
  ),
  demoStarWars: setting(
    block({
      namespace: ownNamespace("demo-star-wars"),
      form: setting(words("l4", "l7"), "l7", "`l4`: the whole port. `l7`: only the request to land."),
    }),
    {},
    "Bundle `demo-star-wars`.",
  ),
  admission: setting(
    block({
      administrators: setting(
        list(text),
        [],
        "Users and groups that may change policies of the platform in the cluster; whoever runs the stack must be one of them. Empty: everybody whom the cluster lets.",
      ),
      exposedNamespaces: setting(
        list(dnsLabel),
        [],
        "Isolated namespaces whose Services may be of the types NodePort and LoadBalancer.",
      ),
    }),
    {},
    "Bundle `admission`. Needs Kyverno.",
  ),
});

const quota = block({
  cpu: setting(cores, "4", "Cores that the pods of one namespace may request together."),
  memory: setting(bytes, "8Gi", "Memory that they may request, and be limited to, together."),
  pods: setting(count, 50, "Pods at once."),
  storage: setting(bytes, "20Gi", "Storage that volume claims may ask for together."),
  containerCpu: setting(cores, "100m", "What a container requests that says nothing of its own."),
  containerMemory: setting(bytes, "128Mi", "What it requests and is limited to."),
});

const tenantWorkload = block({
  namespace: maybe(dnsLabel, "Where it runs. Absent: the tenant's first namespace."),
  labels: maybe(podLabels, "Labels of its pods. Absent: `app.kubernetes.io/name` with the name of the workload."),
  ports: setting(list(port), [], "TCP ports of its containers, not of the Service before them."),
  callers: setting(
    list(callerName),
    [],
    "Workloads that may call these ports: `web` of the same tenant, `books/site` of another. Opened on both sides.",
  ),
  route: maybe(
    block({
      hostnames: setting(list(routeHost), [], "Host names, each of one workload alone."),
      service: maybe(dnsLabel, "The Service. Absent: called as the workload."),
      servicePort: setting(port, 80, "Port of that Service."),
      targetPort: maybe(port, "Port of the container behind it. Absent: the only one of `ports`."),
    }),
    "A route behind the Gateway. Absent: none.",
  ),
});

const tenant = block({
  namespaces: setting(list(dnsLabel), [], "Its namespaces, all closed. Empty: one, called as the tenant."),
  environment: maybe(dnsLabel, "Label `environment` of its namespaces. Absent: none."),
  team: maybe(labelValue, "Label `team` of its namespaces. Absent: the tenant's name."),
  podSecurity: setting(
    words("baseline", "restricted"),
    "restricted",
    "Pod Security Standard that the API server enforces on its pods.",
  ),
  quota: setting(quota, {}, "What its pods may take of the cluster, in each of its namespaces."),
  administrators: setting(
    block({
      groups: setting(list(person), [], "Groups. On `aks`: object ids of Entra."),
      users: setting(list(person), [], "Users, as the API server knows them."),
    }),
    {},
    "Who may work in its namespaces: on everything but policies, routes, quotas and rights.",
  ),
  within: setting(
    words("closed", "open"),
    "closed",
    "`closed`: its pods reach each other where `callers` say so. `open`: on every port.",
  ),
  workloads: setting(named(dnsLabel, tenantWorkload), {}, "Who talks to anybody, by name."),
  externalNames: setting(
    list(
      block({
        names: required(list(outsideName), "Exact names outside the cluster. Required."),
        ports: setting(list(port), [443], "TCP ports. On 443 the TLS handshake must ask for one of the names."),
        workloads: required(list(dnsLabel), "Workloads that may reach them. Required."),
      }),
    ),
    [],
    "What may be reached outside the cluster. Empty: nothing.",
  ),
  repositories: setting(
    list(oneRepository),
    [],
    "Repositories from which Argo CD may fill its namespaces, in a project of its own. Empty: no project.",
  ),
  promises: setting(
    list(
      block({
        must: maybe(text, "A connection that must be possible, for example `shop/web -> shop/api TCP 8080`."),
        never: maybe(text, "One that must never be, for example `shop/web -> world`."),
        because: maybe(text, "Why."),
      }),
    ),
    [],
    "Promises beside those that every tenant has. Each is either `must` or `never`.",
  ),
});

const kwok = block({
  nodes: setting(wholeNumber(1, 100), 3, "Simulated nodes."),
});

const kind = block({
  images: setting(
    words("upstream", "built"),
    "upstream",
    "`built`: images made on this machine by `npm run setup -- <stack> --images=build`, for networks without a container registry. Not everything can be had with it.",
  ),
  workers: setting(wholeNumber(0, 20), 2, "Worker nodes beside the one control plane."),
  apiServerPort: setting(
    port,
    6443,
    "Port on this machine, fixed so that a restart of the container engine does not move it.",
  ),
  podCidr: setting(ipv4Range, "10.244.0.0/16", "IPv4 range of the pods."),
  serviceCidr: setting(ipv4Range, "10.96.0.0/16", "IPv4 range of the Services."),
  portMappings: setting(
    list(
      block({
        nodePort: required(nodePort, "Node port inside the cluster. Required."),
        hostPort: required(port, "Port of this machine. Required."),
      }),
    ),
    [],
    "More node ports published on this machine, beside those of the add-ons.",
  ),
  pullThroughCaches: setting(
    list(
      block({
        registry: required(hostName, "Registry to cache, by host name. Required."),
        port: required(port, "Port of this machine. Required."),
      }),
    ),
    [],
    "Registry caches run as containers beside the cluster, so that a new cluster pulls nothing twice.",
  ),
});

const aksPool = {
  vmSize: setting(text, "Standard_D4ds_v5", "Size of the machines."),
  osDiskGb: setting(
    wholeNumber(30, 2048),
    128,
    "Size of the system disk. It is ephemeral, so it must fit into the machine's own disk.",
  ),
  minCount: setting(count, 3, "Fewest nodes."),
  maxCount: setting(count, 5, "Most nodes."),
};

const aks = block({
  location: setting(text, "westeurope", "Azure region."),
  kubernetesVersion: setting(minorVersion, "1.35", "Minor version; Azure chooses the patch."),
  tier: setting(words("Free", "Standard", "Premium"), "Standard", "Service level of the control plane."),
  vnetCidr: setting(ipv4Range, "10.240.0.0/16", "Address space of the virtual network."),
  nodeSubnetCidr: setting(ipv4Range, "10.240.0.0/22", "Subnet of the nodes."),
  egressSubnetCidr: setting(ipv4Range, "10.240.4.0/27", "Subnet of the egress pool."),
  podCidr: setting(ipv4Range, "10.244.0.0/16", "IPv4 range of the pods; Cilium's pool is the same."),
  serviceCidr: setting(ipv4Range, "10.0.0.0/16", "IPv4 range of the Services."),
  dnsServiceIp: setting(ipv4Address, "10.0.0.10", "Address of the DNS Service, inside the Service range."),
  zones: setting(
    list(words("1", "2", "3")),
    ["1", "2", "3"],
    "Availability zones of nodes and addresses. Empty in a region that has none.",
  ),
  encryptionAtHost: setting(
    flag,
    true,
    "Encrypt the disks on the host itself. The subscription must have registered Microsoft.Compute/EncryptionAtHost.",
  ),
  systemPool: setting(
    block(aksPool),
    {},
    "Pool of system nodes. Closed to ordinary pods while there is a workload pool.",
  ),
  workloadPool: setting(
    block({
      enabled: setting(flag, true, "Nodes of their own for everything but Azure's add-ons."),
      ...aksPool,
    }),
    {},
    "Pool of the platform's add-ons and of everything else.",
  ),
  egressPool: setting(
    block({
      enabled: setting(flag, false, "Nodes in a subnet of their own behind a NAT gateway with a fixed public prefix."),
      vmSize: setting(text, "Standard_D2ds_v5", "Size of the machines."),
      osDiskGb: setting(wholeNumber(30, 2048), 64, "Size of the system disk, as for the other pools."),
      count: setting(count, 2, "Number of nodes."),
      publicPrefixLength: setting(wholeNumber(28, 31), 31, "Length of the public prefix: 31 is two addresses."),
    }),
    {},
    "Pool through which the egress gateway leaves.",
  ),
  upgradeChannel: setting(
    words("disabled", "patch", "stable"),
    "patch",
    "What Azure upgrades by itself. Unless `disabled`, kubernetesVersion counts at creation only.",
  ),
  kubeProxy: setting(
    words("kept", "removed"),
    "kept",
    "`removed` uses a preview feature of Azure that the subscription must have registered, at creation only.",
  ),
  adminGroupObjectIds: setting(list(objectId), [], "Entra groups that administer the cluster."),
  authorizedIpRanges: setting(
    list(ipv4AddressOrRange),
    [],
    "Addresses that may reach the API server. Empty: every address. Not with privateCluster.",
  ),
  privateCluster: setting(flag, false, "API server without a public address."),
  login: setting(
    words("azurecli", "workloadidentity", "spn"),
    "azurecli",
    "How kubelogin authenticates whoever uses the kubeconfig.",
  ),
  deployer: maybe(
    words("user", "servicePrincipal"),
    "Who runs `up`, as Entra sees it. Absent: a user with azurecli, a service principal with the other logins.",
  ),
  subscriptionId: maybe(text, "Subscription of the stack. Absent: the one the environment or the Azure CLI names."),
  protect: setting(
    flag,
    true,
    "Refuse to delete the cluster and its public prefixes. Set it to false and run `up` before `down`.",
  ),
});

const existing = block({
  kubernetesVersion: maybe(minorVersion, "Minor version of Kubernetes. Absent: nothing is checked against it."),
  context: maybe(text, "Context inside the kubeconfig. Absent: its current one."),
  podCidr: maybe(ipv4Range, "IPv4 range of the pods. Required."),
  serviceCidr: maybe(ipv4Range, "IPv4 range of the Services."),
  nodeCount: setting(count, 2, "Number of nodes; one node takes one operator replica."),
  ipam: setting(words("kubernetes", "cluster-pool"), "cluster-pool", "Who hands out pod addresses."),
  routing: setting(
    list(words("native", "tunnel")),
    ["tunnel"],
    "Routing modes the network can carry; the first is the default.",
  ),
  apiServerHost: maybe(
    hostName,
    "Where pods find the API server without kube-proxy. Required with kubeProxyReplacement.",
  ),
  apiServerPort: setting(port, 443, "Port of the API server."),
  kubeProxy: setting(words("kept", "removed"), "kept", "Whether kube-proxy runs on the cluster."),
  exposure: setting(words("nodePort", "loadBalancer"), "loadBalancer", "How traffic from outside enters."),
  announcements: setting(
    words("possible", "pointless"),
    "pointless",
    "Whether L2, BGP and LB-IPAM can work on the network.",
  ),
});

/** The whole surface: each top-level key is one key of the stack file, `platform:<key>`. */
export const settingsSchema = block({
  target: required(words("kwok", "kind", "aks", "existing"), "What kind of cluster the stack stands on. Required."),
  clusterName: maybe(clusterName, "Name of the cluster, at most 32 characters. Absent: `platform-<stack>`."),
  chartMirror: maybe(
    text,
    "Folder with `<chart>-<version>` as folder or .tgz; wins over every other source of charts.",
  ),
  imageRegistry: maybe(
    registry,
    "Registry, with an optional path, that mirrors every image: the host of each image is replaced by it.",
  ),
  cilium: setting(cilium, {}, "Cilium."),
  observability: setting(observability, {}, "Monitoring objects. They need the Prometheus operator's CRDs."),
  kyverno: setting(kyverno, {}, "Kyverno."),
  gateway: setting(gateway, {}, "Gateway API and NGINX Gateway Fabric."),
  argocd: setting(argocd, {}, "Argo CD."),
  namespaces: setting(named(dnsLabel, namespace), {}, "Namespaces the stack owns, by name."),
  tenants: setting(named(dnsLabel, tenant), {}, "Teams with namespaces of their own, by name."),
  policies: setting(policies, {}, "Network policies."),
  kwok: setting(kwok, {}, "Target `kwok`: a real control plane with simulated nodes."),
  kind: setting(kind, {}, "Target `kind`: nodes as containers on this machine."),
  aks: setting(aks, {}, "Target `aks`: Azure Kubernetes Service, bring your own CNI."),
  existing: setting(existing, {}, "Target `existing`: a cluster somebody else made."),
});

/** What a stack chose, defaults filled. Secrets are not in it (`platform:kubeconfig` is read apart). */
export type Settings = Omit<v.InferOutput<typeof settingsSchema>, "clusterName"> & { readonly clusterName: string };
export type CiliumSettings = Settings["cilium"];
export type Target = Settings["target"];
export type TenantSettings = Settings["tenants"][string];

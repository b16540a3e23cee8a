/**
 * clusterFacts: what is true of a stack's cluster before it exists.
 *
 * The only place that turns a target into facts. Everything that differs between clusters is decided here, so that
 * nothing downstream asks for the target.
 */
import type { Settings } from "../settings.ts";
import { kubernetesVersion } from "../versions.ts";
import type { ApiServerAddress, ClusterFacts } from "./handle.ts";
import { lifetimeOf } from "./lifetime.ts";

export function clusterFacts(settings: Settings): ClusterFacts {
  const facts = targetFacts(settings);
  return { ...facts, entry: entryOf(settings, facts) };
}

/** All but what follows from the rest. */
type TargetFacts = Omit<ClusterFacts, "entry">;

/**
 * Where a node passes a connection on to a pod of another node, it may put its own address before it: it does on node
 * ports, which every node answers, unless Cilium's tunnel carries who it really was. The node that the pod is on is
 * `host`, any other `remote-node`. A load balancer that hands over at the pod's own node hides nothing.
 */
function entryOf(settings: Settings, facts: TargetFacts): ClusterFacts["entry"] {
  const { routing, kubeProxyReplacement, l2Announcements } = settings.cilium;
  const passedOn = facts.exposure === "nodePort" || l2Announcements;
  const carried = (routing ?? facts.routing[0]) === "tunnel" && kubeProxyReplacement;
  return passedOn && !carried ? ["world", "host", "remote-node"] : ["world"];
}

function targetFacts(settings: Settings): TargetFacts {
  switch (settings.target) {
    case "kwok":
      return kwokFacts(settings);
    case "kind":
      return kindFacts(settings);
    case "aks":
      return aksFacts(settings);
    case "existing":
      return existingFacts(settings);
  }
}

/** What holds on both local clusters: kwok accepts whatever kind accepts, so that a change can be tried on it first. */
const local = {
  lifetime: lifetimeOf("kwok"),
  // A pod may run beside it or on another node.
  apiServerPlaces: ["on another node", "on the pod's node"],
  kubernetesVersion: minorOf(kubernetesVersion),
  ipam: "kubernetes",
  aksByoCni: false,
  // The container engine decides, when it makes the network.
  nodeRanges: [],
  // Nodes share one network segment, so direct routes between them work.
  routing: ["native", "tunnel"],
  kubeProxy: "follows",
  exposure: "nodePort",
  announcements: "possible",
} as const satisfies Partial<ClusterFacts>;

/** What its controller manager gives to nodes unless it is told another range. */
export const kwokPodCidr = "10.244.0.0/16";

function kwokFacts(settings: Settings): TargetFacts {
  return {
    ...local,
    target: "kwok",
    nodes: "simulated",
    nodeCount: settings.kwok.nodes,
    podCidr: kwokPodCidr,
    // As kwokctl counts them.
    egressNodes: ["node-000000"],
    // Cilium's chart wants an address once kube-proxy is replaced, but nothing runs inside a simulated pod, so nobody
    // ever resolves it. A name that cannot exist says so; an address that looks real would mislead the reader.
    apiServer: { kind: "known", host: "simulated-nodes.invalid", port: 6443 },
  };
}

function kindFacts(settings: Settings): TargetFacts {
  return {
    ...local,
    target: "kind",
    nodes: "real",
    nodeCount: settings.kind.workers + 1,
    podCidr: settings.kind.podCidr,
    serviceCidr: settings.kind.serviceCidr,
    // As kind calls its first worker, or its only node.
    egressNodes: [`${settings.clusterName}-${settings.kind.workers === 0 ? "control-plane" : "worker"}`],
    // The name of the container in the container engine's DNS: its address changes when the engine restarts.
    apiServer: { kind: "known", host: `${settings.clusterName}-control-plane`, port: 6443 },
  };
}

function aksFacts(settings: Settings): TargetFacts {
  const { aks } = settings;
  return {
    target: "aks",
    lifetime: lifetimeOf("aks"),
    apiServerPlaces: ["outside the cluster"],
    kubernetesVersion: aks.kubernetesVersion,
    nodes: "real",
    nodeCount:
      aks.systemPool.minCount +
      (aks.workloadPool.enabled ? aks.workloadPool.minCount : 0) +
      (aks.egressPool.enabled ? aks.egressPool.count : 0),
    podCidr: aks.podCidr,
    serviceCidr: aks.serviceCidr,
    nodeRanges: [aks.nodeSubnetCidr, ...(aks.egressPool.enabled ? [aks.egressSubnetCidr] : [])],
    // Azure labels the nodes of the egress pool when it makes them, and any it makes in their place.
    egressNodes: [],
    ipam: "cluster-pool",
    aksByoCni: true,
    routing: ["tunnel"],
    kubeProxy: aks.kubeProxy,
    exposure: "loadBalancer",
    announcements: announcementsOn(settings),
    apiServer: { kind: "created", port: 443 },
  };
}

/** What a target's network takes of announcements, for those who must know it before the facts are whole. */
export function announcementsOn(settings: Settings): ClusterFacts["announcements"] {
  switch (settings.target) {
    case "kwok":
    case "kind":
      return local.announcements;
    case "aks":
      // Azure's network answers no ARP of ours, and its cloud controller owns LoadBalancer Services.
      return "pointless";
    case "existing":
      return settings.existing.announcements;
  }
}

function existingFacts(settings: Settings): TargetFacts {
  const { existing } = settings;
  const [first, ...rest] = existing.routing;
  if (existing.podCidr === undefined || first === undefined) {
    throw new Error("settings of an existing cluster without podCidr or routing were not refused");
  }
  return {
    target: "existing",
    lifetime: lifetimeOf("existing"),
    // Whoever made the cluster decided that, and told nobody.
    apiServerPlaces: ["outside the cluster", "on another node", "on the pod's node"],
    ...(existing.kubernetesVersion === undefined ? {} : { kubernetesVersion: existing.kubernetesVersion }),
    nodes: "real",
    nodeCount: existing.nodeCount,
    podCidr: existing.podCidr,
    ...(existing.serviceCidr === undefined ? {} : { serviceCidr: existing.serviceCidr }),
    nodeRanges: [],
    egressNodes: [],
    ipam: existing.ipam,
    aksByoCni: false,
    routing: [first, ...rest],
    kubeProxy: existing.kubeProxy,
    exposure: existing.exposure,
    announcements: announcementsOn(settings),
    apiServer: apiServerOf(existing),
  };
}

function apiServerOf(existing: Settings["existing"]): ApiServerAddress {
  if (existing.apiServerHost === undefined) return { kind: "unknown" };
  return { kind: "known", host: existing.apiServerHost, port: existing.apiServerPort };
}

/** `1.36.1` → `1.36`. */
function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

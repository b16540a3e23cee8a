/** Cluster handles for tests of what stands on a cluster: the four kinds of target by role, nothing created but a provider. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { ClusterFacts, ClusterHandle } from "../../components/cluster/handle.ts";
import { kubeconfigOf } from "./answers.ts";

const common = {
  nodeCount: 3,
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  nodeRanges: [],
  egressNodes: [],
  aksByoCni: false,
  apiServer: { kind: "known", host: "192.0.2.10", port: 6443 },
} as const satisfies Partial<ClusterFacts>;

/** Simulated nodes on this machine. */
export const simulatedFacts: ClusterFacts = {
  ...common,
  target: "kwok",
  apiServerPlaces: ["on another node", "on the pod's node"],
  lifetime: "throwaway",
  nodes: "simulated",
  ipam: "kubernetes",
  routing: ["native", "tunnel"],
  kubeProxy: "follows",
  exposure: "nodePort",
  entry: ["world", "host", "remote-node"],
  announcements: "possible",
};

/** Real nodes on this machine. */
export const localFacts: ClusterFacts = { ...simulatedFacts, target: "kind", nodes: "real" };

/** Nodes in a cloud, a load balancer in front. */
export const cloudFacts: ClusterFacts = {
  ...common,
  target: "aks",
  apiServerPlaces: ["outside the cluster"],
  lifetime: "lasting",
  nodes: "real",
  ipam: "cluster-pool",
  aksByoCni: true,
  routing: ["tunnel"],
  kubeProxy: "kept",
  exposure: "loadBalancer",
  entry: ["world"],
  announcements: "pointless",
  apiServer: { kind: "created", port: 443 },
};

/** Somebody else's cluster. */
export const foreignFacts: ClusterFacts = { ...cloudFacts, target: "existing", aksByoCni: false };

/** Call it after `recordResources`. Everything comes after the network. A cluster that is ours has an owner; one that somebody else made has none. */
export function clusterHandle(facts: ClusterFacts): ClusterHandle {
  const owner =
    facts.target === "existing"
      ? undefined
      : new pulumi.ComponentResource("test:index:Cluster", "cluster-owner", {}, {});
  return {
    name: "platform-test",
    facts,
    provider: new k8s.Provider("cluster-provider", { kubeconfig: kubeconfigOf("https://192.0.2.10:6443") }),
    kubeconfig: pulumi.secret(kubeconfigOf("https://192.0.2.10:6443")),
    apiServerHost: "192.0.2.10",
    owner,
    after: [new Network()],
  };
}

/** Something that is there once the network is: an empty component would stand for nothing. */
class Network extends pulumi.CustomResource {
  constructor() {
    super("test:index:Network", "network-ready", {});
  }
}

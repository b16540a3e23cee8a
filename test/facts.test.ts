/** Facts: what is true of each target before it exists. */
import assert from "node:assert/strict";

import { clusterFacts } from "../components/cluster/facts.ts";
import { kubernetesVersion } from "../components/versions.ts";
import { settingsOf } from "./support/settings.ts";

const factsOf = (written: Readonly<Record<string, unknown>>) => clusterFacts(settingsOf(written));

/** Minor version of the pinned Kubernetes of local clusters. */
const localKubernetes = kubernetesVersion.split(".").slice(0, 2).join(".");

const existing = { target: "existing", kubeconfig: "secret" };

describe("the facts of a cluster", () => {
  it("on kwok are those of kind but for what nobody runs", () => {
    assert.deepEqual(factsOf({ target: "kwok", kwok: { nodes: 5 } }), {
      target: "kwok",
      lifetime: "throwaway",
      kubernetesVersion: localKubernetes,
      nodes: "simulated",
      nodeCount: 5,
      podCidr: "10.244.0.0/16",
      nodeRanges: [],
      egressNodes: ["node-000000"],
      ipam: "kubernetes",
      aksByoCni: false,
      routing: ["native", "tunnel"],
      kubeProxy: "follows",
      exposure: "nodePort",
      entry: ["world", "host", "remote-node"],
      announcements: "possible",
      apiServerPlaces: ["on another node", "on the pod's node"],
      apiServer: { kind: "known", host: "simulated-nodes.invalid", port: 6443 },
    });
  });

  it("on kind find the API server by the container's name, which a restart does not move [S1-06]", () => {
    assert.deepEqual(
      factsOf({
        target: "kind",
        clusterName: "shop",
        kind: { workers: 0, podCidr: "10.100.0.0/16", apiServerPort: 7443 },
      }),
      {
        target: "kind",
        lifetime: "throwaway",
        kubernetesVersion: localKubernetes,
        nodes: "real",
        nodeCount: 1,
        podCidr: "10.100.0.0/16",
        serviceCidr: "10.96.0.0/16",
        nodeRanges: [],
        egressNodes: ["shop-control-plane"],
        ipam: "kubernetes",
        aksByoCni: false,
        routing: ["native", "tunnel"],
        kubeProxy: "follows",
        exposure: "nodePort",
        entry: ["world", "host", "remote-node"],
        announcements: "possible",
        apiServerPlaces: ["on another node", "on the pod's node"],
        apiServer: { kind: "known", host: "shop-control-plane", port: 6443 },
      },
    );
  });

  it("on AKS carry a tunnel only, and know the API server's port but not its name [S2-04]", () => {
    assert.deepEqual(factsOf({ target: "aks", aks: { kubernetesVersion: "1.34", workloadPool: { enabled: false } } }), {
      target: "aks",
      lifetime: "lasting",
      kubernetesVersion: "1.34",
      nodes: "real",
      nodeCount: 3,
      podCidr: "10.244.0.0/16",
      serviceCidr: "10.0.0.0/16",
      nodeRanges: ["10.240.0.0/22"],
      egressNodes: [],
      ipam: "cluster-pool",
      aksByoCni: true,
      routing: ["tunnel"],
      kubeProxy: "kept",
      exposure: "loadBalancer",
      entry: ["world"],
      announcements: "pointless",
      apiServerPlaces: ["outside the cluster"],
      apiServer: { kind: "created", port: 443 },
    });
  });

  it("on AKS count the nodes of every pool", () => {
    const pools = {
      systemPool: { minCount: 1 },
      workloadPool: { minCount: 2 },
      egressPool: { enabled: true, count: 4 },
    };
    assert.equal(factsOf({ target: "aks", aks: pools }).nodeCount, 7);
  });

  it("of somebody else's cluster are what its owner says, and nothing is made up", () => {
    assert.deepEqual(
      factsOf({ ...existing, cilium: { kubeProxyReplacement: false }, existing: { podCidr: "100.64.0.0/16" } }),
      {
        target: "existing",
        lifetime: "lasting",
        nodes: "real",
        nodeCount: 2,
        podCidr: "100.64.0.0/16",
        nodeRanges: [],
        egressNodes: [],
        ipam: "cluster-pool",
        aksByoCni: false,
        routing: ["tunnel"],
        kubeProxy: "kept",
        exposure: "loadBalancer",
        entry: ["world"],
        announcements: "pointless",
        apiServerPlaces: ["outside the cluster", "on another node", "on the pod's node"],
        apiServer: { kind: "unknown" },
      },
    );
  });

  it("of somebody else's cluster take every word of its owner [S1-51] [S1-53]", () => {
    assert.deepEqual(
      factsOf({
        ...existing,
        existing: {
          podCidr: "100.64.0.0/16",
          serviceCidr: "172.20.0.0/16",
          nodeCount: 9,
          ipam: "kubernetes",
          routing: ["native", "tunnel"],
          apiServerHost: "api.example.com",
          apiServerPort: 6443,
          kubeProxy: "removed",
          exposure: "nodePort",
          announcements: "possible",
          kubernetesVersion: "1.33",
        },
      }),
      {
        target: "existing",
        lifetime: "lasting",
        kubernetesVersion: "1.33",
        nodes: "real",
        nodeCount: 9,
        podCidr: "100.64.0.0/16",
        nodeRanges: [],
        egressNodes: [],
        serviceCidr: "172.20.0.0/16",
        ipam: "kubernetes",
        aksByoCni: false,
        routing: ["native", "tunnel"],
        kubeProxy: "removed",
        exposure: "nodePort",
        entry: ["world", "host", "remote-node"],
        announcements: "possible",
        apiServerPlaces: ["outside the cluster", "on another node", "on the pod's node"],
        apiServer: { kind: "known", host: "api.example.com", port: 6443 },
      },
    );
  });
});

describe("What a connection from outside is when it arrives", () => {
  for (const [what, written, entry] of [
    ["node ports and native routes", { target: "kind" }, ["world", "host", "remote-node"]],
    ["node ports and Cilium's tunnel", { target: "kind", cilium: { routing: "tunnel" } }, ["world"]],
    [
      "node ports of kube-proxy, tunnel or not",
      { target: "kind", cilium: { routing: "tunnel", kubeProxyReplacement: false } },
      ["world", "host", "remote-node"],
    ],
    ["a cloud's load balancer", { target: "aks" }, ["world"]],
    [
      "a load balancer that L2 announcements answer for",
      {
        ...existing,
        existing: {
          podCidr: "100.64.0.0/16",
          routing: ["native"],
          apiServerHost: "api.example.com",
          announcements: "possible",
        },
        cilium: { l2Announcements: true, lbIpam: true },
      },
      ["world", "host", "remote-node"],
    ],
  ] as const) {
    it(`behind ${what} is ${entry.join(", ")}`, () => {
      assert.deepEqual(factsOf(written).entry, entry);
    });
  }
});

/** What Cilium consists of on each kind of cluster, and which kinds its gate waits for. */
import assert from "node:assert/strict";

import { Cilium } from "../components/cilium/cilium.ts";
import { ciliumCrds } from "../components/cilium/crds.ts";
import type { ClusterFacts } from "../components/cluster/handle.ts";
import type { HelmValues } from "../components/chart.ts";
import { clusterHandle, cloudFacts, foreignFacts, localFacts, simulatedFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { isSecret, resolve } from "./support/resolve.ts";

async function record(facts: ClusterFacts, values: HelmValues = {}) {
  const recording = recordResources({ stack: "mine" });
  const cluster = clusterHandle(facts);
  const cilium = new Cilium("cilium", { cluster, values });
  await recording.settled();
  return { ...recording, cluster, cilium };
}

const release = "kubernetes:helm.sh/v3:Release::cilium-release";
const rolledOut = "platform:cilium:Ready::cilium-rolled-out";
const operator = "platform:cilium:OperatorProcess::cilium-operator-process";

describe("Cilium", () => {
  for (const [where, facts] of [
    ["on real nodes of this machine", localFacts],
    ["in a cloud", cloudFacts],
    ["on somebody else's cluster", foreignFacts],
  ] as const) {
    it(`is a release and its two gates ${where}`, async () => {
      const { resources } = await record(facts);
      assert.deepEqual(
        resources
          .filter(({ parent }) => parent === "platform:cilium:Cilium::cilium")
          .map(({ type, name }) => `${type} ${name}`),
        [
          "kubernetes:helm.sh/v3:Release cilium-release",
          "platform:cilium:Ready cilium-rolled-out",
          "platform:cilium:Ready cilium-ready",
        ],
      );
    });
  }

  it("has its operator as a process where pods are simulated", async () => {
    const { one, resources } = await record(simulatedFacts);
    assert.deepEqual(
      resources
        .filter(({ parent }) => parent === "platform:cilium:Cilium::cilium")
        .map(({ name }) => name)
        .sort(),
      ["cilium-operator-process", "cilium-ready", "cilium-release", "cilium-rolled-out"],
    );
    const process = one("cilium-operator-process");
    assert.deepEqual(process.inputs, {
      stack: "mine",
      clusterName: "platform-test",
      kubeconfig: "<secret>",
      revision: 1,
    });
    assert.ok(process.dependencies.includes(release));
    assert.equal(process.deletedWith, "test:index:Cluster::cluster-owner");
    // Without it nobody registers the kinds.
    assert.ok(one("cilium-ready").dependencies.includes(operator));
  });

  it("is what the cluster's network is called everywhere: cilium in kube-system", async () => {
    const { name, namespace, values } = (await record(localFacts, { routingMode: "native" })).one(
      "cilium-release",
    ).inputs;
    assert.deepEqual(
      { name, namespace, values },
      {
        name: "cilium",
        namespace: "kube-system",
        values: { routingMode: "native" },
      },
    );
  });

  it("is waited for in two steps: agents first, then the kinds of its features", async () => {
    const { one } = await record(localFacts, { egressGateway: { enabled: true } });
    const agents = one("cilium-rolled-out");
    assert.deepEqual(agents.inputs, { kubeconfig: "<secret>", revision: 1, crds: [], timeoutSeconds: 600 });
    assert.ok(agents.dependencies.includes(release));
    const kinds = one("cilium-ready");
    assert.deepEqual(kinds.inputs["crds"], ciliumCrds({ egressGateway: { enabled: true } }));
    assert.ok(kinds.dependencies.includes(rolledOut));
  });

  it("goes with its cluster, and is taken apart where somebody else made that", async () => {
    const ours = await record(simulatedFacts);
    for (const name of ["cilium-release", "cilium-rolled-out", "cilium-ready", "cilium-operator-process"]) {
      assert.equal(ours.one(name).deletedWith, "test:index:Cluster::cluster-owner", name);
    }
    const theirs = await record(foreignFacts);
    for (const name of ["cilium-release", "cilium-rolled-out", "cilium-ready"]) {
      assert.equal(theirs.one(name).deletedWith, undefined, name);
    }
  });

  it("hands on the same cluster, on which everything comes after the agents", async () => {
    const { cluster, cilium } = await record(cloudFacts);
    const { after, ...rest } = cilium.cluster;
    const { after: _network, ...before } = cluster;
    assert.deepEqual(rest, before);
    assert.deepEqual(await Promise.all(after.map(({ urn }) => resolve(urn))), [
      "urn:pulumi:mine::platform::platform:cilium:Cilium$platform:cilium:Ready::cilium-rolled-out",
    ]);
    assert.equal(await isSecret(cilium.cluster.kubeconfig), true);
  });
});

describe("the kinds that exist", () => {
  const usual = [
    "ciliumnetworkpolicies.cilium.io",
    "ciliumclusterwidenetworkpolicies.cilium.io",
    "ciliumcidrgroups.cilium.io",
    "ciliumendpoints.cilium.io",
    "ciliumidentities.cilium.io",
    "ciliumnodes.cilium.io",
    "ciliumnodeconfigs.cilium.io",
    "ciliumpodippools.cilium.io",
    "ciliumloadbalancerippools.cilium.io",
    "ciliuml2announcementpolicies.cilium.io",
  ];
  const bgp = [
    "ciliumbgpclusterconfigs.cilium.io",
    "ciliumbgppeerconfigs.cilium.io",
    "ciliumbgpadvertisements.cilium.io",
    "ciliumbgpnodeconfigs.cilium.io",
    "ciliumbgpnodeconfigoverrides.cilium.io",
  ];
  const envoy = ["ciliumenvoyconfigs.cilium.io", "ciliumclusterwideenvoyconfigs.cilium.io"];
  const on = { enabled: true };
  const rows: readonly [string, HelmValues, readonly string[]][] = [
    ["with no feature on", {}, []],
    ["with the egress gateway", { egressGateway: on }, ["ciliumegressgatewaypolicies.cilium.io"]],
    ["with BGP", { bgpControlPlane: on }, bgp],
    ["with Envoy's configuration", { envoyConfig: on }, envoy],
    ["with the ingress controller", { ingressController: on }, envoy],
    ["with Cilium's own Gateway API", { gatewayAPI: on }, [...envoy, "ciliumgatewayclassconfigs.cilium.io"]],
    ["with load balancing by Envoy", { loadBalancer: { l7: { backend: "envoy" } } }, envoy],
    ["with local redirect policies", { localRedirectPolicies: on }, ["ciliumlocalredirectpolicies.cilium.io"]],
    [
      "with local redirect policies by their older value",
      { localRedirectPolicy: true },
      ["ciliumlocalredirectpolicies.cilium.io"],
    ],
    ["with endpoint slices", { ciliumEndpointSlice: on }, ["ciliumendpointslices.cilium.io"]],
    ["with datapath plugins", { datapathPlugins: on }, ["ciliumdatapathplugins.cilium.io"]],
    ["with a feature off in so many words", { egressGateway: { enabled: false } }, []],
    ["with a feature that is only configured", { bgpControlPlane: { secretsNamespace: { name: "x" } } }, []],
    ["with a word where a block belongs", { egressGateway: "on" }, []],
    ["with nothing where a block belongs", { egressGateway: null }, []],
    ["with L2 announcements, whose kind is always there", { l2announcements: on }, []],
    [
      "with everything at once",
      { egressGateway: on, bgpControlPlane: on, envoyConfig: on, gatewayAPI: on },
      ["ciliumegressgatewaypolicies.cilium.io", ...bgp, ...envoy, "ciliumgatewayclassconfigs.cilium.io"],
    ],
  ];
  for (const [what, values, more] of rows) {
    it(`are ${String(10 + more.length)} ${what}`, () => {
      assert.deepEqual(ciliumCrds(values), [...usual, ...more]);
    });
  }

  it("do not include endpoints where the stack wants none", () => {
    assert.deepEqual(
      ciliumCrds({ disableEndpointCRD: true }),
      usual.filter((name) => name !== "ciliumendpoints.cilium.io"),
    );
    assert.deepEqual(ciliumCrds({ disableEndpointCRD: false }), usual);
  });
});

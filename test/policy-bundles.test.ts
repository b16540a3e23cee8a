import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { isolatedNamespaces, namespaceLabels } from "../components/namespace-labels.ts";
import { Namespaces } from "../components/namespaces.ts";
import { PolicyBundles } from "../components/policy-bundles.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import { silentContext } from "./support/bundle-context.ts";
import { clusterHandle, foreignFacts, localFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

describe("Labels of a namespace", () => {
  for (const [what, choices, labels] of [
    ["isolated", { isolated: true, labels: {} }, { "kyverno.io/isolate": "true" }],
    ["open", { isolated: false, labels: {} }, { "kyverno.io/isolate": "false" }],
    [
      "isolated, with labels of the stack",
      { isolated: true, labels: { environment: "dev", "platform-gateway-access": "true" } },
      { environment: "dev", "platform-gateway-access": "true", "kyverno.io/isolate": "true" },
    ],
    [
      "isolated, whatever a label says",
      { isolated: true, labels: { "kyverno.io/isolate": "no" } },
      { "kyverno.io/isolate": "true" },
    ],
    [
      "open, whatever a label says",
      { isolated: false, labels: { "kyverno.io/isolate": "true" } },
      { "kyverno.io/isolate": "false" },
    ],
  ] as const) {
    it(`${what}: they say so [S1-29]`, () => {
      assert.deepEqual(namespaceLabels(choices), labels);
    });
  }
});

describe("Namespaces", () => {
  const { namespaces } = settingsOf({
    namespaces: { uat: {}, dev: { labels: { environment: "dev" } }, open: { isolated: false } },
  });

  it("are made with their labels, and forgotten with the cluster", async () => {
    const recording = recordResources();
    new Namespaces("namespaces", { cluster: clusterHandle(localFacts), namespaces });
    await recording.settled();

    const dev = recording.one("namespaces-dev");
    assert.deepEqual(dev.inputs["metadata"], {
      name: "dev",
      labels: { environment: "dev", "kyverno.io/isolate": "true" },
    });
    assert.equal(dev.deletedWith, "test:index:Cluster::cluster-owner");
    assert.deepEqual(recording.one("namespaces-open").inputs["metadata"], {
      name: "open",
      labels: { "kyverno.io/isolate": "false" },
    });
  });

  it("that start closed are those not opened by the stack, sorted", () => {
    assert.deepEqual(isolatedNamespaces(namespaces), ["dev", "uat"]);
  });
});

describe("PolicyBundles", () => {
  const manifests = baseline.manifests({ ...silentContext, isolatedNamespaces: ["dev"] });

  it("applies the very objects it is given, after the network and the namespaces", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(localFacts);
    const namespaces = new Namespaces("namespaces", {
      cluster,
      namespaces: settingsOf({ namespaces: { dev: {} } }).namespaces,
    });
    new PolicyBundles("policies", {
      cluster,
      manifests,
      after: [namespaces],
      namespaces: namespaces.made,
      addons: {},
    });
    await recording.settled();

    const deny = recording.one("policies-dev-default-deny");
    assert.equal(deny.type, "kubernetes:networking.k8s.io/v1:NetworkPolicy");
    const dns = recording.one("policies-dev-allow-dns");
    assert.equal(dns.type, "kubernetes:cilium.io/v2:CiliumNetworkPolicy");
    for (const [applied, manifest] of [
      [deny, manifests[0]],
      [dns, manifests[1]],
    ] as const) {
      assert.deepEqual({ ...applied.inputs }, manifest);
      // Taken out of its namespace first, a default deny that Kyverno protects would be refused.
      assert.equal(applied.deletedWith, "kubernetes:core/v1:Namespace::namespaces-dev");
      assert.ok(applied.dependencies.includes("test:index:Network::network-ready"));
      assert.ok(applied.dependencies.includes("kubernetes:core/v1:Namespace::namespaces-dev"));
    }
  });

  it("names objects of whole clusters without a namespace", async () => {
    const recording = recordResources();
    new PolicyBundles("policies", {
      cluster: clusterHandle(foreignFacts),
      manifests: [
        {
          apiVersion: "cilium.io/v2",
          kind: "CiliumClusterwideNetworkPolicy",
          metadata: { name: "guardrail" },
          spec: { endpointSelector: {} },
        },
      ],
      after: [],
      namespaces: {},
      addons: {},
    });
    await recording.settled();
    assert.equal(recording.one("policies-guardrail").deletedWith, undefined);
  });

  it("waits for an add-on where an object lies in its namespace, and nowhere else", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(localFacts);
    const addon = new Addon();
    const placed = baseline.manifests({ ...silentContext, isolatedNamespaces: ["dev", "platform-gateway"] });
    new PolicyBundles("policies", {
      cluster,
      manifests: placed,
      after: [],
      namespaces: {},
      addons: { "platform-gateway": addon },
    });
    await recording.settled();
    const waits = (name: string): boolean => recording.one(name).dependencies.includes("test:index:Addon::addon");
    assert.ok(waits("policies-platform-gateway-default-deny"));
    assert.ok(!waits("policies-dev-default-deny"));
  });

  it("protects what is there, and lets go of it first, so that a stack that takes itself away is not refused", async () => {
    const recording = recordResources();
    const cluster = clusterHandle(foreignFacts);
    const addon = new Addon();
    const context = { ...silentContext, isolatedNamespaces: ["dev"], kyverno: "installed" } as const;
    new PolicyBundles("policies", {
      cluster,
      manifests: [...baseline.manifests(context)].reverse(),
      after: [],
      namespaces: {},
      addons: { kyverno: addon },
    });
    await recording.settled();
    const waitsFor = (name: string): string[] =>
      recording.one(name).dependencies.filter((each) => !each.startsWith("test:index:Network"));
    assert.deepEqual(waitsFor("policies-dev-default-deny"), []);
    for (const [name, kind] of [
      ["policies-default-deny-namespaces", "GeneratingPolicy"],
      ["policies-protect-default-deny-netpol", "ValidatingPolicy"],
      ["policies-protect-isolation", "ValidatingPolicy"],
    ] as const) {
      assert.equal(recording.one(name).type, `kubernetes:policies.kyverno.io/v1:${kind}`);
      assert.deepEqual(waitsFor(name).sort(), [
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::policies-dev-default-deny",
        "test:index:Addon::addon",
      ]);
    }
  });
});

/** Something that makes a namespace. */
class Addon extends pulumi.CustomResource {
  constructor() {
    super("test:index:Addon", "addon", {});
  }
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { goldenDifferences, goldenFile, goldenText } from "./support/golden.ts";
import { runEntry, runProgram } from "./support/program.ts";
import type { ProgramRecord, ResourceRecord } from "./support/records.ts";
import { stackCases, written } from "./support/stacks.ts";

function stackCalled(name: string) {
  const found = stackCases.find(({ stack }) => stack === name);
  if (found === undefined) throw new Error(`no stack is called ${name}`);
  return found;
}

function one({ resources }: ProgramRecord, name: string): ResourceRecord {
  const found = resources.filter((resource) => resource.name === name);
  assert.equal(found.length, 1, `${String(found.length)} resources are called ${name}`);
  return found[0] as ResourceRecord;
}

function policiesOf({ resources }: ProgramRecord) {
  return resources
    .filter(({ name, kind }) => name.startsWith("policies-") && kind === "custom")
    .map(({ name, inputs }) => ({ name, inputs }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

describe("The program", function () {
  // Each stack is a process of its own, two at a time.
  this.timeout(120_000);

  before(() => {
    for (const stack of stackCases) void runProgram(stack);
  });

  for (const stack of stackCases) {
    it(`registers for stack ${stack.stack} what its golden says (npm run golden writes it anew)`, async () => {
      const text = goldenText(await runProgram(stack));
      const golden = readFileSync(goldenFile(stack.stack), "utf8");
      assert.equal(goldenDifferences(golden, text), "");
      assert.equal(text === golden, true, "the same resources, but another text");
    });
  }

  it("puts policies into the namespaces of add-ons once those are there, and others without waiting for them", async () => {
    const run = await runProgram(
      written("closed", {
        target: "kind",
        namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
        policies: {
          bundles: ["baseline", "environment-isolation", "gateway", "platform"],
          environmentIsolation: { environments: ["dev", "uat"] },
        },
      }),
    );
    const addons = ["gateway-gateway", "argocd-release", "kyverno-release"];
    const awaited = (name: string): readonly string[] =>
      addons.filter((addon) => one(run, name).dependencies.some((urn) => urn.endsWith(`::${addon}`)));
    assert.deepEqual(awaited("policies-platform-gateway-data-plane"), ["gateway-gateway"]);
    assert.deepEqual(awaited("policies-nginx-gateway-control-plane"), ["gateway-gateway"]);
    assert.deepEqual(awaited("policies-argocd-redis"), ["argocd-release"]);
    assert.deepEqual(awaited("policies-kyverno-webhooks"), ["kyverno-release"]);
    assert.deepEqual(awaited("policies-isolate-environment-dev"), []);
    assert.deepEqual(awaited("policies-dev-default-deny"), []);
  });

  it("gives a copied stack a cluster, names and a tag of its own in Azure, and shares nothing with the first", async () => {
    const namesOf = async (stack: string) =>
      (await runProgram(stackCalled(stack))).resources
        .filter(({ type }) => type.startsWith("azure-native:"))
        .flatMap(({ inputs }) => [
          inputs["resourceGroupName"],
          inputs["resourceName"],
          inputs["dnsPrefix"],
          inputs["virtualNetworkName"],
          inputs["publicIpPrefixName"],
          inputs["nodeResourceGroup"],
        ])
        .filter((name) => typeof name === "string");
    const [first, second] = [await namesOf("aks"), await namesOf("prod")];
    assert.equal(first.length, second.length);
    assert.deepEqual(
      first.filter((name) => second.includes(name)),
      [],
    );
  });

  it("tunnels on AKS and hands out the cluster's own pod range [S2-04]", async () => {
    const { inputs } = one(await runProgram(stackCalled("aks")), "cilium-release");
    const values = inputs["values"] as Record<string, unknown>;
    assert.deepEqual(values["aksbyocni"], { enabled: true });
    assert.equal(values["routingMode"], "tunnel");
    assert.deepEqual(values["ipam"], {
      mode: "cluster-pool",
      operator: { clusterPoolIPv4MaskSize: 24, clusterPoolIPv4PodCIDRList: ["10.244.0.0/16"] },
    });
    const cluster = one(await runProgram(stackCalled("aks")), "cluster-managed-cluster").inputs["networkProfile"];
    assert.equal((cluster as Record<string, unknown>)["podCidr"], "10.244.0.0/16");
  });

  it("lets traffic in on AKS by a load balancer, and takes no port of any node [S1-52]", async () => {
    const { resources } = await runProgram(stackCalled("aks"));
    const text = JSON.stringify(resources);
    assert.doesNotMatch(text, /"nodePort"|"NodePort"|"hostPort":/);
    assert.match(text, /"type":"LoadBalancer"/);
  });

  it("applies the same policies on every target [S1-61]", async () => {
    const [kind, ...others] = await Promise.all(
      ["kind", "kwok", "aks", "existing"].map(async (stack) => policiesOf(await runProgram(stackCalled(stack)))),
    );
    assert.notEqual(kind?.length, 0);
    for (const other of others) assert.deepEqual(other, kind);
  });

  it("hands nobody's kubeconfig on: a secret of its own clusters, none of somebody else's", async () => {
    for (const stack of ["kind", "kwok", "aks", "prod"]) {
      assert.equal((await runProgram(stackCalled(stack))).outputs["kubeconfig"], "<secret>");
    }
    assert.equal("kubeconfig" in (await runProgram(stackCalled("existing"))).outputs, false);
  });

  it("says by which public addresses an egress pool leaves, and nothing of the kind without one", async () => {
    const stack = written("egress", {
      target: "aks",
      aks: { egressPool: { enabled: true } },
      cilium: { egressGateway: true },
    });
    assert.equal((await runProgram(stack)).outputs["egressPrefix"], "198.51.100.0/31");
    assert.equal("egressPrefix" in (await runProgram(stackCalled("aks"))).outputs, false);
  });

  it("is refused before anything is registered when it cannot work", async () => {
    await assert.rejects(runProgram(written("refused", { target: "aks", aks: { kubeProxy: "removed" } })), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /Pulumi\.refused\.yaml › aks\.kubeProxy: .*\n.*\n.*\[aks\/kube-proxy-preview\]/);
      return true;
    });
  });
});

describe("The difference of two goldens", () => {
  const nothing = { dependencies: [], ignoreChanges: [], additionalSecretOutputs: [], aliases: [] };
  function goldenOf(names: Readonly<Record<string, unknown>>): string {
    const resources = Object.entries(names).map(([name, value]): ResourceRecord => {
      return { ...nothing, type: "test:index:Thing", name, kind: "custom", inputs: { value } };
    });
    return goldenText({ resources, outputs: { nodes: "real" } });
  }

  for (const { what, after, expected } of [
    { what: "nothing where nothing changed", after: { first: 1, second: ["a", "b"] }, expected: "" },
    {
      what: "a changed value",
      after: { first: 2, second: ["a", "b"] },
      expected: 'test:index:Thing::first\n  - "value": 1\n  + "value": 2',
    },
    {
      what: "a resource that is gone",
      after: { second: ["a", "b"] },
      expected: 'test:index:Thing::first\n  - {\n  - "inputs": {\n  - "value": 1\n  - }\n  - }',
    },
    {
      what: "another order",
      after: { first: 1, second: ["b", "a"] },
      expected: "test:index:Thing::second\n  other order",
    },
  ]) {
    it(`is ${what}`, () => {
      assert.equal(goldenDifferences(goldenOf({ first: 1, second: ["a", "b"] }), goldenOf(after)), expected);
    });
  }

  it("never shows in the order of registration", () => {
    assert.equal(goldenOf({ first: 1, second: 2 }), goldenOf({ second: 2, first: 1 }));
  });
});

describe("The runner of programs", function () {
  this.timeout(60_000);

  const programs = join(import.meta.dirname, "fixtures/programs");

  it("passes on what a program throws", async () => {
    await assert.rejects(
      runEntry({ ...written("any", { target: "kwok" }), entry: join(programs, "throws.ts") }),
      /the program of stack any failed: Error: thrown on purpose/,
    );
  });

  it("does not wait for a program that will never end", async () => {
    await assert.rejects(
      runEntry({ ...written("any", { target: "kwok" }), entry: join(programs, "never-ends.ts"), patienceMs: 300 }),
      /the program of stack any failed: Error: the end of the program's module did not come within 0\.3 s/,
    );
  });

  it("fails when a resource does", async () => {
    await assert.rejects(
      runEntry({ ...written("any", { target: "kwok" }), entry: join(programs, "same-name-twice.ts") }),
      /platform:test:Group::group is registered twice/,
    );
  });
});

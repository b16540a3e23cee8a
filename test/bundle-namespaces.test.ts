/** Namespaces that bundles bring along, and stacks whose choices cannot go with a bundle. */
import assert from "node:assert/strict";

import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { bundleNames, choiceKey } from "../policies/choices.ts";
import { runProgram } from "./support/program.ts";
import { settingsOf } from "./support/settings.ts";
import { written } from "./support/stacks.ts";

function refused(stack: Readonly<Record<string, unknown>>): string {
  try {
    settingsOf(stack);
  } catch (error) {
    if (error instanceof ProblemsError) return formatProblems(error.problems);
    throw error;
  }
  return "";
}

describe("A bundle with a namespace of its own", () => {
  it("brings it along, closed", () => {
    const { namespaces } = settingsOf({ namespaces: { dev: {} }, policies: { bundles: ["baseline", "demo-dns"] } });
    assert.deepEqual(namespaces, {
      "demo-dns": { isolated: true, labels: {} },
      dev: { isolated: true, labels: {} },
    });
  });

  it("takes the one that the stack names, with the labels of the stack", () => {
    const { namespaces } = settingsOf({
      namespaces: { bots: { labels: { team: "media" } } },
      policies: { bundles: ["baseline", "demo-dns"], demoDns: { namespace: "bots" } },
    });
    assert.deepEqual(namespaces, { bots: { isolated: true, labels: { team: "media" } } });
  });

  it("brings none while it is off", () => {
    assert.deepEqual(settingsOf({ policies: { demoDns: { namespace: "bots" } } }).namespaces, {});
  });

  it("is refused without the baseline, in an open namespace, and in one of the platform's, all at once", () => {
    assert.equal(
      refused({
        namespaces: { "demo-dns": { isolated: false } },
        policies: { bundles: ["demo-dns", "demo-flights"], demoFlights: { namespace: "kyverno" } },
      }),
      "Pulumi.test.yaml › namespaces.demo-dns.isolated: `false`, but the bundle `demo-dns` lives in `demo-dns`\n" +
        "  expected a closed namespace, because what the bundle does not allow would be open\n" +
        "  fix: take the line away, or name another namespace in policies.demoDns.namespace  [policies/namespace-open]\n\n" +
        "Pulumi.test.yaml › policies.bundles: `demo-dns` is chosen without `baseline`\n" +
        "  expected what it opens to be closed first, and name resolution to be left open\n" +
        "  fix: add `baseline`  [policies/needs-baseline]\n\n" +
        "Pulumi.test.yaml › policies.bundles: `demo-flights` is chosen without `baseline`\n" +
        "  expected what it opens to be closed first, and name resolution to be left open\n" +
        "  fix: add `baseline`  [policies/needs-baseline]\n\n" +
        "Pulumi.test.yaml › policies.demoFlights.namespace: `kyverno` belongs to Kyverno\n" +
        "  expected a namespace of the stack's own\n" +
        "  fix: choose another name  [settings/namespace-taken]",
    );
  });

  it("is told what it may be told under its own name", () => {
    assert.deepEqual(bundleNames.slice(-8).map(choiceKey), [
      "apimOpenai",
      "egressGateway",
      "loadBalancer",
      "fqdnEgress",
      "demoDns",
      "demoFlights",
      "demoStarWars",
      "admission",
    ]);
  });
});

describe("A stack with all of these bundles", function () {
  this.timeout(60_000);

  it("makes their namespaces before their policies", async () => {
    const chosen = ["baseline", "apim-openai", "fqdn-egress", "demo-dns", "demo-flights", "demo-star-wars"];
    const { resources } = await runProgram(written("bundled", { target: "kwok", policies: { bundles: chosen } }));
    const made = resources.filter(({ type }) => type === "kubernetes:core/v1:Namespace").map(({ name }) => name);
    for (const namespace of chosen.slice(1)) assert.ok(made.includes(`namespaces-${namespace}`), namespace);
    const policies = resources.filter(({ type }) => type === "kubernetes:cilium.io/v2:CiliumNetworkPolicy");
    assert.equal(policies.length, 5 + 12 + 1 + 1 + 4 + 3);
  });
});

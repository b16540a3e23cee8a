/** The OIDC reference application: its whole matrix, the shapes it may have, and the stand-ins that have its labels. */
import assert from "node:assert/strict";
import { join } from "node:path";

import { baseline } from "../policies/baseline/bundle.ts";
import type { Bundle, BundleContext, Manifest } from "../policies/bundle.ts";
import { environmentIsolation } from "../policies/environment-isolation/bundle.ts";
import { gateway } from "../policies/gateway/bundle.ts";
import { workloadsIn } from "../policies/manifests.ts";
import { oidcReferenceApp } from "../policies/oidc-reference-app/bundle.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { contextOf } from "./support/bundle-context.ts";
import { edgesOf, objectsOf, outcome, worldOf } from "./support/bundle-world.ts";

type Written = Readonly<Record<string, unknown>>;

const bundles: readonly Bundle[] = [baseline, environmentIsolation, gateway, oidcReferenceApp];
const names = bundles.map(({ name }) => name);

function telling(choices: Written, more: Written = {}): BundleContext {
  const { environments = ["dev", "uat"] } = choices as { readonly environments?: readonly string[] };
  const alone = environments.length < 2;
  return contextOf({
    ...more,
    policies: {
      bundles: alone ? names.filter((name) => name !== "environment-isolation") : names,
      environmentIsolation: { environments },
      oidcReferenceApp: choices,
    },
  });
}

function problemsOf(context: BundleContext, ...chosen: readonly Bundle[]): string {
  return formatProblems(
    prove({ bundles: chosen, context, apiServer: ["on another node", "outside the cluster"] }).problems,
  );
}

/** Each connection once; the node and name resolution apart. */
function matrixOf(context: BundleContext): readonly string[] {
  const { environments, identityNamespace, apimNamespace } = context.choices.oidcReferenceApp;
  const world = worldOf(objectsOf(bundles, context));
  const all = [...environments, identityNamespace, apimNamespace].flatMap((namespace) => edgesOf(namespace, world));
  return [...new Set(all)].sort();
}

const whole = telling({ apiNames: ["www.cloudflare.com", "cloudflare.com"], collectorNamespace: "observability" });

function environmentMatrix(environment: string, simulator: string): readonly string[] {
  return [
    `platform-gateway/data-plane -> ${environment}/oauth2-proxy TCP 4180`,
    `platform-gateway/data-plane -> azure-apim-sim/${simulator} TCP 8000`,
    `azure-apim-sim/${simulator} -> ${environment}/api TCP 80`,
    `azure-apim-sim/${simulator} -> azure-entraid-sim/keycloak TCP 8080`,
    `${environment}/oauth2-proxy -> ${environment}/frontend TCP 80`,
    `${environment}/oauth2-proxy -> ${environment}/frontend-a TCP 80`,
    `${environment}/oauth2-proxy -> ${environment}/frontend-b TCP 80`,
    `${environment}/oauth2-proxy -> azure-entraid-sim/keycloak TCP 8080`,
    `${environment}/frontend-a -> ${environment}/api TCP 80`,
    `${environment}/frontend-b -> ${environment}/api TCP 80`,
    `${environment}/warmup -> ${environment}/api TCP 80`,
    `${environment}/api -> azure-entraid-sim/keycloak TCP 8080`,
    `${environment}/api -> ${environment}/azurite TCP 10000-10002`,
    `${environment}/api -> ${environment}/servicebus TCP 5671-5672`,
    `${environment}/servicebus -> ${environment}/azurite TCP 10000-10002`,
  ];
}

describe("The OIDC reference application", () => {
  const world = worldOf(objectsOf(bundles, whole));

  it("opens these connections besides DNS and the node, and no others [S1-38] [S1-46] [S1-47] [S1-56]", () => {
    assert.deepEqual(
      matrixOf(whole),
      [
        ...environmentMatrix("dev", "apim-simulator"),
        ...environmentMatrix("uat", "apim-simulator-uat"),
        "platform-gateway/data-plane -> azure-entraid-sim/keycloak TCP 8080",
        "azure-apim-sim/apim-gateway -> nginx-gateway/control-plane TCP 8443",
        "azure-apim-sim/apim-gateway -> azure-apim-sim/apim-simulator TCP 8000",
        "azure-apim-sim/apim-gateway -> azure-entraid-sim/keycloak TCP 8080",
        ...["dev", "uat"].flatMap((environment) => [
          `${environment}/api -> observability/collector TCP 4318`,
          `${environment}/api -> cloudflare.com TCP 443`,
          `${environment}/api -> www.cloudflare.com TCP 443`,
        ]),
      ].sort(),
    );
  });

  it("promises all of it, and every pair beside it closed [S1-56]", () => {
    const lines = oidcReferenceApp.promises(whole);
    const text = (line: (typeof lines)[number]): string =>
      "must" in line ? `must ${line.must}` : `never ${line.never}`;
    const told = lines.map(text);
    assert.ok(lines.every(({ because }) => because !== ""));
    const parts = oidcReferenceApp
      .examples(whole)
      .map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`)
      .filter((name) => /^(dev|azure)/.test(name));
    assert.equal(parts.length, 8 + 1 + 3);
    for (const from of parts) {
      for (const to of parts.filter((part) => part !== from)) {
        assert.ok(
          told.some((line) => line.startsWith(`never ${from} -> ${to}`)),
          `nothing is said of ${from} -> ${to}`,
        );
      }
    }
    assert.ok(told.includes("never dev/* -> uat/*") && told.includes("never uat/* -> dev/*"));
    assert.ok(told.includes("must dev/api -> dev/azurite TCP 10000, 10001, 10002"));
    assert.ok(told.includes("never dev/api -> dev/azurite TCP 10003; UDP 10000, 10001, 10002"));
  });

  for (const [what, context] of [
    ["by itself", telling({})],
    ["in one environment", telling({ environments: ["dev"] })],
    ["in three environments", telling({ environments: ["dev", "uat", "prod"] })],
    [
      "with a collector that the stack closes",
      telling({ collectorNamespace: "telemetry" }, { namespaces: { telemetry: {} } }),
    ],
    ["in a cloud", telling({}, { target: "aks" })],
    ["with the emulator beside the storage", telling({ serviceBus: "sidecar" })],
    ["without frontends of its own kind", telling({ frontends: [] })],
  ] as const) {
    it(`is proved ${what}`, () => {
      const chosen =
        context.choices.oidcReferenceApp.environments.length < 2 ? [baseline, gateway, oidcReferenceApp] : bundles;
      assert.equal(problemsOf(context, ...chosen), "");
    });
  }

  it("keeps environments apart by itself, with the guardrail and without [S1-56]", () => {
    assert.equal(problemsOf(whole, baseline, gateway, oidcReferenceApp), "");
    assert.equal(outcome("dev/api -> uat/azurite TCP 10000", world), "denied");
    assert.equal(outcome("azure-apim-sim/apim-simulator -> uat/api TCP 80", world), "denied");
  });

  it("has no frontend that calls API Management, and two that never meet [S1-46] [S1-56]", () => {
    for (const question of [
      "dev/frontend -> azure-apim-sim/apim-simulator TCP 8000",
      "dev/frontend -> dev/api TCP 80",
      "dev/frontend-a -> dev/frontend-b TCP 80",
      "dev/frontend-b -> dev/frontend-a TCP 80",
      "dev/frontend-a -> dev/frontend TCP 80",
      "platform-gateway/data-plane -> dev/frontend-a TCP 80",
    ]) {
      assert.equal(outcome(question, world), "denied", question);
    }
  });

  it("leaves storage on the listed ports, and nothing beside them [S1-38]", () => {
    for (const [port, expected] of [
      [9999, "denied"],
      [10000, "allowed"],
      [10001, "allowed"],
      [10002, "allowed"],
      [10003, "denied"],
    ] as const) {
      assert.equal(outcome(`dev/api -> dev/azurite TCP ${String(port)}`, world), expected);
    }
    assert.equal(outcome("dev/azurite -> dev/api TCP 80", world), "denied");
  });

  it("takes the ports of storage and messaging from the stack [S1-49]", () => {
    const other = telling({ storagePorts: [11000], messagingPorts: [5673, 5300] });
    const about = matrixOf(other).filter((edge) => /^dev\/.*(azurite|servicebus)/.test(edge));
    assert.deepEqual(about, [
      "dev/api -> dev/azurite TCP 11000",
      "dev/api -> dev/servicebus TCP 5300, 5673",
      "dev/servicebus -> dev/azurite TCP 11000",
    ]);
    const none = matrixOf(telling({ storagePorts: [], messagingPorts: [] }));
    assert.deepEqual(
      none.filter((edge) => /azurite|servicebus/.test(edge)),
      [],
    );
  });

  it("has the emulator beside the storage where the stack says so: one pod, and no connection between them [S1-48]", () => {
    const about = (context: BundleContext): readonly string[] =>
      matrixOf(context).filter((edge) => /^dev\/.*(azurite|servicebus)/.test(edge));
    assert.deepEqual(about(telling({ serviceBus: "sidecar" })), ["dev/api -> dev/azurite TCP 5671-5672, 10000-10002"]);
    assert.deepEqual(about(telling({ serviceBus: "absent" })), ["dev/api -> dev/azurite TCP 10000-10002"]);
  });

  it("makes its namespaces with the labels they need, and leaves the stack's own word alone", () => {
    const labels = { "platform-gateway-access": "not-yet", team: "a" };
    const { namespaceLabels } = telling({}, { namespaces: { dev: { labels } } });
    assert.deepEqual(namespaceLabels["dev"], {
      "platform-gateway-access": "not-yet",
      environment: "dev",
      team: "a",
      "kyverno.io/isolate": "true",
    });
    assert.deepEqual(namespaceLabels["azure-entraid-sim"], {
      "platform-gateway-access": "true",
      "kyverno.io/isolate": "true",
    });
  });
});

describe("The OIDC reference application is refused", () => {
  const refused = (policies: Written): string => {
    try {
      contextOf({ policies });
    } catch (error) {
      assert.ok(error instanceof ProblemsError, String(error));
      return formatProblems(error.problems);
    }
    return "";
  };
  const chosen = ["baseline", "gateway", "oidc-reference-app"];

  it("without the gateway's bundle and without the baseline, each told once", () => {
    assert.equal(
      refused({ bundles: ["oidc-reference-app"] }),
      "Pulumi.test.yaml › policies.bundles: `oidc-reference-app` is chosen without `baseline`\n" +
        "  expected what it opens to be closed first, and name resolution to be left open\n" +
        "  fix: add `baseline`  [policies/needs-baseline]\n\n" +
        "Pulumi.test.yaml › policies.bundles: `oidc-reference-app` is chosen without `gateway`\n" +
        "  expected the way in to be closed but for what it needs, since the application is reached by it alone\n" +
        "  fix: add `gateway`  [policies/needs-gateway]",
    );
    assert.equal(refused({ bundles: chosen }), "");
  });

  it("with two of it in one namespace, and with a frontend that has another's name", () => {
    const said = refused({
      bundles: chosen,
      oidcReferenceApp: {
        environments: ["dev", "dev"],
        apimNamespace: "azure-entraid-sim",
        frontends: ["api", "x", "x"],
      },
    });
    assert.deepEqual(
      said.split("\n").filter((line) => line.startsWith("Pulumi")),
      [
        "Pulumi.test.yaml › policies.oidcReferenceApp.apimNamespace: `azure-entraid-sim` is the name of another one",
        "Pulumi.test.yaml › policies.oidcReferenceApp.environments[1]: `dev` is the name of another one",
        "Pulumi.test.yaml › policies.oidcReferenceApp.frontends[0]: `api` is the name of another one",
        "Pulumi.test.yaml › policies.oidcReferenceApp.frontends[2]: `x` is the name of another one",
      ],
    );
  });

  it("nowhere", () => {
    assert.match(refused({ bundles: chosen, oidcReferenceApp: { environments: [] } }), /settings\/bundle-about-nobody/);
  });
});

describe("Stand-ins of the OIDC reference application", () => {
  const folder = join(import.meta.dirname, "../policies/oidc-reference-app");
  const examples = oidcReferenceApp.examples(telling({}));

  for (const [file, namespace] of [
    ["environment", "dev"],
    ["environment", "uat"],
    ["identity", "azure-entraid-sim"],
    ["apim", "azure-apim-sim"],
  ] as const) {
    it(`in ${file}.yaml are those that the promises in ${namespace} speak of, label by label`, () => {
      const standIns = workloadsIn(folder, `workloads/${file}.yaml`, namespace);
      const spoken = examples.filter(
        ({ metadata }) => metadata.namespace === namespace && metadata.name !== "apim-gateway",
      );
      const labelsOf = ({ spec }: Manifest): unknown =>
        (spec["template"] as { readonly metadata: { readonly labels: unknown } }).metadata.labels;
      assert.deepEqual(
        Object.fromEntries(standIns.map((each) => [each.metadata.name, labelsOf(each)])),
        Object.fromEntries(spoken.map(({ metadata }) => [metadata.name, metadata.labels])),
      );
    });
  }
});

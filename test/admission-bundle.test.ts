/** The bundle admission: what a stack tells it, and what it tells Kyverno. What Kyverno makes of it: test/render. */
import assert from "node:assert/strict";

import { admission, textsInCel } from "../policies/admission/bundle.ts";
import type { Manifest } from "../policies/bundle.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { partOfLabel, platformName } from "../policies/names.ts";
import { prove } from "../policies/prove.ts";
import type { ValidatingPolicySpec } from "../policies/types/kyverno.ts";
import { contextOf, fullContext } from "./support/bundle-context.ts";
import { settingsOf } from "./support/settings.ts";

function named(name: string, stack: Readonly<Record<string, unknown>>): ValidatingPolicySpec | undefined {
  const found = admission.manifests(contextOf(stack)).find(({ metadata }) => metadata.name === name);
  return found?.spec;
}

function names(manifests: readonly Manifest[]): string[] {
  return manifests.map(({ metadata }) => metadata.name);
}

const selectable = "require-selectable-pods";

describe("Admission", () => {
  it("refuses by policies of Kyverno, of which some wait until the stack says somebody or something", () => {
    const always = [
      selectable,
      "restrict-host-access",
      "restrict-services",
      "restrict-open-rules",
      "disallow-default-namespace",
    ];
    assert.deepEqual(names(admission.manifests(contextOf({ policies: { bundles: ["admission"] } }))), always);
    assert.deepEqual(
      names(
        admission.manifests(
          contextOf({
            namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
            policies: {
              bundles: ["baseline", "environment-isolation", "admission"],
              environmentIsolation: { environments: ["uat", "dev"] },
              admission: { administrators: ["ops"] },
            },
          }),
        ),
      ),
      [...always, "require-environment", "protect-platform-policies"],
    );
    for (const { kind, spec } of admission.manifests(fullContext)) {
      assert.equal(kind, "ValidatingPolicy");
      assert.deepEqual(spec["validationActions"], ["Deny"]);
    }
  });

  it("says nothing where Kyverno is not, and is refused where the stack has none", () => {
    assert.deepEqual(admission.manifests({ ...fullContext, kyverno: "absent" }), []);
    const stack = { kyverno: { enabled: false }, policies: { bundles: ["baseline", "admission"] } };
    assert.throws(
      () => settingsOf(stack),
      (error: unknown) =>
        error instanceof ProblemsError &&
        formatProblems(error.problems) ===
          "Pulumi.test.yaml › policies.bundles: `admission` is chosen, but the stack has no Kyverno\n" +
            "  expected `kyverno.enabled: true` with the bundle `admission`  [settings/bundle-without-judge]",
    );
  });

  it("leaves the labels of a bundle's own namespace to the bundle, and those of all others it judges", () => {
    const spared = (bundles: readonly string[]): unknown =>
      named(selectable, { policies: { bundles } })?.matchConstraints?.namespaceSelector;
    assert.deepEqual(spared(["baseline", "admission"]), { matchLabels: { "kyverno.io/isolate": "true" } });
    assert.deepEqual(spared(["baseline", "demo-star-wars", "demo-dns", "admission"]), {
      matchLabels: { "kyverno.io/isolate": "true" },
      matchExpressions: [
        { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["demo-dns", "demo-star-wars"] },
      ],
    });
  });

  it("lets Services out where the stack says so", () => {
    const services = named("restrict-services", {
      policies: { bundles: ["admission"], admission: { exposedNamespaces: ["edge"] } },
    });
    assert.deepEqual(services?.matchConstraints?.namespaceSelector?.matchExpressions, [
      { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["edge"] },
    ]);
  });

  it("asks namespaces of others for their environment, and not those of the stack", () => {
    const spec = named("require-environment", {
      namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } }, tools: {} },
      policies: {
        bundles: ["baseline", "environment-isolation", "admission"],
        environmentIsolation: { environments: ["uat", "dev", "uat"] },
      },
    });
    assert.deepEqual(spec?.matchConstraints?.excludeResourceRules?.[0]?.resourceNames, ["dev", "tools", "uat"]);
    assert.deepEqual(spec.validations, [
      {
        message:
          "An isolated namespace is in one of the environments that are kept apart: label environment, dev or uat.",
        expression: "object.metadata.?labels[?'environment'].orValue('') in ['dev', 'uat']",
      },
    ]);
  });

  it("knows policies of the platform by the label that they are applied with", () => {
    const spec = named("protect-platform-policies", {
      policies: { bundles: ["admission"], admission: { administrators: ["ops"] } },
    });
    assert.equal(
      spec?.matchConditions?.[0]?.expression,
      `oldObject.metadata.?labels[?'${partOfLabel}'].orValue('') == '${platformName}'`,
    );
    const { manifests } = prove({ bundles: [admission], context: fullContext, apiServer: ["on another node"] });
    assert.ok(manifests.length > 0);
    assert.ok(manifests.every(({ metadata }) => metadata.labels?.[partOfLabel] === platformName));
  });

  it("writes texts as Kyverno's language reads them, whatever is in them", () => {
    const rows: readonly (readonly [readonly string[], string])[] = [
      [[], "[]"],
      [["ops", "system:masters"], "['ops', 'system:masters']"],
      [["o'brien", "corp\\admins"], "['o\\'brien', 'corp\\\\admins']"],
    ];
    for (const [texts, expression] of rows) assert.equal(textsInCel(texts), expression);
  });
});

/** What Kyverno makes of a policy for namespaces, as the proof knows it without Kyverno. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { baseline } from "../policies/baseline/bundle.ts";
import type { BundleContext, Manifest } from "../policies/bundle.ts";
import { generatedFrom } from "../policies/generated.ts";
import { namespace } from "../policies/inventory.ts";
import { systemNamespaces } from "../policies/names.ts";
import { prove } from "../policies/prove.ts";
import type { GeneratingPolicySpec } from "../policies/types/kyverno.ts";
import { silentContext } from "./support/bundle-context.ts";

const context: BundleContext = { ...silentContext, isolatedNamespaces: ["dev"], kyverno: "installed" };
const isolated = { "kyverno.io/isolate": "true" };

function policyIn(manifests: readonly Manifest[]): Manifest & { readonly spec: GeneratingPolicySpec } {
  const found = manifests.find(({ kind }) => kind === "GeneratingPolicy");
  assert.ok(found !== undefined);
  return found as Manifest & { readonly spec: GeneratingPolicySpec };
}

const policy = policyIn(baseline.manifests(context));

describe("What Kyverno makes of the baseline", () => {
  it("is the default deny of a namespace that says so, and of no other [S1-28] [S1-29] [S1-30]", () => {
    const namespaces = [
      namespace("later", isolated),
      namespace("1234", isolated),
      namespace("unlabelled"),
      namespace("opened", { "kyverno.io/isolate": "false" }),
      namespace("misspelt", { "kyverno.io/isolate": "True" }),
      namespace("other-key", { "kyverno.io/isolated": "true" }),
    ];
    const made = (name: string): object => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "default-deny", namespace: name },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    });
    assert.deepEqual(generatedFrom([policy, ...namespaces]), { objects: [made("later"), made("1234")], problems: [] });
  });

  it("leaves out system namespaces, whatever their labels say", () => {
    const named = policy.spec.matchConstraints?.excludeResourceRules?.flatMap(
      ({ resourceNames }) => resourceNames ?? [],
    );
    assert.deepEqual(named, [...systemNamespaces, "dev"]);
    const namespaces = systemNamespaces.map((name) => namespace(name, isolated));
    assert.deepEqual(generatedFrom([policy, ...namespaces]).objects, []);
  });

  it("leaves the stack's own namespaces to the stack: no object has two makers", () => {
    const manifests = baseline.manifests(context);
    const { objects } = generatedFrom([...manifests, namespace("dev", isolated), namespace("later", isolated)]);
    assert.deepEqual(
      objects.map(({ metadata }) => metadata.namespace),
      ["later"],
    );
  });

  it("is the same object that the stack makes itself", () => {
    const [ours] = baseline.manifests({ ...context, isolatedNamespaces: ["later"] });
    assert.deepEqual(generatedFrom([policy, namespace("later", isolated)]).objects, [ours]);
  });

  it("comes to namespaces that exist, comes back when it goes, and outlives the policy [S1-31]", () => {
    assert.deepEqual(policy.spec.evaluation, {
      generateExisting: { enabled: true },
      synchronize: { enabled: true },
      orphanDownstreamOnPolicyDelete: { enabled: true },
    });
  });

  it("is proved: without the policy the promises about a namespace made later break", () => {
    const apiServer = ["on another node"] as const;
    assert.deepEqual(prove({ bundles: [baseline], context, apiServer }).problems, []);
    const without = {
      ...baseline,
      manifests: () => baseline.manifests(context).filter(({ kind }) => kind !== "GeneratingPolicy"),
    };
    const broken = prove({ bundles: [without], context, apiServer }).results.filter(({ kept }) => !kept);
    assert.deepEqual(
      broken.map(({ kind, text }) => `${kind}: ${text}`),
      [
        "never: made-later/* -> */*",
        "never: */* -> made-later/*",
        "never: made-later/* -> world",
        "never: made-later/* -> kube-apiserver",
        "never: world -> made-later/*",
      ],
    );
  });

  it("is not there where Kyverno is not, and nothing is promised then", () => {
    const silent = { ...silentContext, isolatedNamespaces: ["dev"] };
    assert.deepEqual(
      baseline.manifests(silent).map(({ metadata }) => metadata.name),
      ["default-deny", "allow-dns"],
    );
    assert.doesNotMatch(JSON.stringify([baseline.promises(silent), baseline.examples(silent)]), /made-later/);
  });
});

describe("What another policy of Kyverno makes", () => {
  const later = namespace("later", isolated);

  /** The policy of the baseline with parts of its spec replaced. */
  function changed(parts: Readonly<Record<string, unknown>>): Manifest {
    return { ...policy, spec: { ...policy.spec, ...parts } };
  }

  function template(value: string): Readonly<Record<string, unknown>> {
    return { generate: [{ template: { interpolate: "cel", value } }] };
  }

  it("may ask for labels by a selector as well", () => {
    const selector = { matchExpressions: [{ key: "team", operator: "NotIn", values: ["a"] }] };
    const narrowed = changed({ matchConstraints: { ...policy.spec.matchConstraints, objectSelector: selector } });
    const ofTeam = (name: string, team: string): Manifest => namespace(name, { ...isolated, team });
    assert.deepEqual(
      generatedFrom([narrowed, ofTeam("of-a", "a"), ofTeam("of-b", "b"), later]).objects.map(
        ({ metadata }) => metadata.namespace,
      ),
      ["of-b", "later"],
    );
  });

  it("is left alone where another hand has made it", () => {
    const theirs: Manifest = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "default-deny", namespace: "later" },
      spec: { podSelector: {}, ingress: [{}] },
    };
    assert.deepEqual(generatedFrom([policy, later, theirs]).objects, []);
  });

  it("may be several objects of one template", () => {
    const two = changed(
      template(
        ["a", "b"]
          .map(
            (name) =>
              `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}-(( object.metadata.name )) }\nspec: {}\n`,
          )
          .join("---\n"),
      ),
    );
    assert.deepEqual(
      generatedFrom([two, later]).objects.map(({ metadata }) => metadata.name),
      ["a-later", "b-later"],
    );
  });

  const existing = { generateExisting: { enabled: true } };
  const rows: readonly [string, Readonly<Record<string, unknown>>, string][] = [
    ["an expression", { generate: [{ expression: "generator.apply('a', [])" }] }, "an expression makes its objects"],
    ["conditions", { matchConditions: [{ name: "n", expression: "true" }] }, "the condition `n` decides what it makes"],
    ["variables", { variables: [] }, "`spec.variables` decides what it makes"],
    [
      "another placeholder",
      template("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: (( object.metadata.uid )) }\nspec: {}\n"),
      "`(( object.metadata.uid ))` is filled in by Kyverno",
    ],
    ["a template of nothing", template("- a list"), "a template of it holds no Kubernetes object"],
    [
      "other triggers",
      {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"], operations: ["CREATE"] },
          ],
        },
      },
      "it is about deployments and not about namespaces alone",
    ],
    [
      "a selector of namespaces beside that of objects",
      { matchConstraints: { ...policy.spec.matchConstraints, namespaceSelector: {} } },
      "`spec.matchConstraints.namespaceSelector` decides what it makes",
    ],
    [
      "nothing for what exists",
      { evaluation: { synchronize: { enabled: true } } },
      "namespaces that exist already get nothing",
    ],
    ["nothing that comes back", { evaluation: existing }, "what it makes may be changed and deleted"],
  ];
  for (const [title, parts, what] of rows) {
    it(`is unknown with ${title}, and an unknown is no proof`, () => {
      assert.deepEqual(generatedFrom([changed(parts), later]), {
        objects: [],
        problems: [
          {
            code: "policies/generated-unknown",
            where: "GeneratingPolicy default-deny-namespaces",
            what,
            expected:
              "a policy of which is known what it makes: namespaces by labels and names, and templates with their name",
          },
        ],
      });
    });
  }

  it("stops the proof where it is unknown", () => {
    const bundle = { ...baseline, manifests: () => [changed({ variables: [] })], promises: () => [] };
    const { problems } = prove({ bundles: [bundle], context, apiServer: ["on another node"] });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["policies/generated-unknown"],
    );
  });
});

describe("What protects the default deny", () => {
  const byName = new Map(baseline.manifests(context).map((manifest) => [manifest.metadata.name, manifest]));

  it("asks about creation, change and deletion, in isolated namespaces, and refuses [S1-32]", () => {
    assert.deepEqual(
      byName.get("protect-default-deny-netpol")?.spec["matchConstraints"],
      parse(`
        namespaceSelector: { matchLabels: { kyverno.io/isolate: "true" } }
        resourceRules:
          - { apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [networkpolicies] }
      `),
    );
    for (const name of ["protect-default-deny-netpol", "protect-isolation"]) {
      assert.deepEqual(byName.get(name)?.spec["validationActions"], ["Deny"]);
    }
  });
});

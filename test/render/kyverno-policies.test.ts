/** Kyverno's policies of our bundles, as the CLI of the pinned version judges and generates with them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { charts } from "../../components/versions.ts";
import { baseline } from "../../policies/baseline/bundle.ts";
import type { Manifest } from "../../policies/bundle.ts";
import { generatedFrom } from "../../policies/generated.ts";
import { namespace } from "../../policies/inventory.ts";
import { systemNamespaces } from "../../policies/names.ts";
import { fullContext } from "../support/bundle-context.ts";
import { generatedByKyverno, kyvernoCli, verdicts, type Request } from "./support/kyverno-cli.ts";
import { skipOrFail } from "./support/skip.ts";

const ofBaseline = baseline.manifests(fullContext);
const isolated = { "kyverno.io/isolate": "true" };

function named(name: string): readonly Manifest[] {
  const found = ofBaseline.filter(({ metadata }) => metadata.name === name);
  assert.equal(found.length, 1, name);
  return found;
}

/** In each group of tests: hooks outside of one hold for every file of a run. */
function needsTheCli(this: Mocha.Context): void {
  if (kyvernoCli === undefined) skipOrFail(this, "Kyverno's CLI is not in the tool folder");
}

describe("Kyverno's CLI", function () {
  this.timeout(60_000);
  before(needsTheCli);

  it("is of the version of the chart", () => {
    const said = execFileSync(kyvernoCli ?? "", ["version"], { encoding: "utf8" });
    const [, version] = /^Version: v?(.+)$/m.exec(said) ?? [];
    assert.equal(version, charts.kyverno.appVersion);
  });

  it("is not taken at its silence: a policy that it cannot read is an error", () => {
    const broken = {
      ...named("protect-isolation")[0],
      spec: { validations: [{ expression: "object.(" }] },
    } as Manifest;
    assert.throws(() => verdicts([broken], { operation: "CREATE", objects: [namespace("later", isolated)] }));
  });
});

describe("The generating policy", function () {
  this.timeout(60_000);
  before(needsTheCli);
  const policy = named("default-deny-namespaces");

  it("makes what the proof says it makes, for every namespace the proof knows [S1-28] [S1-31]", () => {
    const namespaces = [
      ...["later", "1234", "dev", "uat"].map((name) => namespace(name, isolated)),
      namespace("unlabelled"),
      namespace("opened", { "kyverno.io/isolate": "false" }),
      namespace("misspelt", { "kyverno.io/isolate": "True" }),
      ...systemNamespaces.map((name) => namespace(name, isolated)),
      ...baseline.examples(fullContext).filter(({ kind }) => kind === "Namespace"),
    ];
    const { objects, problems } = generatedFrom([...policy, ...namespaces]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      objects.map(({ metadata }) => metadata.namespace),
      ["later", "1234", "made-later"],
    );
    const byNamespace = (a: object, b: object): number => JSON.stringify(a).localeCompare(JSON.stringify(b));
    const spared = namespaces.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));
    assert.deepEqual([...generatedByKyverno(policy, spared)].sort(byNamespace), [...objects].sort(byNamespace));
  });

  it("would be caught making something else than the proof says", () => {
    const other = JSON.parse(JSON.stringify(policy).replace("    - Egress\\n", "")) as readonly Manifest[];
    const [made] = generatedByKyverno(other, [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "later", labels: isolated } },
    ]);
    assert.notDeepEqual(made, generatedFrom([...policy, namespace("later", isolated)]).objects[0]);
  });
});

describe("The protecting policy [S1-32]", function () {
  this.timeout(60_000);
  before(needsTheCli);
  const policy = named("protect-default-deny-netpol");
  const closing = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

  function networkPolicy(where: string, parts: { name?: string; spec?: object; metadata?: object } = {}): object {
    const { name = "default-deny", spec = closing, metadata = {} } = parts;
    return {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace: where, ...metadata },
      spec,
    };
  }

  const namespaces = [
    { metadata: { name: "dev", labels: isolated } },
    { metadata: { name: "opened", labels: { "kyverno.io/isolate": "false" } } },
    { metadata: { name: "unlabelled" } },
    { metadata: { name: "ending", labels: isolated, deletionTimestamp: "2026-01-01T00:00:00Z" } },
  ];

  /** What it says of one object: nothing where it is not about it. */
  function said(request: Omit<Request, "objects">, object: object): string | undefined {
    const [verdict, ...others] = verdicts(policy, { namespaces, ...request, objects: [object] });
    assert.deepEqual(others, []);
    return verdict === undefined ? undefined : `${verdict.result}: ${verdict.message}`;
  }

  const stays =
    "fail: The NetworkPolicy default-deny keeps this namespace closed and goes only with the namespace itself. " +
    'To open the namespace, set its label kyverno.io/isolate to "false" first.';
  const closes =
    "fail: The NetworkPolicy default-deny of an isolated namespace selects every pod, in both directions, and allows " +
    "nothing. What is to be allowed belongs into a policy of its own.";
  const nobodys =
    "fail: The NetworkPolicy default-deny of an isolated namespace belongs to nobody with whose end it would go.";
  const passes = "pass: success";
  const notAsked = "skip: skip";
  const background = "system:serviceaccount:kyverno:kyverno-background-controller";
  const namespaceController = "system:serviceaccount:kube-system:namespace-controller";

  const rows: readonly [string, Omit<Request, "objects">, object, string | undefined][] = [
    ["refuses to delete it in an isolated namespace", { operation: "DELETE" }, networkPolicy("dev"), stays],
    [
      "refuses an administrator as well",
      { operation: "DELETE", username: "kubernetes-admin" },
      networkPolicy("dev"),
      stays,
    ],
    [
      "refuses even Kyverno, while the namespace is isolated",
      { operation: "DELETE", username: background },
      networkPolicy("dev"),
      stays,
    ],
    ["lets it go from an unlabelled namespace", { operation: "DELETE" }, networkPolicy("unlabelled"), undefined],
    ["lets it go from a namespace that was opened", { operation: "DELETE" }, networkPolicy("opened"), undefined],
    [
      "lets Kyverno take it from a namespace that was opened",
      { operation: "DELETE", username: background },
      networkPolicy("opened"),
      undefined,
    ],
    ["lets it go with its namespace", { operation: "DELETE" }, networkPolicy("ending"), passes],
    [
      "does not stand in the way of the namespace controller",
      { operation: "DELETE", username: namespaceController },
      networkPolicy("dev"),
      notAsked,
    ],
    [
      "is not taken in by another controller of the cluster",
      { operation: "DELETE", username: "system:serviceaccount:kube-system:generic-garbage-collector" },
      networkPolicy("dev"),
      stays,
    ],
    ["lets any other policy go", { operation: "DELETE" }, networkPolicy("dev", { name: "allow-web" }), notAsked],
    ["lets Kyverno make it", { operation: "CREATE", username: background }, networkPolicy("dev"), passes],
    [
      "lets an update pass that leaves it closing",
      { operation: "UPDATE" },
      networkPolicy("dev", { metadata: { labels: { team: "a" } } }),
      passes,
    ],
    [
      "refuses an update that selects some pods only",
      { operation: "UPDATE" },
      networkPolicy("dev", { spec: { ...closing, podSelector: { matchLabels: { app: "a" } } } }),
      closes,
    ],
    [
      "refuses an update that selects by an expression",
      { operation: "UPDATE" },
      networkPolicy("dev", {
        spec: { ...closing, podSelector: { matchExpressions: [{ key: "app", operator: "Exists" }] } },
      }),
      closes,
    ],
    [
      "refuses an update that leaves a direction open",
      { operation: "UPDATE" },
      networkPolicy("dev", { spec: { ...closing, policyTypes: ["Ingress"] } }),
      closes,
    ],
    [
      "refuses an update that lets somebody in",
      { operation: "UPDATE" },
      networkPolicy("dev", { spec: { ...closing, ingress: [{}] } }),
      closes,
    ],
    [
      "refuses an update that lets somebody out",
      { operation: "UPDATE" },
      networkPolicy("dev", { spec: { ...closing, egress: [{ to: [{ podSelector: {} }] }] } }),
      closes,
    ],
    [
      "refuses Kyverno's own update where it would open",
      { operation: "UPDATE", username: background },
      networkPolicy("dev", { spec: { ...closing, ingress: [{}] } }),
      closes,
    ],
    [
      "refuses one that opens and takes the name before Kyverno does",
      { operation: "CREATE" },
      networkPolicy("dev", { spec: { ...closing, ingress: [{}] } }),
      closes,
    ],
    [
      "refuses an owner with whom it would go",
      { operation: "UPDATE" },
      networkPolicy("dev", {
        metadata: { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "b" }] },
      }),
      nobodys,
    ],
    [
      "says nothing of a policy that opens under another name",
      { operation: "CREATE" },
      networkPolicy("dev", { name: "allow-web", spec: { ...closing, ingress: [{}] } }),
      notAsked,
    ],
    [
      "says nothing of the same object in an open namespace",
      { operation: "UPDATE" },
      networkPolicy("opened", { spec: { ...closing, ingress: [{}] } }),
      undefined,
    ],
  ];
  for (const [title, request, object, expected] of rows) {
    it(title, () => {
      assert.equal(said(request, object), expected);
    });
  }
});

describe("The policy that keeps a namespace isolated", function () {
  this.timeout(60_000);
  before(needsTheCli);

  it("lets an isolated namespace change in all else, and says nothing of others", () => {
    const objects = [
      namespace("dev", isolated),
      namespace("opened", { "kyverno.io/isolate": "false" }),
      namespace("unlabelled"),
    ].map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));
    assert.deepEqual(verdicts(named("protect-isolation"), { operation: "UPDATE", objects }), [
      { policy: "protect-isolation", object: "Namespace/dev", result: "pass", message: "success" },
    ]);
  });
});

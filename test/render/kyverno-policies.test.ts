/** Kyverno's policies of our bundles, as the CLI of the pinned version judges and generates with them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { charts } from "../../components/versions.ts";
import { admission } from "../../policies/admission/bundle.ts";
import { baseline } from "../../policies/baseline/bundle.ts";
import type { Manifest } from "../../policies/bundle.ts";
import { generatedFrom } from "../../policies/generated.ts";
import { namespace } from "../../policies/inventory.ts";
import { systemNamespaces } from "../../policies/names.ts";
import { bundles } from "../../policies/bundles.ts";
import { prove } from "../../policies/prove.ts";
import { contextOf, fullContext } from "../support/bundle-context.ts";
import { generatedByKyverno, kyvernoCli, verdicts, type Request } from "./support/kyverno-cli.ts";
import { skipOrFail } from "../support/skip.ts";

const ofBaseline = baseline.manifests(fullContext);
const ofAdmission = admission.manifests(
  contextOf({
    namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
    policies: {
      bundles: ["baseline", "environment-isolation", "demo-star-wars", "admission"],
      environmentIsolation: { environments: ["dev", "uat"] },
      admission: { administrators: ["ops", "system:masters"], exposedNamespaces: ["edge"] },
    },
  }),
);
const isolated = { "kyverno.io/isolate": "true" };

function named(name: string, among = ofBaseline): readonly Manifest[] {
  const found = among.filter(({ metadata }) => metadata.name === name);
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

describe("Admission", function () {
  this.timeout(60_000);
  before(needsTheCli);

  const cluster = ["dev", "opened", "edge", "demo-star-wars", "default", "unlabelled"].map((name) => ({
    metadata: {
      name,
      labels: {
        "kubernetes.io/metadata.name": name,
        ...(["opened", "default", "unlabelled"].includes(name) ? {} : isolated),
      },
    },
  }));

  /** The verdict on each object, by its name; those that the policy is not about are absent. */
  function said(policy: string, objects: readonly object[], request: Partial<Request> = {}): Record<string, string> {
    const asked = { operation: "CREATE", namespaces: cluster, ...request, objects } as const;
    return Object.fromEntries(
      verdicts(named(policy, ofAdmission), asked).map(({ object, result, message }) => [
        object,
        result === "fail" ? message : result,
      ]),
    );
  }

  const labels = { "app.kubernetes.io/name": "shop", "app.kubernetes.io/component": "web" };

  function pod(where: string, name: string, spec: object = {}, metadata: object = { labels }): object {
    const containers = [{ name: "main", image: "example.org/main", ports: [{ name: "http", containerPort: 80 }] }];
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: where, ...metadata },
      spec: { containers, ...spec },
    };
  }

  /** A pod of a Deployment. */
  function deployment(where: string, name: string, template: object): object {
    const { metadata, spec } = template as { metadata: object; spec: object };
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: where },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { ...metadata, name: undefined, namespace: undefined }, spec },
      },
    };
  }

  function ports(...list: readonly object[]): object {
    return { containers: [{ name: "main", image: "example.org/main", ports: list }] };
  }

  const says = (what: string, label: string): string =>
    `A pod of an isolated namespace says ${what} by the label ${label}.`;

  it("asks for labels that policies find pods by, and names of their ports, of whoever makes pods [S1-37]", () => {
    const noName = says("what it is", "app.kubernetes.io/name");
    const noComponent = says("which part of it it is", "app.kubernetes.io/component");
    const noPortName = "Every port of a pod of an isolated namespace has a name, so that a policy can speak of it.";
    assert.deepEqual(
      said("require-selectable-pods", [
        pod("dev", "good"),
        pod("dev", "portless", ports()),
        pod("dev", "bare", {}, {}),
        pod("dev", "nameless", {}, { labels: { "app.kubernetes.io/component": "web" } }),
        pod("dev", "empty", {}, { labels: { ...labels, "app.kubernetes.io/name": "" } }),
        pod("dev", "partless", {}, { labels: { "app.kubernetes.io/name": "shop", app: "shop" } }),
        pod("dev", "numbered", ports({ name: "http", containerPort: 80 }, { containerPort: 81 })),
        pod("opened", "bare-and-open", {}, {}),
        pod("demo-star-wars", "tiefighter", {}, { labels: { org: "empire", class: "tiefighter" } }),
        deployment("dev", "good-deployment", pod("dev", "any")),
        deployment("dev", "bare-deployment", pod("dev", "any", {}, { labels: { app: "shop" } })),
      ]),
      {
        "dev/good": "pass",
        "dev/portless": "pass",
        "dev/bare": noName,
        "dev/nameless": noName,
        "dev/empty": noName,
        "dev/partless": noComponent,
        "dev/numbered": noPortName,
        "dev/good-deployment": "pass",
        "dev/bare-deployment": noName,
      },
    );
  });

  it("keeps pods off the network and the ports of their node", () => {
    const network = "A pod of an isolated namespace has a network of its own, for on its node's no policy binds it.";
    const port = "A pod of an isolated namespace takes no port of its node.";
    const onHost = { name: "http", containerPort: 80, hostPort: 8080 };
    assert.deepEqual(
      said("restrict-host-access", [
        pod("dev", "good"),
        pod("dev", "said-no", { hostNetwork: false }),
        pod("dev", "on-host", { hostNetwork: true }),
        pod("dev", "host-port", ports(onHost)),
        pod("dev", "early-port", { initContainers: [{ name: "init", image: "example.org/init", ports: [onHost] }] }),
        pod("opened", "on-host-and-open", { hostNetwork: true }),
        deployment("dev", "host-deployment", pod("dev", "any", { hostNetwork: true })),
      ]),
      {
        "dev/good": "pass",
        "dev/said-no": "pass",
        "dev/on-host": network,
        "dev/host-port": port,
        "dev/early-port": port,
        "dev/host-deployment": network,
      },
    );
  });

  it("keeps Services inside, but where the stack says otherwise", () => {
    const service = (where: string, name: string, spec: object): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: where },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    const inside =
      "A Service of an isolated namespace is reached inside the cluster. The way in is a route of the gateway.";
    assert.deepEqual(
      said("restrict-services", [
        service("dev", "plain", {}),
        service("dev", "named", { type: "ExternalName", externalName: "example.org" }),
        service("dev", "node-port", { type: "NodePort" }),
        service("dev", "balanced", { type: "LoadBalancer" }),
        service("dev", "borrowed", { externalIPs: ["203.0.113.7"] }),
        service("edge", "exposed", { type: "LoadBalancer" }),
        service("opened", "open", { type: "NodePort" }),
      ]),
      {
        "dev/plain": "pass",
        "dev/named": "pass",
        "dev/node-port": inside,
        "dev/balanced": inside,
        "dev/borrowed": "A Service of an isolated namespace takes no address of outside.",
      },
    );
  });

  const nobody =
    "What a policy of an isolated namespace allows, it allows to somebody: an entry without a peer opens the namespace " +
    "to everybody.";

  it("refuses an allow that names nobody, and the entity all", () => {
    const knp = (name: string, spec: object, where = "dev"): object => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace: where },
      spec: { podSelector: {}, ...spec },
    });
    const cnp = (name: string, spec: object): object => ({
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name, namespace: "dev" },
      spec: { endpointSelector: {}, ...spec },
    });
    const toPorts = [{ ports: [{ port: "80", protocol: "TCP" }] }];
    const all = "What a policy of an isolated namespace allows, it does not allow to the entity all.";
    assert.deepEqual(
      said("restrict-open-rules", [
        knp("knp-closing", { policyTypes: ["Ingress"] }),
        knp("knp-peer", { ingress: [{ from: [{ podSelector: {} }] }] }),
        knp("knp-everybody", { ingress: [{}] }),
        knp("knp-port-only", { egress: [{ ports: [{ port: 443 }] }] }),
        knp("knp-no-peer", { ingress: [{ from: [] }] }),
        knp("knp-second", { ingress: [{ from: [{ podSelector: {} }] }, {}] }),
        knp("knp-open", { ingress: [{}] }, "opened"),
        cnp("cnp-closing", { ingress: [{}], egress: [] }),
        cnp("cnp-peer", { ingress: [{ fromEndpoints: [{}], toPorts }] }),
        cnp("cnp-name", { egress: [{ toFQDNs: [{ matchName: "example.org" }], toPorts }] }),
        cnp("cnp-world", { ingress: [{ fromEntities: ["world"], toPorts }] }),
        cnp("cnp-port-only", { ingress: [{ toPorts }] }),
        cnp("cnp-all", { egress: [{ toEntities: ["all"] }] }),
        {
          ...cnp("cnp-several", {}),
          spec: undefined,
          specs: [
            { endpointSelector: {}, ingress: [{ fromEntities: ["host"] }] },
            { endpointSelector: {}, egress: [{ toPorts }] },
          ],
        },
      ]),
      {
        "dev/knp-closing": "pass",
        "dev/knp-peer": "pass",
        "dev/knp-everybody": nobody,
        "dev/knp-port-only": nobody,
        "dev/knp-no-peer": nobody,
        "dev/knp-second": nobody,
        "dev/cnp-closing": "pass",
        "dev/cnp-peer": "pass",
        "dev/cnp-name": "pass",
        "dev/cnp-world": "pass",
        "dev/cnp-port-only": nobody,
        "dev/cnp-all": all,
        "dev/cnp-several": nobody,
      },
    );
  });

  it("refuses no policy of our own bundles", () => {
    const { manifests } = prove({ bundles, context: fullContext, apiServer: ["on another node"] });
    const policies = manifests.filter(({ kind }) => kind === "NetworkPolicy" || kind === "CiliumNetworkPolicy");
    const namespaces = [...new Set(policies.map(({ metadata }) => metadata.namespace ?? ""))].map((name) => ({
      metadata: { name, labels: isolated },
    }));
    assert.ok(policies.length > 20);
    const verdict = said("restrict-open-rules", policies, { namespaces });
    assert.equal(Object.keys(verdict).length, policies.length);
    assert.deepEqual(
      Object.entries(verdict).filter(([, result]) => result !== "pass"),
      [],
    );
  });

  it("lets nothing run in the namespace that nobody closes", () => {
    assert.deepEqual(said("disallow-default-namespace", [pod("default", "lost"), pod("dev", "found")]), {
      "default/lost": "Nothing runs in the namespace default, which nobody closes. Name a namespace of yours.",
    });
  });

  it("asks an isolated namespace of others for its environment", () => {
    const made = (name: string, labels: Readonly<Record<string, string>>): object => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels },
    });
    const refused =
      "An isolated namespace is in one of the environments that are kept apart: label environment, dev or uat.";
    assert.deepEqual(
      said("require-environment", [
        made("of-uat", { ...isolated, environment: "uat" }),
        made("of-none", isolated),
        made("of-another", { ...isolated, environment: "prod" }),
        made("open", {}),
        made("dev", isolated),
      ]),
      {
        "Namespace/of-uat": "pass",
        "Namespace/of-none": refused,
        "Namespace/of-another": refused,
        "Namespace/open": "skip",
      },
    );
  });

  describe("of changes to policies of the platform", () => {
    const guardrail = (labels: Readonly<Record<string, string>>): object => ({
      apiVersion: "cilium.io/v2",
      kind: "CiliumClusterwideNetworkPolicy",
      metadata: { name: "guardrail", labels },
      spec: { endpointSelector: {}, enableDefaultDeny: { ingress: false, egress: false } },
    });
    const allow = (where: string): object => ({
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "allow-dns", namespace: where, labels: ours },
      spec: { endpointSelector: {} },
    });
    const ours = { "app.kubernetes.io/part-of": "cilium-platform" };
    const ending = [{ metadata: { name: "ending", labels: isolated, deletionTimestamp: "2026-01-01T00:00:00Z" } }];
    const refused =
      "This policy belongs to the platform: change it where it is written, so that the change is proved before it is applied.";
    const rows: readonly [string, object, Partial<Request>, string | undefined][] = [
      ["refuses a change by somebody", guardrail(ours), { operation: "UPDATE" }, refused],
      ["refuses a deletion by somebody", guardrail(ours), { operation: "DELETE" }, refused],
      ["refuses a deletion in a namespace", allow("dev"), { operation: "DELETE" }, refused],
      ["lets an administrator change it", guardrail(ours), { operation: "UPDATE", username: "ops" }, "pass"],
      [
        "lets a group of administrators delete it",
        allow("dev"),
        { operation: "DELETE", groups: ["system:masters"] },
        "pass",
      ],
      [
        "is not taken in by a name that only begins so",
        guardrail(ours),
        { operation: "UPDATE", username: "ops2" },
        refused,
      ],
      ["lets it go with its namespace", allow("ending"), { operation: "DELETE", namespaces: ending }, "pass"],
      [
        "does not stand in the way of the namespace controller",
        allow("dev"),
        { operation: "DELETE", username: "system:serviceaccount:kube-system:namespace-controller" },
        "skip",
      ],
      ["says nothing of policies of others", guardrail({}), { operation: "DELETE" }, "skip"],
      ["says nothing of one that is made", guardrail(ours), { operation: "CREATE" }, undefined],
    ];
    for (const [title, object, request, expected] of rows) {
      it(title, () => {
        const [verdict] = Object.values(said("protect-platform-policies", [object], request));
        assert.equal(verdict, expected);
      });
    }
  });
});

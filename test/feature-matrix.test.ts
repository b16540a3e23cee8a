/** What a NetworkPolicy can say and what Cilium's kinds can: every cell of the two tables, by the engine and the export. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { exportPolicies, type Exported } from "../policies/export/exported.ts";
import type { LossCode } from "../policies/export/loss.ts";
import type { Fields } from "../policies/reachability/read/fields.ts";
import { readWorld } from "../policies/reachability/read/world.ts";
import { sectionOf, tableRowsIn, textOf } from "./support/documents.ts";

function pod(name: string, namespace = "dev"): Fields {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name } },
    spec: { serviceAccountName: name, containers: [{ ports: [{ name: "http", containerPort: 8080 }] }] },
  };
}

const service: Fields = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "db", namespace: "dev" },
  spec: { selector: { app: "db" }, ports: [{ port: 80, targetPort: 8080 }] },
};
const world = [{ kind: "Namespace", metadata: { name: "dev" } }, pod("web"), pod("db"), service];

function policy(kind: "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy", spec: string): Fields {
  const metadata = { name: "p", ...(kind === "CiliumNetworkPolicy" ? { namespace: "dev" } : {}) };
  return { apiVersion: "cilium.io/v2", kind, metadata, spec: parse(spec) };
}

/** What becomes of it, once Cilium takes it without a word. */
function exported(...policies: readonly Fields[]): Exported {
  const manifests = [...world, ...policies].map((object) => ({ object }));
  const { problems } = readWorld({ manifests, externals: [] });
  assert.deepEqual(
    problems.filter(({ code }) => code !== "reachability/host-policy"),
    [],
  );
  return exportPolicies({ manifests, inside: ["10.0.0.0/8"], apiServer: ["on another node"] });
}

const db = "endpointSelector: {matchLabels: {app: db}}";
const fromWeb = "fromEndpoints: [{matchLabels: {app: web}}]";
const tcp = (port: string): string => `ports: [{port: "${port}", protocol: TCP}]`;

/** As the table has them: an example in Cilium's words, and what it loses. None: a NetworkPolicy says the same. */
const features: readonly (readonly [what: string, spec: string, loss?: LossCode | "export/host-policy"])[] = [
  ["pods and namespaces by label", `{${db}, ingress: [{${fromWeb}}]}`],
  [
    "ranges of addresses, with exceptions",
    `{${db}, egress: [{toCIDRSet: [{cidr: 203.0.113.0/24, except: [203.0.113.8/29]}]}]}`,
  ],
  [
    "ports, ranges of ports, names of ports",
    `{${db}, ingress: [{${fromWeb}, toPorts: [{ports: [{port: "80", protocol: TCP}, {port: "90", endPort: 99, protocol: UDP}, {port: http, protocol: TCP}]}]}]}`,
  ],
  ["closed unless allowed, by direction", `{${db}, ingress: [{}]}`],
  ["one policy for every namespace", `{${db}, ingress: [{}]}`, "export/clusterwide"],
  [
    "an allow that isolates nobody",
    `{${db}, enableDefaultDeny: {ingress: false}, ingress: [{${fromWeb}}]}`,
    "export/default-deny-off",
  ],
  ["a deny", `{${db}, ingressDeny: [{${fromWeb}}]}`, "export/deny"],
  [
    "HTTP requests by verb and path",
    `{${db}, ingress: [{${fromWeb}, toPorts: [{${tcp("80")}, rules: {http: [{method: GET, path: /a}]}}]}]}`,
    "export/http",
  ],
  ["names outside the cluster", `{${db}, egress: [{toFQDNs: [{matchName: api.example.com}]}]}`, "export/names"],
  [
    "which names may be asked for",
    `{${db}, egress: [{toEntities: [world], toPorts: [{ports: [{port: "53", protocol: UDP}], rules: {dns: [{matchName: api.example.com}]}}]}]}`,
    "export/dns-names",
  ],
  [
    "the server's name in a TLS handshake",
    `{${db}, egress: [{toCIDR: [203.0.113.0/24], toPorts: [{${tcp("443")}, serverNames: [api.example.com]}]}]}`,
    "export/tls",
  ],
  ["nodes and the API server", `{${db}, egress: [{toEntities: [remote-node, kube-apiserver]}]}`, "export/entities"],
  ["rules for the nodes themselves", "{nodeSelector: {}, ingress: [{fromEntities: [cluster]}]}", "export/host-policy"],
  [
    "service accounts",
    `{${db}, ingress: [{fromEndpoints: [{matchLabels: {"k8s:io.cilium.k8s.policy.serviceaccount": web}}]}]}`,
    "export/service-accounts",
  ],
  ["ICMP by type", `{${db}, ingress: [{${fromWeb}, icmps: [{fields: [{type: EchoRequest}]}]}]}`, "export/icmp"],
  [
    "a handshake between workloads",
    `{${db}, ingress: [{${fromWeb}, authentication: {mode: required}}]}`,
    "export/authentication",
  ],
];

const clusterwide: readonly string[] = ["one policy for every namespace", "rules for the nodes themselves"];

describe("What a NetworkPolicy can say", () => {
  const section = sectionOf(textOf("docs/migration.md"), "## What a NetworkPolicy can say");
  const rows = tableRowsIn(section);

  it("stands in a table of these rows, and of five ways to name a peer [S4-24]", () => {
    assert.deepEqual(
      rows.slice(0, features.length),
      features.map(([what, , loss]) => [what, loss === undefined ? "yes" : "no", "yes"]),
    );
    assert.deepEqual(
      rows.slice(features.length).map(([way]) => way),
      ["endpoints", "services", "entities", "CIDR", "DNS"],
    );
  });

  for (const [what, spec, loss] of features) {
    it(`${loss === undefined ? "includes" : "does not include"} ${what} [S4-24]`, () => {
      const kind = clusterwide.includes(what) ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy";
      const { losses, lost, problems } = exported(policy(kind, spec));
      if (loss === "export/host-policy") {
        assert.deepEqual(
          problems.map(({ code }) => code),
          [loss],
        );
        return;
      }
      assert.deepEqual(problems, []);
      assert.equal(
        losses.some(({ code }) => code === loss),
        loss !== undefined,
      );
      if (loss === undefined) assert.deepEqual([losses, lost], [[], []]);
    });
  }

  it("cannot hold what Cilium's kinds hold: the API server knows no such fields [S4-24]", () => {
    const knp = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "p", namespace: "dev" },
    };
    for (const [field, spec] of [
      ["spec.egressDeny", { podSelector: {}, egressDeny: [] }],
      ["spec.ingress[0].rules", { podSelector: {}, ingress: [{ rules: { http: [] } }] }],
      ["spec.nodeSelector", { podSelector: {}, nodeSelector: {} }],
    ] as const) {
      const { problems } = readWorld({ manifests: [{ object: { ...knp, spec } }], externals: [] });
      assert.deepEqual(
        problems.map(({ code, where }) => [code, where]),
        [["cilium/unknown-field", `NetworkPolicy dev/p › ${field}`]],
      );
    }
  });
});

describe("Of five ways to name a peer", () => {
  const section = sectionOf(textOf("docs/migration.md"), "## What a NetworkPolicy can say");
  const rows = new Map(
    tableRowsIn(section)
      .slice(features.length)
      .map(([way = "", written = ""]) => [way, written]),
  );

  for (const [way, expected, losses] of [
    ["endpoints", [{ podSelector: { matchLabels: { app: "db" } } }], []],
    ["services", [{ podSelector: { matchLabels: { app: "db" } } }], []],
    ["entities", [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }], ["export/ipv6", "export/inside"]],
    ["CIDR", [{ ipBlock: { cidr: "203.0.113.0/24" } }], []],
    ["DNS", undefined, ["export/names"]],
  ] as const) {
    it(`a NetworkPolicy has ${expected === undefined ? "no word" : "one"} for ${way} [S4-25]`, () => {
      const entry = (rows.get(way) ?? "").replaceAll("`", "");
      const { policies, losses: lost } = exported(
        policy("CiliumNetworkPolicy", `{endpointSelector: {matchLabels: {app: web}}, egress: [{${entry}}]}`),
      );
      assert.deepEqual(policies[0]?.manifest.spec.egress?.[0]?.to, expected);
      assert.deepEqual(
        lost.map(({ code }) => code),
        losses,
      );
    });
  }
});

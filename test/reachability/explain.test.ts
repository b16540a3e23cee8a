/**
 * Explanations and comparisons, as a person reads them.
 */
import assert from "node:assert/strict";

import {
  compare,
  explain,
  explanationText,
  readWorld,
  type Origin,
  type World,
} from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

const pod = (name: string): Fields => ({ kind: "Pod", metadata: { namespace: "shop", name, labels: { app: name } } });
const cnp = (name: string, spec: Fields): Fields => ({
  kind: "CiliumNetworkPolicy",
  metadata: { name, namespace: "shop" },
  spec,
});

function worldOf(...policies: readonly Fields[]): World {
  const manifests = [pod("web"), pod("db"), ...policies].map((object) => ({ object }));
  return readWorld({ manifests, externals: [{ name: "internet", ip: "8.8.8.8" }] }).world;
}

const selects = (app: string): Fields => ({ endpointSelector: { matchLabels: { app } } });
const closed = cnp("closed", { ...selects("db"), ingress: [{}] });
const almost = cnp("almost", {
  ...selects("db"),
  ingress: [
    { fromEndpoints: [{ matchLabels: { app: "job" } }], toPorts: [{ ports: [{ port: "5432" }] }] },
    { fromEndpoints: [{ matchLabels: { app: "web" } }], toPorts: [{ ports: [{ port: "5433" }] }] },
  ],
});
const noWorld = cnp("no-world", {
  ...selects("web"),
  egress: [{ toEntities: ["all"] }],
  egressDeny: [{ toCIDR: ["8.0.0.0/8"] }],
});
const readOnly = cnp("read-only", {
  ...selects("db"),
  ingress: [{ toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ method: "GET" }] } }] }],
});

const textOf = (world: World, to: number, port: number): string =>
  explanationText(explain({ from: 0, to, protocol: "TCP", port }, world));

describe("an explanation", () => {
  it("says that no policy speaks", () => {
    assert.equal(
      textOf(worldOf(), 1, 80),
      [
        "shop/web -> shop/db TCP 80: allowed",
        "  egress: no policy selects shop/web (S1)",
        "  ingress: no policy selects shop/db (S1)",
      ].join("\n"),
    );
  });

  it("names what isolates, what almost allows, and the one thing that is missing", () => {
    assert.equal(
      textOf(worldOf(closed, almost), 1, 5432),
      [
        "shop/web -> shop/db TCP 5432: denied",
        "  egress: no policy selects shop/web (S1)",
        "  ingress: isolated by cnp shop/closed spec.ingress[0], cnp shop/almost spec.ingress[0], cnp shop/almost spec.ingress[1], and nothing allows it (S2)",
        "    near miss: cnp shop/almost spec.ingress[1], another port",
        "    near miss: cnp shop/almost spec.ingress[0], another peer",
        "    missing: an ingress rule for shop/db that allows TCP 5432 from shop/web",
      ].join("\n"),
    );
  });

  it("names the deny that wins, and that an external has no policy", () => {
    assert.equal(
      textOf(worldOf(noWorld), 2, 443),
      [
        "shop/web -> internet TCP 443: denied",
        "  egress: denied by cnp shop/no-world spec.egressDeny[0] (S3)",
        "    missing: an exception for TCP 443 to internet in every deny above",
        "  ingress: internet is no pod, so no policy applies (S6)",
      ].join("\n"),
    );
  });

  it("names what restricts a connection that is possible", () => {
    assert.equal(
      textOf(worldOf(readOnly), 1, 80),
      [
        "shop/web -> shop/db TCP 80: allowed",
        "  egress: no policy selects shop/web (S1)",
        "  ingress: allowed by cnp shop/read-only spec.ingress[0], restricted at L7 (S21)",
        "    remains: http GET",
      ].join("\n"),
    );
  });

  it("names the handshake that must succeed first", () => {
    const shaking = cnp("shaking", {
      ...selects("db"),
      ingress: [{ fromEndpoints: [{}], authentication: { mode: "required" } }],
    });
    assert.equal(
      textOf(worldOf(shaking), 1, 80),
      [
        "shop/web -> shop/db TCP 80: allowed",
        "  egress: no policy selects shop/web (S1)",
        "  ingress: allowed by cnp shop/shaking spec.ingress[0] (S4)",
        "    remains: authentication required",
      ].join("\n"),
    );
  });

  it("tells a rule for another protocol, where every rule stands, and what is closest first", () => {
    const datagrams = cnp("datagrams", {
      ...selects("db"),
      ingress: [
        { fromEndpoints: [{}], toPorts: [{ ports: [{ port: "81" }] }] },
        { fromEndpoints: [{}], toPorts: [{ ports: [{ port: "80", protocol: "UDP" }] }] },
      ],
    });
    const place = ({ path }: Origin): string => `db.yaml:${path.includes("[0]") ? "8" : "12"}`;
    assert.equal(
      explanationText(explain({ from: 0, to: 1, protocol: "TCP", port: 80 }, worldOf(datagrams)), place),
      [
        "shop/web -> shop/db TCP 80: denied",
        "  egress: no policy selects shop/web (S1)",
        "  ingress: isolated by cnp shop/datagrams spec.ingress[0], cnp shop/datagrams spec.ingress[1], and nothing allows it (S2)",
        "    cnp shop/datagrams spec.ingress[0]: db.yaml:8",
        "    cnp shop/datagrams spec.ingress[1]: db.yaml:12",
        "    near miss: cnp shop/datagrams spec.ingress[1] (db.yaml:12), another protocol",
        "    near miss: cnp shop/datagrams spec.ingress[0] (db.yaml:8), another port",
        "    missing: an ingress rule for shop/db that allows TCP 80 from shop/web",
      ].join("\n"),
    );
  });

  it("tells a name that is never learned, and what is missing", () => {
    const named = cnp("named", { ...selects("web"), egress: [{ toFQDNs: [{ matchName: "api.example.com" }] }] });
    const manifests = [{ object: pod("web") }, { object: named }];
    const externals = [{ name: "api", fqdn: "api.example.com" }];
    const { world } = readWorld({ manifests, externals, names: "as learned" });
    assert.equal(
      textOf(world, 1, 443),
      [
        "shop/web -> api TCP 443: unknown",
        "  egress: allowed by cnp shop/named spec.egress[0] only, and nothing lets Cilium learn api.example.com (S31)",
        "    missing: an egress rule for shop/web with rules.dns for api.example.com, to port 53 of the DNS service",
        "  ingress: api is no pod, so no policy applies (S6)",
      ].join("\n"),
    );
  });

  it("tells what depends on a cluster that the manifests do not describe", () => {
    const first = {
      kind: "ClusterNetworkPolicy",
      metadata: { name: "first" },
      spec: { tier: "Admin", priority: 1, subject: { namespaces: {} }, ingress: [{ action: "Deny" }] },
    };
    const host = {
      kind: "CiliumClusterwideNetworkPolicy",
      metadata: { name: "nodes" },
      spec: { nodeSelector: {}, ingress: [{}] },
    };
    const manifests = [{ object: pod("web") }, { object: first }, { object: host }];
    const externals = [{ name: "host", entity: "host" }] as const;
    const { world } = readWorld({ manifests, externals });
    assert.equal(
      textOf(world, 1, 22),
      [
        "shop/web -> host TCP 22: unknown",
        "  egress: no policy selects shop/web (S1)",
        "  ingress: a host policy may decide it, if the host firewall is on: ccnp nodes spec.ingress[0] (L5)",
      ].join("\n"),
    );
    assert.equal(
      explanationText(explain({ from: 1, to: 0, protocol: "TCP", port: 80 }, world)),
      [
        "host -> shop/web TCP 80: unknown",
        "  egress: host is no pod, so no policy applies (S6)",
        "  ingress: a cluster network policy may decide it, if the cluster knows the kind: clusternp first spec.ingress[0] (L9)",
      ].join("\n"),
    );
  });
});

describe("a comparison", () => {
  const linesOf = (before: World, after: World): string[] =>
    compare(before, after).changed.flatMap(({ from, to, changes }) =>
      changes.map(
        ({ protocol, first, last, kind }) => `${from} -> ${to} ${protocol} ${String(first)}-${String(last)} ${kind}`,
      ),
    );

  it("tells opened and closed ports as ranges", () => {
    assert.deepEqual(linesOf(worldOf(closed), worldOf(almost)), [
      "shop/web -> shop/db TCP 5433-5433 ALLOWED",
      "shop/web -> shop/db UDP 5433-5433 ALLOWED",
      "shop/web -> shop/db SCTP 5433-5433 ALLOWED",
    ]);
  });

  it("tells what is narrowed at L7 apart from what is closed", () => {
    const open = cnp("read-only", {
      ...selects("db"),
      ingress: [{ toPorts: [{ ports: [{ port: "80", protocol: "TCP" }] }] }],
    });
    assert.deepEqual(linesOf(worldOf(open), worldOf(readOnly)), [
      "shop/web -> shop/db TCP 80-80 L7-CHANGED",
      "internet -> shop/db TCP 80-80 L7-CHANGED",
    ]);
  });

  it("claims nothing where a verdict is unknown", () => {
    const groups = cnp("groups", { ...selects("web"), egress: [{ toGroups: [{ aws: {} }] }] });
    const found = linesOf(worldOf(groups), worldOf());
    assert.deepEqual(
      found.filter((line) => line.includes("internet")),
      [
        "shop/web -> internet TCP 1-65535 UNKNOWN",
        "shop/web -> internet UDP 1-65535 UNKNOWN",
        "shop/web -> internet SCTP 1-65535 UNKNOWN",
        "shop/web -> internet ICMP 1-255 UNKNOWN",
      ],
    );
  });

  it("names endpoints that only one world has, and says nothing of their pairs", () => {
    const job = { object: pod("job") };
    const bigger = readWorld({ manifests: [job, { object: pod("web") }, { object: pod("db") }], externals: [] }).world;
    const { appeared, disappeared, changed } = compare(worldOf(), bigger);
    assert.deepEqual(
      { appeared, disappeared, changed },
      { appeared: ["shop/job"], disappeared: ["internet"], changed: [] },
    );
  });
});

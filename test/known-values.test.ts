/** The closed key check: what a chart knows is derived from the chart, and whatever else is said is refused. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tar from "tar";

import { type KeyTree, unknownValues } from "../components/charts/keys.ts";
import { readChartKeys } from "../components/charts/values.ts";
import { chartWrites, ciliumKeys, knownVersion as knownCilium } from "../components/cilium/known-values.ts";
import { knownVersion as knownKyverno, kyvernoKeys } from "../components/kyverno/known-values.ts";
import { overlayProblems } from "../components/overlays.ts";
import { charts } from "../components/versions.ts";
import { formatProblems } from "../policies/problems.ts";
import { valuesOf } from "./render/support/rendered-cilium.ts";
import { settingsOf } from "./support/settings.ts";

const madeUp = join(import.meta.dirname, "fixtures/chart");

describe("the keys of a chart", () => {
  it("are its defaults, and what its templates read beyond them", () => {
    assert.deepEqual(readChartKeys(madeUp), {
      annotations: "any",
      config: "any",
      elsewhere: "any",
      extra: { deep: { key: "any" } },
      flags: { "a.b": "any" },
      global: "any",
      inner: { colour: "leaf", global: "any", size: "leaf" },
      list: "leaf",
      one: { two: "any" },
      optional: "any",
      probe: "any",
      replicas: "leaf",
      service: { nodePort: "any", policy: "any", type: "leaf" },
    });
  });

  it("are not those that a template only refuses, nor those in a comment", () => {
    const keys = readChartKeys(madeUp);
    assert.equal(keys["removedLongAgo"], undefined);
    assert.equal(keys["inAComment"], undefined);
  });

  it("leave other authors' subcharts open, in the folder or not", () => {
    assert.equal(readChartKeys(madeUp, ["inner"])["inner"], "any");
  });
});

describe("values that a chart does not know", () => {
  const known: KeyTree = {
    service: { type: "leaf", labels: "any" },
    hubble: { relay: { enabled: "leaf" }, ui: { enabled: "leaf" } },
    encryption: { nodeEncryption: "leaf" },
  };
  const cases: readonly (readonly [title: string, values: Readonly<Record<string, unknown>>, text: string])[] = [
    ["nothing", {}, ""],
    ["known values, whatever they hold", { service: { type: ["a"], labels: { "a/b": { c: 1 } } } }, ""],
    [
      "a slip of the finger",
      { hubble: { relay: { enabeld: true } } },
      "f › hubble.relay.enabeld: the pinned chart knows no such value\n" +
        "  expected a value of the chart\n" +
        "  fix: did you mean `hubble.relay.enabled`?  [settings/unknown-value]",
    ],
    [
      "the right name in the wrong place",
      { nodeEncryption: true },
      "f › nodeEncryption: the pinned chart knows no such value\n" +
        "  expected a value of the chart\n" +
        "  fix: did you mean `encryption.nodeEncryption`?  [settings/unknown-value]",
    ],
    [
      "a name that is nowhere near",
      { somethingElse: { a: 1, b: 2 } },
      "f › somethingElse: the pinned chart knows no such value\n" +
        "  expected a value of the chart  [settings/unknown-value]",
    ],
    [
      "a map where the chart has one value",
      { service: { type: { name: "NodePort" } } },
      "f › service.type.name: the pinned chart knows no such value\n" +
        "  expected a value of the chart  [settings/unknown-value]",
    ],
    [
      "a name that every object has",
      { constructor: 1 },
      "f › constructor: the pinned chart knows no such value\n" +
        "  expected a value of the chart  [settings/unknown-value]",
    ],
  ];
  for (const [title, values, text] of cases) {
    it(`are told: ${title}`, () => {
      const place = unknownValues(known, values, "f › ").map((problem) => ({
        ...problem,
        where: problem.where.replace("f › .", "f › "),
      }));
      assert.equal(formatProblems(place), text);
    });
  }
});

describe("the keys of Cilium's chart", () => {
  it("are those of the pinned version", () => {
    assert.equal(knownCilium, charts.cilium.version);
  });

  it("hold what the chart reads and keeps in comments only", () => {
    const said = {
      loadBalancer: { mode: "snat", algorithm: "maglev", dsrDispatch: "geneve" },
      socketLB: { hostNamespaceOnly: true },
      l2announcements: { leaseDuration: "15s", leaseRenewDeadline: "5s", leaseRetryPeriod: "2s" },
      dnsProxy: { enableTransparentMode: true },
      policyAuditMode: false,
      egressGateway: { maxPolicyEntries: 16384 },
      nodePort: { range: "30000,32767", directRoutingDevice: "eth0" },
      labels: "a b",
      nodeLabels: "a b",
      hubble: { eventBufferCapacity: "4095", eventQueueSize: "" },
      iptablesLockTimeout: "5s",
      cni: { externalRouting: false },
    };
    assert.deepEqual(unknownValues(ciliumKeys, said, ""), []);
  });

  it("hold everything we say ourselves, on every target", () => {
    const everything = {
      meshAuth: "spire",
      encryption: "wireguard",
      l2Announcements: true,
      lbIpam: true,
      bgp: true,
      egressGateway: true,
      prometheus: true,
      hubble: { ui: true, relayService: "NodePort", uiService: "NodePort" },
    };
    const observability = { serviceMonitors: true, dashboards: true };
    const aksCan = { ...everything, l2Announcements: false, lbIpam: false, bgp: false };
    for (const stack of [
      { target: "kind", cilium: everything },
      { target: "aks", cilium: aksCan },
    ]) {
      assert.deepEqual(unknownValues(ciliumKeys, valuesOf({ ...stack, observability }), ""), []);
    }
  });

  it("do not hold what earlier charts knew (E-11, removed values)", () => {
    const gone = {
      tunnel: "vxlan",
      bgp: { enabled: true },
      externalIPs: { enabled: true },
      installIptablesRules: false,
      enableCiliumEndpointSlice: true,
    };
    assert.deepEqual(
      unknownValues(ciliumKeys, gone, "").map(({ where }) => where),
      [".tunnel", ".bgp", ".externalIPs", ".installIptablesRules", ".enableCiliumEndpointSlice"],
    );
  });

  it("leave maps open whose keys are the user's", () => {
    const said = {
      nodeSelector: { "kubernetes.io/os": "linux", pool: "system" },
      podAnnotations: { "example.com/a": "b" },
      extraConfig: { "some-flag": "1" },
      resources: { limits: { memory: "1Gi" } },
      operator: { affinity: { podAntiAffinity: {} } },
    };
    assert.deepEqual(unknownValues(ciliumKeys, said, ""), []);
  });

  it("come with the flags the chart writes into the agent's configuration", () => {
    for (const flag of ["routing-mode", "kube-proxy-replacement", "ipam", "enable-wireguard", "mesh-auth-enabled"]) {
      assert.equal(chartWrites(flag), true, flag);
    }
    for (const flag of ["install-iptables-rules", "data", "no-such-flag"]) assert.equal(chartWrites(flag), false, flag);
  });
});

describe("the keys of Kyverno's chart", () => {
  it("are those of the pinned version", () => {
    assert.equal(knownKyverno, charts.kyverno.version);
  });

  it("tell a mistyped one from a known one", () => {
    assert.deepEqual(unknownValues(kyvernoKeys, { admissionController: { replicas: 3 } }, ""), []);
    assert.deepEqual(
      unknownValues(kyvernoKeys, { admisionController: { replicas: 3 } }, "kyverno.values").map(({ fix }) => fix),
      ["did you mean `admissionController`?"],
    );
  });
});

describe("the stack's own values of a chart that is read where it lies", () => {
  const mistyped = settingsOf({ target: "kwok", gateway: { values: { service: { typ: "NodePort" } } } });
  const expected =
    "Pulumi.test.yaml › gateway.values.service.typ: the pinned chart knows no such value\n" +
    "  expected a value of the chart\n" +
    "  fix: did you mean `service.type`?  [settings/unknown-value]";

  it("are judged against its folder", async () => {
    const at = [{ key: "nginxGatewayFabric", path: madeUp }] as const;
    assert.equal(formatProblems(await overlayProblems(at, mistyped, "Pulumi.test.yaml")), expected);
  });

  it("are judged against its archive", async () => {
    const folder = mkdtempSync(join(tmpdir(), "chart-archive-"));
    try {
      const path = join(folder, "made-up-0.0.0.tgz");
      await tar.create({ file: path, gzip: true, cwd: join(madeUp, "..") }, ["chart"]);
      const at = [{ key: "nginxGatewayFabric", path }] as const;
      assert.equal(formatProblems(await overlayProblems(at, mistyped, "Pulumi.test.yaml")), expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("cost nothing while there are none: the chart is not even looked for", async () => {
    const at = [{ key: "argoCd", path: "/nowhere" }] as const;
    assert.deepEqual(await overlayProblems(at, mistyped, "Pulumi.test.yaml"), []);
  });

  it("are left alone where the chart is plain manifests", async () => {
    const at = [{ key: "nginxGatewayFabric", path: join(madeUp, "templates") }] as const;
    assert.deepEqual(await overlayProblems(at, mistyped, "Pulumi.test.yaml"), []);
  });
});

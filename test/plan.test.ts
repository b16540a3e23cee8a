/** What is decided before anything is created, and what is said when that cannot be. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { wantedCharts } from "../components/candidate.ts";
import { rememberFailure } from "../components/charts/cache.ts";
import type { MissingChart } from "../components/charts/prepare.ts";
import { planPlatform, refuseMissing, withDependents } from "../components/plan.ts";
import { charts, type ChartKey } from "../components/versions.ts";
import { ProblemsError } from "../policies/problems.ts";
import { cloudFacts, foreignFacts, localFacts, simulatedFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

function missingChart(key: ChartKey, reason = "nobody answers"): MissingChart {
  const { name, version } = charts[key];
  return { key, name, version, reason };
}

describe("the charts a stack wants", () => {
  const off = { enabled: false };
  const rows: readonly [string, Readonly<Record<string, unknown>>, readonly ChartKey[]][] = [
    ["every one where nothing is said", {}, ["cilium", "gatewayApi", "nginxGatewayFabric", "kyverno", "argoCd"]],
    ["the network alone where every add-on is off", { gateway: off, kyverno: off, argocd: off }, ["cilium"]],
    ["neither half of the gateway without it", { gateway: off }, ["cilium", "kyverno", "argoCd"]],
    ["no Kyverno without it", { kyverno: off }, ["cilium", "gatewayApi", "nginxGatewayFabric", "argoCd"]],
    ["no Argo CD without it", { argocd: off }, ["cilium", "gatewayApi", "nginxGatewayFabric", "kyverno"]],
  ];
  for (const [what, written, wanted] of rows) {
    it(`are ${what}`, () => {
      assert.deepEqual(wantedCharts(settingsOf({ target: "kind", ...written })), wanted);
    });
  }
});

describe("a chart that cannot be had", () => {
  it("is left out where nodes are simulated", () => {
    refuseMissing([missingChart("nginxGatewayFabric"), missingChart("argoCd")], simulatedFacts, "Pulumi.test.yaml");
  });

  it("is no matter where there is none", () => {
    for (const facts of [simulatedFacts, localFacts, cloudFacts]) refuseMissing([], facts, "Pulumi.test.yaml");
  });

  const refusals: readonly [string, ChartKey, string][] = [
    ["kyverno", "kyverno", "kyverno.enabled: false"],
    ["gateway-api", "gatewayApi", "gateway.enabled: false"],
    ["nginx-gateway-fabric", "nginxGatewayFabric", "gateway.enabled: false"],
    ["argo-cd", "argoCd", "argocd.enabled: false"],
  ];
  for (const facts of [localFacts, cloudFacts, foreignFacts]) {
    for (const [name, key, off] of refusals) {
      it(`is an error on ${facts.target}: ${name}`, () => {
        assert.throws(
          () => {
            refuseMissing([missingChart(key)], facts, "Pulumi.test.yaml");
          },
          {
            name: "UserError",
            message: `1 problem

Pulumi.test.yaml: the chart \`${name}-${charts[key].version}\` cannot be had: nobody answers
  expected its official place to answer, or a chartMirror that holds it
  fix: put it into the folder of platform:chartMirror, or set ${off}  [charts/missing]`,
          },
        );
      });
    }
  }

  for (const facts of [simulatedFacts, localFacts]) {
    it(`is an error on ${facts.target} when it is the network itself, which cannot be switched off`, () => {
      assert.throws(
        () => {
          refuseMissing([missingChart("cilium")], facts, "Pulumi.test.yaml");
        },
        {
          message: `1 problem

Pulumi.test.yaml: the chart \`cilium-${charts.cilium.version}\` cannot be had: nobody answers
  expected its official place to answer, or a chartMirror that holds it
  fix: put it into the folder of platform:chartMirror  [charts/missing]`,
        },
      );
    });
  }

  it("is told together with the others", () => {
    assert.throws(
      () => {
        refuseMissing([missingChart("kyverno"), missingChart("argoCd")], localFacts, "Pulumi.test.yaml");
      },
      (error) => error instanceof ProblemsError && error.problems.length === 2,
    );
  });
});

describe("what a missing chart takes along", () => {
  const both: readonly ChartKey[] = ["cilium", "gatewayApi", "nginxGatewayFabric"];
  const alongside: MissingChart = {
    key: "nginxGatewayFabric",
    name: "nginx-gateway-fabric",
    version: charts.nginxGatewayFabric.version,
    reason: "it needs gateway-api, which is left out",
  };
  const rows: readonly [string, readonly MissingChart[], readonly ChartKey[], readonly MissingChart[]][] = [
    ["nothing where nothing is missing", [], both, []],
    [
      "the gateway where its kinds are missing",
      [missingChart("gatewayApi")],
      both,
      [missingChart("gatewayApi"), alongside],
    ],
    [
      "nothing where only the gateway is missing",
      [missingChart("nginxGatewayFabric")],
      both,
      [missingChart("nginxGatewayFabric")],
    ],
    [
      "no gateway twice",
      [missingChart("gatewayApi"), missingChart("nginxGatewayFabric")],
      both,
      [missingChart("gatewayApi"), missingChart("nginxGatewayFabric")],
    ],
    ["no gateway nobody wanted", [missingChart("gatewayApi")], ["cilium", "gatewayApi"], [missingChart("gatewayApi")]],
  ];
  for (const [what, missing, wanted, expected] of rows) {
    it(`is ${what}`, () => {
      assert.deepEqual(withDependents(missing, wanted), expected);
    });
  }
});

describe("the plan of a stack", () => {
  let folder: string;
  const cwd = process.cwd();
  const variables = ["CILIUM_PLATFORM_CACHE", "CILIUM_PLATFORM_CHART_MIRROR"] as const;
  const before = variables.map((name) => process.env[name]);

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "plan-")));
    mkdirSync(join(folder, "clone"));
    process.chdir(join(folder, "clone"));
    process.env["CILIUM_PLATFORM_CACHE"] = join(folder, "cache");
    process.env["CILIUM_PLATFORM_CHART_MIRROR"] = join(folder, "mirror");
    recordResources({ stack: "mine" });
  });
  afterEach(() => {
    process.chdir(cwd);
    variables.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
    pulumi.runtime.setAllConfig({});
    rmSync(folder, { recursive: true });
  });

  /** Every chart lies in the mirror, except those that somebody has just looked for in vain. */
  function chartsBut(...absent: ChartKey[]): void {
    mkdirSync(join(folder, "cache/charts"), { recursive: true });
    for (const [key, pin] of Object.entries(charts) as [ChartKey, (typeof charts)[ChartKey]][]) {
      if (absent.includes(key)) rememberFailure(pin, join(folder, "cache/charts"), "nobody answers");
      else mkdirSync(join(folder, "mirror", `${pin.name}-${pin.version}`), { recursive: true });
    }
  }
  const configure = (config: Readonly<Record<string, string>>): void => {
    pulumi.runtime.setAllConfig({ ...config });
  };

  it("names what is installed, and what is left out with the reason", async () => {
    chartsBut("nginxGatewayFabric");
    configure({ "platform:target": "kwok" });
    const plan = await planPlatform();
    assert.equal(plan.stack, "mine");
    assert.equal(plan.clusterName, "platform-mine");
    assert.deepEqual([...plan.installs], ["cilium", "gatewayApi", "kyverno", "argoCd"]);
    assert.deepEqual(plan.leftOut, { "nginx-gateway-fabric": "nobody answers" });
    assert.deepEqual(plan.bundles, ["baseline"]);
    // From here on the charts are where the inputs say, whatever the machine.
    assert.ok(existsSync(join(folder, "clone/.platform/mine/charts", `cilium-${charts.cilium.version}`)));
  });

  it("installs no gateway whose kinds are left out", async () => {
    chartsBut("gatewayApi");
    configure({ "platform:target": "kwok" });
    const { installs, leftOut } = await planPlatform();
    assert.deepEqual([...installs], ["cilium", "kyverno", "argoCd"]);
    assert.deepEqual(leftOut, {
      "gateway-api": "nobody answers",
      "nginx-gateway-fabric": "it needs gateway-api, which is left out",
    });
  });

  it("leaves nothing out where everything can be had", async () => {
    chartsBut();
    configure({ "platform:target": "kind", "platform:clusterName": "shop" });
    const plan = await planPlatform();
    assert.equal(plan.clusterName, "shop");
    assert.equal(plan.installs.size, 5);
    assert.deepEqual(plan.leftOut, {});
  });

  it("ends, told without a stack trace, where a chart is missing on real nodes", async () => {
    chartsBut("argoCd");
    configure({ "platform:target": "kind" });
    await assert.rejects(planPlatform(), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(
        error.message,
        `1 problem

Pulumi.mine.yaml: the chart \`argo-cd-${charts.argoCd.version}\` cannot be had: nobody answers
  expected its official place to answer, or a chartMirror that holds it
  fix: put it into the folder of platform:chartMirror, or set argocd.enabled: false  [charts/missing]`,
      );
      return true;
    });
  });

  it("ends the same way where the settings are wrong, before any chart is looked for", async () => {
    configure({ "platform:target": "kind", "platform:ciliun": "{}" });
    await assert.rejects(planPlatform(), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(error.message, /^1 problem\n\nPulumi\.mine\.yaml › ciliun: unknown key\n/);
      return true;
    });
    assert.equal(existsSync(join(folder, "clone/.platform")), false);
  });

  it("keeps its trace where it is not the stack that is wrong", async () => {
    chartsBut();
    configure({ "platform:target": "kind" });
    // Where the charts are linked to, nothing can be written.
    writeFileSync(join(folder, "clone/.platform"), "");
    await assert.rejects(planPlatform(), (error: Error) => {
      assert.equal(pulumi.RunError.isInstance(error), false);
      assert.match(error.message, /^ENOTDIR/);
      return true;
    });
  });
});

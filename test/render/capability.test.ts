/** What documents and commands rely on, in the pinned chart as it is rendered. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tar from "tar";

import { alertRules } from "../../components/alert-rules.ts";
import { settingsOf } from "../support/settings.ts";
import { metricsIn, queriesIn } from "../support/queries.ts";
import { skipOrFail } from "../support/skip.ts";
import { ciliumConfig, type Rendered, type Renderer, rendererHere, renderStack } from "./support/rendered-cilium.ts";

const kind = { target: "kind" };
const aks = { target: "aks" };

describe("The pinned chart of Cilium", function () {
  this.timeout(60_000);
  let renderer: Renderer;

  before(function () {
    const here = rendererHere();
    if (typeof here === "string") skipOrFail(this, here);
    else renderer = here;
  });

  it("restarts pods that came before Cilium by its operator, again and again by itself [S2-10]", () => {
    const operator = find(renderStack(renderer, aks), "Deployment", "cilium-operator");
    assert.equal(ciliumConfig(renderStack(renderer, aks))["unmanaged-pod-watcher-interval"], "15s");
    // The rights to do so: on pods, and to delete them.
    const role = find(renderStack(renderer, aks), "ClusterRole", "cilium-operator")["rules"] as readonly {
      readonly resources?: readonly string[];
      readonly verbs: readonly string[];
    }[];
    assert.ok(role.some(({ resources, verbs }) => resources?.includes("pods") === true && verbs.includes("delete")));
    assert.equal(operator.metadata.namespace, "kube-system");
  });

  it("has SPIRE's server listen where a policy must let its agents in [S1-20]", () => {
    const server = find(
      renderStack(renderer, { ...kind, cilium: { meshAuth: "spire" } }),
      "StatefulSet",
      "spire-server",
    );
    const { containers } = podOf(server);
    const ports = containers.find(({ name }) => name === "spire-server")?.ports;
    assert.deepEqual(ports, [
      { name: "grpc", containerPort: 8081 },
      { name: "http", containerPort: 8080 },
    ]);
  });

  it("has relay and UI on port 80 of their Services, as the port-forwards in the documents expect [S0-27] [S2-17] [S4-17]", () => {
    const objects = renderStack(renderer, { ...kind, cilium: { hubble: { ui: true } } });
    for (const name of ["hubble-relay", "hubble-ui"]) {
      const service = find(objects, "Service", name);
      const { ports } = service["spec"] as { ports: { port: number }[] };
      assert.deepEqual([service.metadata.namespace, ports.map(({ port }) => port)], ["kube-system", [80]]);
    }
  });

  it("draws every metric of our alerts and questions in its own dashboards, or says it in its source [S4-10] [S0-28]", () => {
    const drawn = jsonIn(renderer.chart);
    const { cilium } = settingsOf({ cilium: { prometheus: true } });
    const asked = [...alertRules(cilium).map(({ expr }) => expr), ...queriesIn("docs/observability.md")];
    const missing = metricsIn(asked).filter((metric) => !new RegExp(`\\b${metric}\\b`).test(drawn));
    // pkg/hubble/metrics/policy of the pinned Cilium; no dashboard of the chart draws it.
    assert.deepEqual(missing, ["hubble_policy_verdicts_total"]);
  });
});

/** Every JSON file of a chart, which is a folder or an archive. */
function jsonIn(chart: string): string {
  if (!statSync(chart).isDirectory()) {
    const folder = mkdtempSync(join(tmpdir(), "chart-"));
    try {
      tar.extract({ file: chart, cwd: folder, sync: true });
      return jsonIn(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return readdirSync(chart, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json"))
    .map((file) => readFileSync(join(chart, file), "utf8"))
    .join("\n");
}

function find(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found !== undefined, `${kind}/${name} was not rendered`);
  return found;
}

function podOf(workload: Rendered): { containers: readonly { name: string; ports?: readonly unknown[] }[] } {
  return (workload["spec"] as { template: { spec: { containers: { name: string; ports?: unknown[] }[] } } }).template
    .spec;
}

/** Cilium's chart rendered with the values of a stack: what the release would install. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

import { chartFolder } from "../../../components/charts/cache.ts";
import { findChart } from "../../../components/charts/prepare.ts";
import { ciliumValues } from "../../../components/cilium/values.ts";
import { clusterFacts } from "../../../components/cluster/facts.ts";
import { charts, kubernetesVersion } from "../../../components/versions.ts";
import { toolPaths } from "../../../scripts/tools/tool-paths.ts";
import { settingsOf } from "../../support/settings.ts";

/** What rendering needs. */
export interface Renderer {
  readonly helm: string;
  /** Folder or archive of the pinned chart. */
  readonly chart: string;
}

/** The tools of this machine, or the name of the one it lacks. */
export function rendererHere(): Renderer | string {
  const helm = toolPaths(["helm"]).path.helm;
  if (helm === undefined) return "helm is not in the tool folder";
  const chart = findChart(charts.cilium, chartFolder(process.env), process.env["CILIUM_PLATFORM_CHART_MIRROR"])?.path;
  if (chart === undefined) return `the chart cilium-${charts.cilium.version} is not in the chart folder`;
  return { helm, chart };
}

/** One object as it would be applied. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** YAML of the release on a cluster without any CRD. Throws helm's own words. */
export function renderText(renderer: Renderer, values: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "cilium-render-"));
  try {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    return execFileSync(
      renderer.helm,
      ["template", "cilium", renderer.chart, "-n", "kube-system", "-f", file, "--kube-version", kubernetesVersion],
      {
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, HELM_CONFIG_HOME: folder, HELM_CACHE_HOME: folder, HELM_DATA_HOME: folder },
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Cilium's values of a stack, written as in its file. */
export function valuesOf(written: Readonly<Record<string, unknown>>): ReturnType<typeof ciliumValues> {
  const settings = settingsOf(written);
  const facts = clusterFacts(settings);
  return ciliumValues(
    settings,
    facts,
    facts.apiServer.kind === "known" ? facts.apiServer.host : "platform.hcp.westeurope.azmk8s.io",
  );
}

/** Every object of the release of a stack. */
export function renderStack(renderer: Renderer, written: Readonly<Record<string, unknown>>): readonly Rendered[] {
  return objectsIn(renderText(renderer, valuesOf(written)));
}

export function objectsIn(text: string): readonly Rendered[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

/** What the agents and the operator are told. */
export function ciliumConfig(objects: readonly Rendered[]): Readonly<Record<string, string>> {
  const config = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "cilium-config");
  if (config === undefined) throw new Error("no cilium-config was rendered");
  return config["data"] as Readonly<Record<string, string>>;
}

/** `Kind/name` of every object of one kind. */
export function namesOf(objects: readonly Rendered[], kind: string): readonly string[] {
  return objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
}

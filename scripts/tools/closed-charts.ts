/**
 * Charts where no chart repository answers: made from Go modules that carry the chart, its parts, or the manifests that
 * upstream releases.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { parseAllDocuments, parseDocument, type YAMLSeq } from "yaml";

import { manifestsChart, wrapperFiles, writeFiles } from "../../components/charts/wrapper.ts";
import { goModulePlace, type ChartPlace } from "../../components/charts/places.ts";
import type { ChartKey, ChartPin } from "../../components/versions.ts";
import { requiredVersion } from "./build-input.ts";
import type { Go } from "./go.ts";
import { downloadModule } from "./go-module.ts";
import { publish } from "./publish.ts";
import type { Workplace } from "./tool-paths.ts";

/** Files of a chart, path → text. */
type Files = Readonly<Record<string, string>>;

/** Make one chart from its module and put it into the cache. */
export async function makeClosedChart(
  key: ChartKey,
  pin: ChartPin,
  go: Go,
  at: Workplace,
  folder: string,
): Promise<ChartPlace> {
  const source = pin.closedNetwork;
  if (source === undefined) throw new Error(`${pin.name} has no source in a closed network`);
  const tool = join(at.root, "tools", source.tool);
  const version = requiredVersion(readFileSync(join(tool, "go.mod"), "utf8"), source.module);
  if (version === undefined) throw new Error(`tools/${source.tool}/go.mod does not require ${source.module}`);
  const module = await downloadModule(go, tool, source.module, version);

  const place = goModulePlace(pin, folder);
  mkdirSync(at.scratch, { recursive: true });
  const scratch = mkdtempSync(join(at.scratch, `chart-${pin.name}-`));
  try {
    const finished = join(scratch, "finished");
    writeFiles(finished, closedChartFiles(key, pin, module, join(module, source.folder)));
    publish(finished, place.path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return place;
}

/** How each chart is made. `folder` is what the chart table names inside the module. */
function closedChartFiles(key: ChartKey, pin: ChartPin, module: string, folder: string): Files {
  switch (key) {
    case "cilium":
      return readFiles(folder);
    case "kyverno":
      return restoredKyverno(
        readFiles(folder),
        readFiles(join(module, "config", "crds", "policies.kyverno.io")),
        pin.appVersion,
      );
    case "gatewayApi":
      return manifestsChart(pin, Object.values(readFiles(folder)).join("\n---\n"));
    case "argoCd":
      return manifestsChart(pin, closableServer(readFileSync(join(folder, "install.yaml"), "utf8")));
    case "nginxGatewayFabric":
      throw new Error("nginx-gateway-fabric cannot be made: its module is not to be had");
  }
}

/**
 * Argo CD's manifests without the policy that lets everyone reach the server: whatever else allows less would not count.
 * Our values leave it out of the chart as well.
 */
export function closableServer(manifests: string): string {
  const documents = parseAllDocuments(manifests);
  const kept = documents.filter(
    (document) => document.get("kind") !== "NetworkPolicy" || document.getIn(["metadata", "name"]) !== openServerPolicy,
  );
  if (kept.length !== documents.length - 1) throw new Error(`Argo CD's manifests hold no ${openServerPolicy}`);
  return kept.map((document) => document.toString({ lineWidth: 0 }).replace(/^(---\n)?/, "---\n")).join("");
}

const openServerPolicy = "argocd-server-network-policy";

/** Sub-chart that carries half of Kyverno's definitions and comes from a repository of its own. */
const kyvernoApi = "kyverno-api";

/**
 * Kyverno's chart with its API sub-chart made from the module's own definitions. The other remote sub-charts are off by
 * default and left out, with the lock that names them.
 */
export function restoredKyverno(chart: Files, definitions: Files, appVersion: string): Files {
  const document = parseDocument(chart["Chart.yaml"] ?? "");
  const dependencies = document.get("dependencies") as YAMLSeq;
  const all = dependencies.toJSON() as { name: string; version: string; repository?: string }[];
  const api = all.find((dependency) => dependency.name === kyvernoApi);
  if (api === undefined) throw new Error(`Kyverno's Chart.yaml names no ${kyvernoApi}`);
  dependencies.items = dependencies.items.filter((_, index) => {
    const dependency = all[index];
    return dependency?.repository === undefined || dependency.name === kyvernoApi;
  });
  const subChart = wrapperFiles(
    { name: kyvernoApi, version: api.version, appVersion, description: "Definitions of policies.kyverno.io" },
    definitions,
  );
  return {
    ...Object.fromEntries(Object.entries(chart).filter(([path]) => path !== "Chart.lock")),
    "Chart.yaml": document.toString({ lineWidth: 0 }),
    ...Object.fromEntries(Object.entries(subChart).map(([path, text]) => [`charts/${kyvernoApi}/${path}`, text])),
  };
}

/** All text files below a folder, by relative path in stable order. */
function readFiles(folder: string): Files {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

/**
 * A chart around plain manifests: for upstreams that publish no chart, and for charts that cannot be had.
 *
 * The manifests are printed as they are, without being read as templates; Helm values therefore do not apply.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isMap, parseAllDocuments, stringify } from "yaml";

import type { ChartPin } from "../versions.ts";

/** What Chart.yaml says of a chart that we make. */
export interface WrapperChart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  readonly description: string;
}

/** Prints every file below `files/`, one after the other. */
const template = `{{- range $path, $_ := .Files.Glob "files/*.yaml" }}
---
{{ $.Files.Get $path }}
{{- end }}
`;

/** The files of a wrapper chart: path → text. `manifests` are file name → text. */
export function wrapperFiles(
  chart: WrapperChart,
  manifests: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const files = Object.entries(manifests).map(([name, text]) => [`files/${name}`, text]);
  return {
    "Chart.yaml": stringify({ apiVersion: "v2", type: "application", ...chart }),
    "templates/manifests.yaml": template,
    ...(Object.fromEntries(files) as Record<string, string>),
  };
}

/**
 * The same manifests, but uninstalling leaves every custom resource definition in place: with a definition go all
 * objects of its kind, and those are the user's.
 */
export function keepingDefinitions(manifests: string): string {
  const documents = parseAllDocuments(manifests);
  for (const document of documents) {
    if (document.get("kind") !== "CustomResourceDefinition") continue;
    document.setIn(["metadata", "annotations", "helm.sh/resource-policy"], "keep");
  }
  return documents
    .filter((document) => isMap(document.contents))
    .map((document) => document.toString({ lineWidth: 0 }).replace(/^(---\n)?/, "---\n"))
    .join("");
}

/** Released manifests as a chart whose definitions outlive it. */
export function manifestsChart(pin: ChartPin, manifests: string): Readonly<Record<string, string>> {
  const { name, version, appVersion } = pin;
  const description = `${name} ${appVersion} from its release manifests; values do not apply`;
  return wrapperFiles({ name, version, appVersion, description }, { "manifests.yaml": keepingDefinitions(manifests) });
}

/** Write a chart, or part of one, into a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/**
 * readChartKeys: the keys a chart knows, derived from the chart itself.
 *
 * The defaults in values.yaml are not all: a chart reads keys that stand there only as comments, so its templates are
 * read too. Keys that a template reads only to refuse them are not known.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

import type { KeyTree } from "./keys.ts";
import { templateReads } from "./templates.ts";
import { isMap } from "../helm-values.ts";

/** A tree under construction. */
interface Keys {
  [key: string]: Keys | "leaf" | "any";
}

/** Templates that only refuse what earlier versions knew. */
const refusingTemplates = ["validate.yaml", "warnings.txt", "NOTES.txt"];

/** `foreign` are subcharts of other authors: whether they are in the folder depends on where the chart came from. */
export function readChartKeys(folder: string, foreign: readonly string[] = []): KeyTree {
  const keys: Keys = {};
  addDefaults(keys, parse(readFileSync(join(folder, "values.yaml"), "utf8")) as unknown);
  // The deepest first: a map that a template only asks for as a whole still has the keys that another reads in it.
  const reads = templatesIn(join(folder, "templates")).flatMap(templateReads);
  for (const { path, form } of reads.sort((a, b) => b.path.length - a.path.length)) addRead(keys, path, form);
  for (const name of subcharts(folder).filter((subchart) => !foreign.includes(subchart))) {
    const below = readChartKeys(join(folder, "charts", name));
    const own = keys[name];
    // What the parent says of a subchart comes on top of what the subchart knows itself.
    keys[name] = typeof own === "object" ? merged(below, own) : below;
  }
  for (const name of [...foreign, ...absentSubcharts(folder)]) keys[name] = "any";
  // Every chart and subchart is given these by Helm.
  keys["global"] = "any";
  return sorted(keys);
}

/** A default that is empty or absent says nothing of what may stand there. */
function addDefaults(keys: Keys, defaults: unknown): void {
  if (!isMap(defaults)) return;
  for (const [key, value] of Object.entries(defaults)) {
    if (isMap(value) && Object.keys(value).length > 0) {
      const below: Keys = {};
      addDefaults(below, value);
      keys[key] = below;
    } else {
      keys[key] = isMap(value) || value === null ? "any" : "leaf";
    }
  }
}

function addRead(keys: Keys, path: readonly string[], form: "value" | "whole"): void {
  let at = keys;
  for (const [index, key] of path.entries()) {
    const last = index === path.length - 1;
    const below = at[key];
    if (last) {
      if (form === "whole" && below !== "leaf") at[key] = "any";
      else at[key] ??= "any";
      return;
    }
    if (below === "any") return;
    if (typeof below === "object") {
      at = below;
    } else {
      // A method of the value, such as `.Values.AsMap`, or a leaf that some template looks into.
      if (below === "leaf") return;
      const made: Keys = {};
      at[key] = made;
      at = made;
    }
  }
}

function subcharts(folder: string): readonly string[] {
  const charts = join(folder, "charts");
  if (!existsSync(charts)) return [];
  return readdirSync(charts, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(charts, entry.name, "values.yaml")))
    .map(({ name }) => name);
}

function absentSubcharts(folder: string): readonly string[] {
  const chart: unknown = parse(readFileSync(join(folder, "Chart.yaml"), "utf8"));
  const dependencies = isMap(chart) && Array.isArray(chart["dependencies"]) ? (chart["dependencies"] as unknown[]) : [];
  return dependencies
    .flatMap((dependency) => (isMap(dependency) ? [String(dependency["alias"] ?? dependency["name"])] : []))
    .filter((name) => !subcharts(folder).includes(name));
}

function templatesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(
      (entry) => entry.isFile() && /\.(ya?ml|tpl|txt)$/.test(entry.name) && !refusingTemplates.includes(entry.name),
    )
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

function merged(one: Keys, other: Keys): Keys {
  const both: Keys = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const below = both[key];
    both[key] = typeof below === "object" && typeof value === "object" ? merged(below, value) : (below ?? value);
  }
  return both;
}

function sorted(keys: Keys): Keys {
  return Object.fromEntries(
    Object.keys(keys)
      .sort()
      .map((key) => {
        const value = keys[key] ?? "leaf";
        return [key, typeof value === "object" ? sorted(value) : value];
      }),
  );
}

/**
 * Chart keys: which Helm values a chart knows, and which given ones it does not.
 *
 * Charts accept every key, so a mistyped one would silently leave the chart's default in place.
 */
import type { Problem } from "../../policies/problems.ts";
import type { HelmValues } from "../chart.ts";
import { isMap } from "../helm-values.ts";
import { nearest } from "../../policies/nearest.ts";

/** The keys below one key. `leaf`: a value. `any`: a map whose keys the user chooses, or a value of any form. */
export interface KeyTree {
  readonly [key: string]: KeyTree | "leaf" | "any";
}

/** Every given key the chart does not know. `place` is where the values stand, for example `cilium.values`. */
export function unknownValues(known: KeyTree, values: HelmValues, place: string): readonly Problem[] {
  return unknownBelow(known, values, []).map((path) => problemOf(known, path, place));
}

function unknownBelow(known: KeyTree, values: HelmValues, path: readonly string[]): readonly (readonly string[])[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const here = [...path, key];
    const below = Object.hasOwn(known, key) ? known[key] : undefined;
    if (below === undefined) return [here];
    if (below === "any" || !isMap(value)) return [];
    // A map where the chart has one value: none of its keys can be known.
    return below === "leaf" ? Object.keys(value).map((inner) => [...here, inner]) : unknownBelow(below, value, here);
  });
}

function problemOf(known: KeyTree, path: readonly string[], place: string): Problem {
  const suggestion = nearestPath(known, path);
  return {
    code: "settings/unknown-value",
    where: `${place}.${path.join(".")}`,
    what: "the pinned chart knows no such value",
    expected: "a value of the chart",
    ...(suggestion === undefined ? {} : { fix: `did you mean \`${suggestion}\`?` }),
  };
}

/** The one place where the chart has this very name, else a close name at the same place. */
function nearestPath(known: KeyTree, path: readonly string[]): string | undefined {
  const key = path.at(-1) ?? "";
  const parents = path.slice(0, -1);
  const siblings = parents.reduce<KeyTree | "leaf" | "any" | undefined>(
    (tree, parent) => (typeof tree === "object" ? tree[parent] : undefined),
    known,
  );
  const elsewhere = pathsTo(known, key.toLowerCase());
  if (elsewhere.length === 1) return elsewhere[0];
  const close = typeof siblings === "object" ? nearest(key, Object.keys(siblings)) : undefined;
  return close === undefined ? undefined : [...parents, close].join(".");
}

function pathsTo(tree: KeyTree, key: string, path: readonly string[] = []): readonly string[] {
  return Object.entries(tree).flatMap(([name, below]) => {
    const here = [...path, name];
    return [
      ...(name.toLowerCase() === key ? [here.join(".")] : []),
      ...(typeof below === "object" ? pathsTo(below, key, here) : []),
    ];
  });
}

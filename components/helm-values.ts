/**
 * Helm values as data: merged the way Helm merges them, and read by the path a person would write.
 */

import type { HelmValues } from "./chart.ts";

/** `overlay` wins. Maps are merged key by key; lists and everything else are replaced, as Helm does it. */
export function mergeValues(base: HelmValues, overlay: HelmValues): HelmValues {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overlay)) {
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? mergeValues(below, value) : value;
  }
  return merged;
}

/** What stands at a path such as `hubble.tls.auto.method`; undefined where the values end before it. */
export function valueAt(values: HelmValues, path: string): unknown {
  let at: unknown = values;
  for (const key of path.split(".")) {
    if (!isMap(at)) return undefined;
    at = at[key];
  }
  return at;
}

/** A plain map: what YAML calls a mapping. An output is none, it is a leaf whose value comes later. */
export function isMap(value: unknown): value is HelmValues {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Helm takes everything but the empty for true, the text `false` included. */
export function isTrueToHelm(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return isMap(value) ? Object.keys(value).length > 0 : true;
}

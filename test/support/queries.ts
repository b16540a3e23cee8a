/** PromQL in our documents, and the metrics it names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Every line of the fences tagged `promql`. */
export function queriesIn(document: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "../..", document), "utf8");
  return [...text.matchAll(/^```promql\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trimEnd().split("\n"));
}

/** Without the suffixes that a histogram adds; each once. */
export function metricsIn(queries: readonly string[]): readonly string[] {
  return [...new Set(queries.flatMap((query) => query.match(/\b(?:cilium|hubble)_[a-z0-9_]+/g) ?? []))];
}

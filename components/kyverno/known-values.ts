/** Known values: what the pinned chart of Kyverno can be told, as derived from the chart. */
import type { KeyTree } from "../charts/keys.ts";
import known from "./known-values.json" with { type: "json" };

/** Version of the chart the keys were derived from. */
export const knownVersion: string = known.version;

export const kyvernoKeys = known.values as KeyTree;

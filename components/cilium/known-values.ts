/** Known values: what the pinned chart of Cilium can be told, as derived from the chart. */
import type { KeyTree } from "../charts/keys.ts";
import known from "./known-values.json" with { type: "json" };

/** Version of the chart the keys were derived from. */
export const knownVersion: string = known.version;

export const ciliumKeys = known.values as KeyTree;

const flags = new Set(known.flags);

/** Whether the chart itself writes this flag into the agent's configuration. */
export function chartWrites(flag: string): boolean {
  return flags.has(flag);
}

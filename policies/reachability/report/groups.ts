/**
 * Groups: endpoints of one namespace, or of one sort outside, with equal rows and equal columns.
 *
 * What was cut out of a matrix (some pairs, some ports, or what changed) decides what is equal.
 */
import { namespaceKey } from "../select/labels.ts";
import type { Endpoint } from "../model.ts";
import type { Group } from "./report.ts";
import { columnsOf, rowNumbers, type Square } from "../pairs/square.ts";

export interface Grouping {
  readonly groups: readonly Group[];
  /** Per group: the positions of its members. */
  readonly positions: readonly (readonly number[])[];
  /** One set of the square that stands for each group. */
  readonly representatives: readonly number[];
  /** Per set: the position of its group. */
  readonly groupOf: Int32Array;
}

/**
 * In the order of the first member. `apart` is what else must be equal to be in one group: sets that it holds equal must
 * have something to say to, and to hear from, the same sets.
 */
export function groupsOf(square: Square, endpoints: readonly Endpoint[], apart: (set: number) => string): Grouping {
  const found = new Map<string, number[]>();
  const kept = square.sets.map(([first], set) => `${sortOf(endpoints[first ?? 0])} ${apart(set)}`);
  for (const [set, key] of keysOf(square, kept).entries()) {
    const same = found.get(key);
    if (same === undefined) found.set(key, [set]);
    else same.push(set);
  }
  const sizes = namespaceSizes(endpoints);
  const each = [...found.values()].map((sets) => {
    const positions = sets.flatMap((set) => square.sets[set] ?? []).sort((a, b) => a - b);
    return { positions, representative: sets[0] ?? 0, sets };
  });
  each.sort((a, b) => (a.positions[0] ?? 0) - (b.positions[0] ?? 0));
  const groupOf = new Int32Array(square.sets.length);
  for (const [group, { sets }] of each.entries()) for (const set of sets) groupOf[set] = group;
  return {
    groupOf,
    groups: each.map(({ positions }) => grouped(positions, endpoints, sizes)),
    positions: each.map(({ positions }) => positions),
    representatives: each.map(({ representative }) => representative),
  };
}

/** Equal keys, equal rows and columns, the answer of a set to itself included. `kept` keeps sets apart besides. */
function keysOf(square: Square, kept: readonly string[]): string[] {
  const rows = rowNumbers(square).map((row, at) => `${String(row)} ${kept[at] ?? ""}`);
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  // Columns are looked at only where rows are equal: in most worlds that is nearly nowhere.
  const columns = rowNumbers(
    columnsOf(
      square,
      Uint8Array.from(rows, (row) => ((counts.get(row) ?? 0) > 1 ? 1 : 0)),
    ),
  );
  return rows.map((row, at) => `${String(columns[at])} ${row}`);
}

export function namespaceOf(endpoint: Endpoint | undefined): string | undefined {
  return endpoint?.kind === "pod" ? endpoint.labels.get(namespaceKey)?.[0]?.value : undefined;
}

/** Endpoints of different sorts are never told as one. */
export function sortOf(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return "";
  const namespace = namespaceOf(endpoint);
  if (namespace !== undefined) return `namespace ${namespace}`;
  if (endpoint.fqdn !== undefined) return "name";
  return endpoint.ip === undefined ? "entity" : "address";
}

function namespaceSizes(endpoints: readonly Endpoint[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const endpoint of endpoints) {
    const namespace = namespaceOf(endpoint);
    if (namespace !== undefined) sizes.set(namespace, (sizes.get(namespace) ?? 0) + 1);
  }
  return sizes;
}

function grouped(
  positions: readonly number[],
  endpoints: readonly Endpoint[],
  sizes: ReadonlyMap<string, number>,
): Group {
  const members = positions.map((position) => endpoints[position]?.name ?? "");
  const first = endpoints[positions[0] ?? 0];
  const namespace = namespaceOf(first);
  const kind = first?.kind ?? "external";
  return { name: nameOf(), members, kind, ...(namespace === undefined ? {} : { namespace }) };

  function nameOf(): string {
    if (members.length === 1) return members[0] ?? "";
    if (namespace !== undefined && sizes.get(namespace) === members.length) {
      return `${namespace}/* (${String(members.length)})`;
    }
    return `${members[0] ?? ""} and ${String(members.length - 1)} more`;
  }
}

/** Where in the row those stand that represent their groups, in the order of the groups; says how many there are. */
export function placesInOrder(
  { starts, to }: Square,
  row: number,
  { representatives, groupOf }: Pick<Grouping, "representatives" | "groupOf">,
  places: Int32Array,
): number {
  let count = 0;
  let before = -1;
  let isOrdered = true;
  const end = starts[row + 1] ?? 0;
  for (let at = starts[row] ?? 0; at < end; at += 1) {
    const set = to[at] ?? 0;
    const group = groupOf[set] ?? 0;
    if (representatives[group] !== set) continue;
    isOrdered &&= before < group;
    before = group;
    places[count] = at;
    count += 1;
  }
  if (!isOrdered) places.subarray(0, count).sort((a, b) => (groupOf[to[a] ?? 0] ?? 0) - (groupOf[to[b] ?? 0] ?? 0));
  return count;
}

/**
 * Located: a value together with where it stands, whatever the language it is written in.
 */

import type { Trouble } from "./trouble.ts";

/** A value in a text. */
export interface Located {
  /** Where it begins, in UTF-16 units from the start of its document. */
  readonly offset: number;
  /** What is inside, in the order written. Nothing for a scalar. */
  readonly entries: () => Iterable<Entry>;
}

export interface Entry {
  /** A number in a list. */
  readonly key: string | number;
  /** Of the key, or of the item of a list. */
  readonly offset: number;
  readonly value: Located;
}

/**
 * Where a field such as `spec.egress[0].toPorts[1]` stands, or the nearest one around it that was written.
 *
 * Keys may hold dots themselves, so they are compared and not cut.
 */
export function offsetOf(path: string, root: Located): number {
  let offset = root.offset;
  let value = root;
  let rest = path;
  while (rest !== "") {
    const found = entryAt(rest, value);
    if (found === undefined) return offset;
    offset = found.entry.offset;
    value = found.entry.value;
    rest = found.rest;
  }
  return offset;
}

/** The entry with the longest key that the path begins with; the last of them, as the last of equal keys counts. */
function entryAt(path: string, value: Located): { readonly entry: Entry; readonly rest: string } | undefined {
  let best: { readonly entry: Entry; readonly length: number } | undefined;
  for (const entry of value.entries()) {
    const step = typeof entry.key === "number" ? `[${String(entry.key)}]` : entry.key;
    if (!path.startsWith(step) || !endsStep(path, step.length)) continue;
    if (best === undefined || step.length >= best.length) best = { entry, length: step.length };
    if (typeof entry.key === "number") break;
  }
  if (best === undefined) return undefined;
  const rest = path.slice(best.length);
  return { entry: best.entry, rest: rest.startsWith(".") ? rest.slice(1) : rest };
}

function endsStep(path: string, at: number): boolean {
  return at === path.length || path[at] === "." || path[at] === "[";
}

/** Every key that stands a second time in the same object. */
export function doubledKeys(value: Located, found: Trouble[] = []): Trouble[] {
  const seen = new Set<string | number>();
  for (const { key, offset, value: inner } of value.entries()) {
    if (seen.has(key))
      found.push({ code: "doubled-key", offset, what: `the key \`${String(key)}\` stands here again` });
    seen.add(key);
    doubledKeys(inner, found);
  }
  return found;
}

/**
 * Shrink: the smallest scenario that still shows what the large one showed, by leaving out one part after another.
 */

/** A part of a JSON document: the keys and positions that lead to it. */
type Path = readonly (string | number)[];

/**
 * Leave out list elements and fields, the largest first, as long as `shows` holds. `keep` names fields that must stay.
 * `shows` is asked at most `limit` times.
 */
export async function shrink<T>(
  document: T,
  shows: (smaller: T) => Promise<boolean>,
  { keep, limit = 4000 }: { readonly keep: ReadonlySet<string>; readonly limit?: number },
): Promise<T> {
  let current = document;
  let asked = 0;
  for (let found = true; found;) {
    found = false;
    const paths = [...parts(current, keep)].sort((a, b) => sizeAt(current, b) - sizeAt(current, a));
    for (const path of paths) {
      if (asked >= limit) return current;
      if (at(current, path) === undefined) continue;
      const smaller = without(current, path);
      asked += 1;
      if (!(await shows(smaller))) continue;
      // Positions behind it have moved by one, so the next path may be another part: the next round sees to the rest.
      current = smaller;
      found = true;
    }
  }
  return current;
}

function* parts(value: unknown, keep: ReadonlySet<string>, path: Path = []): Generator<Path> {
  if (typeof value !== "object" || value === null) return;
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [key, inner] of entries) {
    if (typeof key === "number" || !keep.has(key)) yield [...path, key];
    yield* parts(inner, keep, [...path, key]);
  }
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

function sizeAt(value: unknown, path: Path): number {
  return JSON.stringify([at(value, path)]).length;
}

function without<T>(document: T, path: Path): T {
  const copy = structuredClone(document);
  const last = path.at(-1);
  const parent = at(copy, path.slice(0, -1));
  if (Array.isArray(parent) && typeof last === "number") parent.splice(last, 1);
  else if (typeof parent === "object" && parent !== null && last !== undefined) Reflect.deleteProperty(parent, last);
  return copy;
}

/** Fields without which a scenario is none, or an object has no name. */
const needed: ReadonlySet<string> = new Set([
  ...["namespaces", "pods", "externals", "policies", "probes", "labels", "ports", "selector", "addresses"],
  ...["namespace", "name", "metadata", "kind", "apiVersion", "protocol", "port"],
]);

/** The smallest scenario that still shows it. */
export async function smallest<T>(scenario: T, shows: (smaller: T) => Promise<boolean>): Promise<T> {
  return await shrink(scenario, shows, { keep: needed });
}

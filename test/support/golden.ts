/**
 * goldenText: what a program registers, as text for people to review: one fact per line, in an order that does not depend
 * on who was faster.
 */
import { join } from "node:path";

import { type ProgramRecord, referenceOf, type ResourceRecord } from "./records.ts";

export function goldenFile(stack: string): string {
  return join(import.meta.dirname, "../golden", `${stack}.json`);
}

/** What `npm run inventory -- kind` writes. */
export const inventoryGolden = join(import.meta.dirname, "../golden/kind.inventory.yaml");

export function goldenText({ resources, outputs }: ProgramRecord): string {
  const byName = resources
    .map((resource): [string, unknown] => [referenceOf(resource), factsOf(resource)])
    .sort(([a], [b]) => nameFirst(a).localeCompare(nameFirst(b), "en"));
  return `${JSON.stringify({ outputs: ordered(outputs), resources: Object.fromEntries(byName) }, null, 2)}\n`;
}

/** Type and name are the key of a resource, and nothing is written about what it does not say. */
function factsOf(resource: ResourceRecord): unknown {
  const said = Object.entries(resource).filter(([key, value]) => !keyed.has(key) && !isEmpty(value));
  return ordered(Object.fromEntries(said));
}

const keyed = new Set(["type", "name", "kind"]);

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Keys in alphabetical order, text of several lines as a list of lines. */
function ordered(value: unknown): unknown {
  if (typeof value === "string") return value.includes("\n") ? linesOf(value) : value;
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b, "en"))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}

/** Marked, so that nobody takes it for a list. */
function linesOf(text: string): string[] {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `| ${line}`);
}

/** Children stand below their parents, whose names theirs begin with. */
function nameFirst(reference: string): string {
  const [type, name] = reference.split(/::(.*)/s);
  return `${name ?? ""} ${type ?? ""}`;
}

/**
 * What differs between two goldens, resource by resource: lines gone with `-`, lines come with `+`. Empty when nothing
 * does. A comparison of the whole text would end in thousands of lines.
 */
export function goldenDifferences(before: string, after: string): string {
  const [was, is] = [blocksOf(before), blocksOf(after)];
  const keys = [...new Set([...was.keys(), ...is.keys()])].sort((a, b) => a.localeCompare(b, "en"));
  return keys
    .flatMap((key) => {
      const [old, now] = [was.get(key) ?? [], is.get(key) ?? []];
      const gone = without(old, now).map((line) => `  - ${line}`);
      const come = without(now, old).map((line) => `  + ${line}`);
      const moved = gone.length + come.length === 0 && old.join("\n") !== now.join("\n") ? ["  other order"] : [];
      const lines = [...gone, ...come, ...moved];
      return lines.length === 0 ? [] : [key, ...lines];
    })
    .join("\n");
}

/** Lines of every output and every resource, without indentation and commas. */
function blocksOf(golden: string): Map<string, readonly string[]> {
  const { outputs, resources } = JSON.parse(golden) as Record<"outputs" | "resources", Record<string, unknown>>;
  const named = [
    ...Object.entries(outputs).map(([key, value]): [string, unknown] => [`output ${key}`, value]),
    ...Object.entries(resources),
  ];
  return new Map(
    named.map(([key, value]) => [
      key,
      JSON.stringify(value, null, 2)
        .split("\n")
        .map((line) => line.trim().replace(/,$/, "")),
    ]),
  );
}

/** Lines of the first that the second has not, each as often as it is missing. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

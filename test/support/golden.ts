/**
 * goldenText: what a program registers, as text for people to review: one fact per line, in an order that does not depend
 * on who was faster.
 */
import { join } from "node:path";

import { type ProgramRecord, referenceOf, type ResourceRecord } from "./records.ts";

export function goldenFile(stack: string): string {
  return join(import.meta.dirname, "../golden", `${stack}.json`);
}

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

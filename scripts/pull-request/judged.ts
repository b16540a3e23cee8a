/**
 * Judged: what a change does to one stack, from what both sides render, and what can be said where one of them renders nothing.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { stringify } from "yaml";

import { examplePod } from "../../policies/inventory.ts";
import { diffReport } from "../../policies/reachability/report/diff-report.ts";
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import { weigh } from "../../reach/flows/weigh.ts";
import { reviewAlone, reviewOf, type Review } from "../../reach/review.ts";
import { readScenario, readScenarios, type Scenario } from "../../reach/scenario.ts";
import type { ResourceDiff } from "../ci/resource-diff.ts";
import { appliedObjects, objectDiff } from "./objects.ts";
import type { Sides } from "./rendered.ts";
import { withSources } from "./sources.ts";

export type Judged =
  | { readonly kind: "compared"; readonly review: Review; readonly objects: ResourceDiff }
  /** Only the head is known. */
  | {
      readonly kind: "alone";
      readonly why: string;
      readonly output: string;
      readonly review: Pick<Review, "promises" | "warnings">;
    }
  /** There is a base, and nothing of it is left. */
  | { readonly kind: "removed" }
  | { readonly kind: "unusable"; readonly why: string; readonly output: string };

export interface Question {
  readonly sides: Sides;
  /** For files of our own. */
  readonly folder: string;
  /** A file of recorded flows. */
  readonly flows?: string;
  /** Texts of the project's own files on either side, where they have them. */
  readonly read: Readonly<Record<keyof Sides, (file: string) => Promise<string | undefined>>>;
}

export async function judge({ sides: { base, head }, folder, flows, read }: Question): Promise<Judged> {
  if (head.kind === "unknown") return { kind: "unusable", why: head.why, output: head.output };
  if (head.kind === "absent") {
    if (base.kind !== "absent") return { kind: "removed" };
    return { kind: "unusable", why: "neither side has a stack of this name", output: "" };
  }
  if (base.kind !== "rendered") {
    const why = base.kind === "absent" ? "the stack is new" : base.why;
    return {
      kind: "alone",
      why,
      output: base.kind === "absent" ? "" : base.output,
      review: reviewAlone(await withSources(await readScenario([], { inventory: head.file }), read.head)),
    };
  }
  const sourced = async ([before, after]: readonly [Scenario, Scenario]): Promise<readonly [Scenario, Scenario]> => [
    await withSources(before, read.base),
    await withSources(after, read.head),
  ];
  const known = await readScenarios([], [], { inventory: base.file }, { inventory: head.file });
  const [before, after] = await sourced(known);
  const [early, late] = await sourced(await withEverybody(known, [base.file, head.file], folder));
  const report = diffReport({ before: early, after: { ...late, findings: after.findings } });
  const told = flows === undefined ? report : await weigh({ report, before: early.world, after: late.world }, flows);
  return {
    kind: "compared",
    review: reviewOf(told, [before, after], late),
    objects: objectDiff(appliedObjects(before.manifests), appliedObjects(after.manifests)),
  };
}

/**
 * Both worlds with the pods that either knows, as far as their namespaces are there: pods of an inventory stand for workloads,
 * and those do not go away when a policy about them does. A namespace of which no pod is known gets one.
 */
async function withEverybody(
  scenarios: readonly [Scenario, Scenario],
  [before, after]: readonly [string, string],
  folder: string,
): Promise<readonly [Scenario, Scenario]> {
  const [early, late] = scenarios.map(podsAndNamespaces) as [Known, Known];
  const [lostEarly, lostLate] = [missing(late, early), missing(early, late)];
  if (lostEarly.length + lostLate.length === 0) return scenarios;
  const paths = await Promise.all([
    written(join(folder, "only-in-head.yaml"), lostEarly),
    written(join(folder, "only-in-base.yaml"), lostLate),
  ]);
  return await readScenarios(paths[0], paths[1], { inventory: before }, { inventory: after });
}

interface Known {
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, Fields>;
  readonly namespaces: ReadonlySet<string>;
}

function podsAndNamespaces({ manifests }: Scenario): Known {
  const [pods, namespaces] = [new Map<string, Fields>(), new Set<string>()];
  for (const { object } of manifests) {
    const metadata = isFields(object["metadata"]) ? object["metadata"] : {};
    const { name, namespace } = metadata;
    if (typeof name !== "string") continue;
    if (object["kind"] === "Namespace") namespaces.add(name);
    if (object["kind"] === "Pod" && typeof namespace === "string") pods.set(`${namespace}/${name}`, object);
  }
  return { pods, namespaces };
}

/** Pods that `other` knows, or that stand for its nobody, and that `own` has a namespace for and lacks. */
function missing(other: Known, own: Known): Fields[] {
  const theirs = [...other.pods].filter(
    ([name]) => !own.pods.has(name) && own.namespaces.has(name.split("/")[0] ?? ""),
  );
  const inhabited = new Set([...other.pods.keys(), ...own.pods.keys()].map((name) => name.split("/")[0]));
  const empty = [...own.namespaces].filter((namespace) => !inhabited.has(namespace));
  return [...theirs.map(([, pod]) => pod), ...empty.map((namespace): Fields => ({ ...examplePod(namespace) }))];
}

async function written(file: string, objects: readonly Fields[]): Promise<readonly string[]> {
  if (objects.length === 0) return [];
  await writeFile(file, objects.map((object) => stringify(object, { version: "1.1" })).join("---\n"));
  return [file];
}

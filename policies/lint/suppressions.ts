/**
 * Suppressions: findings that the author of an object accepts, with the reason, in an annotation of the object.
 *
 * One line for each: `lint/code: reason`, or `lint/code spec.egress[0]: reason` for this field and what is below it.
 */
import type { Problem } from "../problems.ts";
import { isFields, type Manifest } from "../reachability/read/fields.ts";
import { placeOf } from "../reachability/read/world.ts";
import { at } from "../reachability/repair/edits.ts";
import type { Repair } from "./rule.ts";

export const annotation = "reach.cilium-platform/allow";

/** The object with one finding accepted, for who makes objects instead of writing them. */
export function accepting<M extends { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }>(
  code: string,
  reason: string,
  object: M,
): M {
  const annotations = { ...object.metadata.annotations, [annotation]: `${code}: ${reason}` };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** A problem, and why it is accepted, if it is. */
export interface Judged {
  readonly problem: Problem;
  readonly accepted?: string;
}

interface Suppression {
  readonly manifest: Manifest;
  readonly object: string;
  readonly line: string;
  readonly code: string;
  readonly path: string | undefined;
  readonly reason: string;
}

/** What Cilium refuses or drops cannot be accepted: the object is not what it says, whoever knows it. */
const acceptable = /^(lint|reachability)\//;

/** Codes of this file itself, which nothing suppresses. */
export const suppressionRules = [
  {
    code: "lint/unusable-suppression",
    severity: "warning",
    finds: `a line of the annotation \`${annotation}\` without a code or a reason`,
    why: "nobody can tell later whether it still holds, so it suppresses nothing",
    fix: "write `lint/code: reason`",
  },
  {
    code: "lint/unused-suppression",
    severity: "warning",
    finds: `a line of the annotation \`${annotation}\` that matches no finding`,
    why: "what it accepted is gone, and it would hide the next one",
    fix: "remove the line",
    certain: "all",
  },
] as const;

/** Every problem with its judgement, in their order, and after them what is wrong with the suppressions. */
export function judged(problems: readonly Problem[], manifests: readonly Manifest[]): readonly Judged[] {
  const { suppressions, unusable } = suppressionsIn(manifests);
  const used = new Set<Suppression>();
  const all = problems.map((problem): Judged => {
    const found = suppressions.find((each) => suppresses(each, problem));
    if (found === undefined) return { problem };
    used.add(found);
    return { problem, accepted: found.reason };
  });
  const unused = suppressions.filter((each) => !used.has(each)).map(unusedSuppression);
  return [...all, ...[...unusable, ...unused].map((problem) => ({ problem }))];
}

function suppressionsIn(manifests: readonly Manifest[]): { suppressions: Suppression[]; unusable: Problem[] } {
  const suppressions: Suppression[] = [];
  const unusable: Problem[] = [];
  for (const manifest of manifests) {
    for (const line of linesIn(manifest)) {
      const [, code, path, reason] = /^([a-z]+\/[a-z-]+)(?:\s+(\S+?))?\s*:\s+(\S.*)$/.exec(line) ?? [];
      const object = placeOf(manifest);
      if (code === undefined || reason === undefined || !acceptable.test(code)) {
        unusable.push(unusableSuppression(object, line));
      } else suppressions.push({ manifest, object, line, code, path, reason });
    }
  }
  return { suppressions, unusable };
}

function linesIn({ object }: Manifest): string[] {
  const metadata = object["metadata"];
  const annotations = isFields(metadata) ? metadata["annotations"] : undefined;
  const text = isFields(annotations) ? annotations[annotation] : undefined;
  if (typeof text !== "string") return [];
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function suppresses({ object, code, path }: Suppression, problem: Problem): boolean {
  if (code !== problem.code) return false;
  const prefix = `${object} › `;
  if (!problem.where.startsWith(prefix)) return false;
  const field = problem.where.slice(prefix.length);
  return path === undefined || field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`);
}

function unusableSuppression(object: string, line: string): Problem {
  return {
    code: "lint/unusable-suppression",
    where: `${object} › metadata.annotations`,
    what: `\`${line}\` suppresses nothing`,
    expected: "`lint/code: reason` or `lint/code field: reason`, with a code of lint/ or reachability/",
  };
}

function unusedSuppression({ object, line, manifest }: Suppression): Problem & { readonly repair: RepairOf } {
  return {
    repair: { manifest, ...withoutLine(manifest, line) },
    code: "lint/unused-suppression",
    where: `${object} › metadata.annotations`,
    what: `\`${line}\` matches no finding`,
    expected: "only suppressions of what is found",
    fix: "remove the line",
  };
}

type RepairOf = Repair & { readonly manifest: Manifest };

/** The annotation goes with its last line, and so do the annotations with their last one. */
function withoutLine({ object }: Manifest, line: string): Repair {
  const annotations = at(object, ["metadata", "annotations"]);
  const path = ["metadata", "annotations", annotation];
  const text = isFields(annotations) ? annotations[annotation] : undefined;
  const lines = typeof text === "string" ? text.split("\n") : [];
  const index = lines.findIndex((each) => each.trim() === line);
  const rest = lines.filter((_, each) => each !== index);
  const says = `remove \`${line}\``;
  if (rest.some((each) => each.trim() !== "")) return { says, edits: [{ kind: "put", path, value: rest.join("\n") }] };
  const last = isFields(annotations) && Object.keys(annotations).length === 1;
  return { says, edits: [{ kind: "remove", path: last ? ["metadata", "annotations"] : path }] };
}

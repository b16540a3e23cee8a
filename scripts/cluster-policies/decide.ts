/**
 * Decide: what restoring a backup would do to a cluster as it is now. What somebody changed since is refused unless it is to
 * be overwritten; what somebody added since stays, and is told.
 */
import { isDeepStrictEqual } from "node:util";

import type { Problem } from "../../policies/problems.ts";
import { asWritten, inOrder, nameOf, type Backup, type ClusterObject, type Saved } from "./record.ts";

export interface Step {
  readonly verb: "create" | "overwrite";
  readonly object: ClusterObject;
  /** Of the object that is overwritten, as it was seen: another change in between is refused by the API server. */
  readonly resourceVersion?: string;
}

export interface Decision {
  /** CIDR groups come before the policies that name them. */
  readonly steps: readonly Step[];
  /** Objects that are as the backup has them. */
  readonly asBefore: readonly string[];
  /** Objects that are gone and that somebody else makes again: `CiliumNetworkPolicy dev/x, of Y z`. */
  readonly left: readonly string[];
  /** Objects that the backup does not know. */
  readonly added: readonly string[];
  readonly problems: readonly Problem[];
}

export function decide(
  backup: Backup,
  now: Pick<Backup, "cluster" | "saved">,
  changed: "refuse" | "overwrite",
): Decision {
  const present = new Map(now.saved.map((each) => [nameOf(each.object), each]));
  const known = new Set(backup.saved.map(({ object }) => nameOf(object)));
  const judged = inOrder(backup.saved).map((each) => ({ each, found: present.get(nameOf(each.object)) }));
  const changes = judged.flatMap(({ each, found }) =>
    found === undefined || isAsBefore(each, found) ? [] : [{ each, found }],
  );
  const gone = judged.flatMap(({ each, found }) => (found === undefined ? [each] : []));
  return {
    steps: [
      ...gone.filter(({ owner }) => owner === undefined).map(({ object }): Step => ({ verb: "create", object })),
      ...(changed === "refuse" ? [] : changes.map(overwriting)),
    ].sort((a, b) => rank(a) - rank(b)),
    asBefore: judged.flatMap(({ each, found }) =>
      found !== undefined && isAsBefore(each, found) ? [nameOf(each.object)] : [],
    ),
    left: gone.flatMap(({ object, owner }) => (owner === undefined ? [] : [`${nameOf(object)}, of ${owner}`])),
    added: [...present.keys()].filter((name) => !known.has(name)),
    problems: [
      ...(now.cluster === backup.cluster ? [] : [elsewhere(backup)]),
      ...(changed === "refuse" ? changes.map(({ each, found }) => changedSince(each, found, backup.time)) : []),
    ],
  };
}

function isAsBefore({ object }: Saved, found: Saved): boolean {
  return isDeepStrictEqual(asWritten(object), asWritten(found.object));
}

function overwriting({ each, found }: { readonly each: Saved; readonly found: Saved }): Step {
  return { verb: "overwrite", object: each.object, resourceVersion: found.resourceVersion };
}

function rank({ object }: Step): number {
  return object.kind === "CiliumCIDRGroup" ? 0 : 1;
}

function elsewhere({ time }: Backup): Problem {
  return {
    code: "restore/another-cluster",
    where: "cluster",
    what: `is not the one that was saved at ${time}`,
    expected: "the cluster that the backup is of",
    fix: "say its kubeconfig; the files themselves may be applied to any cluster with `kubectl apply -f`",
  };
}

function changedSince(each: Saved, found: Saved, time: string): Problem {
  const anew = each.uid === found.uid ? "was changed" : "was deleted and made anew";
  return {
    code: "restore/changed-since",
    where: nameOf(each.object),
    what: `${anew} since the backup of ${time}: ${differing(each.object, found.object).join(", ")}`,
    expected: "what is restored to be gone, or as it was saved",
    fix: "leave it out of the backup's files, or say --overwrite to lose the change",
  };
}

/** Paths at which two objects differ: as deep as both are made of fields. */
function differing(one: unknown, other: unknown, path = ""): readonly string[] {
  if (isDeepStrictEqual(one, other)) return [];
  if (!isObject(one) || !isObject(other)) return [path];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => differing(one[key], other[key], path === "" ? key : `${path}.${key}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

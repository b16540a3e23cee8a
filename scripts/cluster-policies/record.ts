/**
 * Record: what a backup holds of the policies of a cluster. Objects lie in YAML files that `kubectl apply -f` takes; what
 * the cluster said of each lies beside them, so that it can be told later whether somebody changed one since.
 */
import * as v from "valibot";
import { parseAllDocuments, stringify } from "yaml";

import { isMap } from "../../components/helm-values.ts";
import { UserError } from "../../policies/problems.ts";

/** As the API server tells it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** An object as somebody would write it, and what the cluster said of it. */
export interface Saved {
  readonly object: ClusterObject;
  readonly uid: string;
  readonly resourceVersion: string;
  /** `Kind name` of whoever makes it again when it is gone. Absent: nobody does. */
  readonly owner?: string;
}

export interface Backup {
  /** UID of the namespace kube-system: the identity of a cluster. */
  readonly cluster: string;
  /** RFC 3339. */
  readonly time: string;
  /** In the order of their names. */
  readonly saved: readonly Saved[];
}

/** Annotations that other tools keep for themselves and write again. */
const notes: readonly string[] = ["kubectl.kubernetes.io/last-applied-configuration"];

/** Without what the cluster adds. */
export function asWritten({ apiVersion, kind, metadata, status: _status, ...rest }: ClusterObject): ClusterObject {
  const { name, namespace } = metadata;
  const annotations = isMap(metadata["annotations"])
    ? Object.fromEntries(Object.entries(metadata["annotations"]).filter(([key]) => !notes.includes(key)))
    : {};
  const labels = isMap(metadata["labels"]) ? metadata["labels"] : {};
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    ...rest,
  };
}

export function saved(object: ClusterObject): Saved {
  const { uid, resourceVersion, ownerReferences } = object.metadata;
  const owners: readonly unknown[] = Array.isArray(ownerReferences) ? ownerReferences : [];
  const [owner] = owners.filter(isMap);
  return {
    object: asWritten(object),
    uid: String(uid),
    resourceVersion: String(resourceVersion),
    ...(owner === undefined ? {} : { owner: `${String(owner["kind"])} ${String(owner["name"])}` }),
  };
}

/** `CiliumNetworkPolicy dev/api`: one object of a cluster. */
export function nameOf({ kind, metadata: { namespace, name } }: ClusterObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

export function inOrder(saved: readonly Saved[]): readonly Saved[] {
  return [...saved].sort((a, b) => (nameOf(a.object) < nameOf(b.object) ? -1 : 1));
}

/** No reader of manifests takes it for one. */
export const recordFile = "backup.jsonl";

/** No namespace can be called so. */
const clusterwideFile = "_cluster.yaml";

/** Every file of a backup, by its name. */
export function filesOf({ cluster, time, saved: all }: Backup): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { object } of all) {
    const { namespace } = object.metadata;
    const file = namespace === undefined ? clusterwideFile : `${namespace}.yaml`;
    const text = stringify(object, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
    const before = files.get(file);
    files.set(file, before === undefined ? text : `${before}---\n${text}`);
  }
  const lines = all.map(({ object, uid, resourceVersion, owner }) => ({
    object: nameOf(object),
    uid,
    resourceVersion,
    ...(owner === undefined ? {} : { owner }),
  }));
  const head = { schema: 1, cluster, time, objects: all.length };
  files.set(recordFile, [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(""));
  return files;
}

const head = v.object({ schema: v.literal(1), cluster: v.string(), time: v.string(), objects: v.number() });
const line = v.object({
  object: v.string(),
  uid: v.string(),
  resourceVersion: v.string(),
  owner: v.optional(v.string()),
});
const object = v.looseObject({
  apiVersion: v.string(),
  kind: v.string(),
  metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string()) }),
});

/** A backup from its files. What somebody took out of a file is not restored; what somebody put in has no record. */
export function readBackup(folder: string, files: ReadonlyMap<string, string>): Backup {
  const [first, ...rest] = (files.get(recordFile) ?? "").split("\n").filter((text) => text !== "");
  if (first === undefined) {
    throw new UserError(`${folder}: holds no ${recordFile}\n  expected a folder that \`npm run backup\` wrote`);
  }
  try {
    const { cluster, time } = v.parse(head, JSON.parse(first));
    const said = new Map(rest.map((text) => v.parse(line, JSON.parse(text))).map((each) => [each.object, each]));
    const objects = [...files].flatMap(([file, text]) =>
      file.endsWith(".yaml")
        ? parseAllDocuments(text).map((document) => v.parse(object, document.toJS()) as ClusterObject)
        : [],
    );
    const unknown = objects.map(nameOf).find((name) => !said.has(name));
    if (unknown !== undefined) throw new Error(`${unknown} is not in the record`);
    const all = objects.map((each): Saved => {
      const { uid = "", resourceVersion = "", owner } = said.get(nameOf(each)) ?? {};
      return { object: each, uid, resourceVersion, ...(owner === undefined ? {} : { owner }) };
    });
    return { cluster, time, saved: inOrder(all) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `${folder}: cannot be read as a backup: ${why}\n  expected the files as \`npm run backup\` wrote them`,
    );
  }
}

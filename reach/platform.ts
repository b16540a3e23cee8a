/**
 * Platform: the inventory of a platform, and what it makes of manifests that are to run on it.
 */
import { bundleAnnotation, promisePlace, sourceAnnotation, type InventoryHead } from "../policies/inventory-head.ts";
import { ProblemsError, type Problem } from "../policies/problems.ts";
import { readPromises, type PlatformPromise } from "../policies/reachability/promises.ts";
import { apiServerPlaces, type ApiServer } from "../policies/reachability/read/externals.ts";
import { isFields, type Fields, type Manifest } from "../policies/reachability/read/fields.ts";
import { load, type Loaded } from "./input/load.ts";

/** A head as it was read, with the promises of all bundles in their order. */
export interface Platform extends InventoryHead {
  readonly promises: readonly PlatformPromise[];
}

/** A platform with its objects. */
export interface Inventory {
  readonly file: string;
  readonly platform: Platform;
  readonly loaded: Loaded;
}

/** Throws with everything that keeps the file from being an inventory. */
export async function readInventory(file: string): Promise<Inventory> {
  const loaded = await load([file]);
  const problems: Problem[] = [];
  const [head, another] = loaded.heads;
  if (head === undefined || another !== undefined) {
    problems.push({
      code: "inventory/no-inventory",
      where: file,
      what: head === undefined ? "no platform says here what it is" : "more than one platform",
      expected: "one file as `npm run inventory` writes it",
    });
  }
  const platform = head === undefined ? undefined : readInventoryHead(head.object, head.where, problems);
  if (platform === undefined || problems.length > 0) throw new ProblemsError(problems);
  return { file, platform, loaded };
}

/** What a head says. Undefined, and the reasons among the problems, where it does not say what a verdict depends on. */
function readInventoryHead(object: Fields, where: string, problems: Problem[]): Platform | undefined {
  const spec = fieldsIn(object, "spec");
  const { version, meshAuth, l7Proxy, sctp } = fieldsIn(spec, "cilium");
  const stack = fieldsIn(object, "metadata")["name"];
  const [first, ...others] = Array.isArray(spec["apiServer"]) ? spec["apiServer"].filter(isPlace) : [];
  const bundles: unknown[] = Array.isArray(spec["bundles"]) ? spec["bundles"] : [];
  const listed = bundles.map((bundle) => (isFields(bundle) ? bundle : {}));
  const promises = [
    ...listed.flatMap((bundle) => promisesOf(bundle["promises"], promisePlace(String(bundle["name"])), problems)),
    ...promisesOf(spec["promises"], (index) => `the stack's own promise ${String(index + 1)}`, problems),
  ];
  if (typeof stack !== "string") problems.push(malformed(where, "metadata.name", "the name of a stack"));
  if (typeof version !== "string") problems.push(malformed(where, "spec.cilium.version", "a version such as 1.20.2"));
  if (first === undefined) {
    problems.push(
      malformed(where, "spec.apiServer", `a list of ${apiServerPlaces.map((place) => `"${place}"`).join(", ")}`),
    );
  }
  if (typeof stack !== "string" || typeof version !== "string" || first === undefined) return undefined;
  return {
    stack,
    cilium: {
      version,
      meshAuth: meshAuth === "on" ? "on" : "off",
      l7Proxy: l7Proxy === "off" ? "off" : "on",
      sctp: sctp === "on" ? "on" : "off",
    },
    apiServer: [first, ...others],
    promises,
  };
}

function malformed(where: string, path: string, expected: string): Problem {
  return {
    code: "inventory/malformed",
    where: `${where} › ${path}`,
    what: "is not what this version of reach reads",
    expected,
    fix: "write the file anew with `npm run inventory` of the platform's repository",
  };
}

function isPlace(value: unknown): value is ApiServer {
  return (apiServerPlaces as readonly unknown[]).includes(value);
}

function promisesOf(
  content: unknown,
  whereOf: (index: number) => string,
  problems: Problem[],
): readonly PlatformPromise[] {
  const read = readPromises(content ?? [], whereOf);
  problems.push(...read.problems);
  return read.promises;
}

/** Manifests on their platform. */
export interface Applied extends Loaded {
  /** Places of the platform's own objects: what is wrong there is not theirs to mend who wrote the others. */
  readonly platforms: ReadonlySet<string>;
}

/**
 * Manifests as the cluster holds them once they are applied. An object that both name is one object: of a policy what is
 * applied last counts, and of a namespace the platform's labels do, since the platform makes it again.
 */
export function applied(own: Loaded | undefined, { loaded }: Inventory): Applied {
  const theirs = new Map(loaded.manifests.map((manifest) => [keyOf(manifest.object), manifest]));
  const written = own?.manifests ?? [];
  const both = written.flatMap((manifest) => {
    const their = theirs.get(keyOf(manifest.object));
    return their === undefined ? [] : [{ manifest, their }];
  });
  const namespaces = both.filter(({ manifest }) => manifest.object["kind"] === "Namespace");
  const merged = new Map(namespaces.map(({ manifest, their }) => [manifest, withLabelsOf(their, manifest)]));
  const taken = new Set(both.map(({ their }) => their));
  const left = loaded.manifests.filter((manifest) => !taken.has(manifest)).map(placed);
  return {
    manifests: [...left, ...written.map((manifest) => merged.get(manifest) ?? manifest)],
    problems: [
      ...(own?.problems ?? []).filter(({ code }) => code !== "input/no-policies"),
      ...both.flatMap(({ manifest, their }) =>
        merged.has(manifest) ? otherLabels(manifest, their) : takenPlace(manifest, their),
      ),
    ],
    kinds: own?.kinds ?? loaded.kinds,
    heads: loaded.heads,
    place: (origin) => {
      const place = own?.place(origin);
      const { kind, namespace, name } = origin.policy;
      const their = theirs.get(keyOf({ kind, metadata: { namespace, name } }));
      return place ?? (their === undefined ? undefined : originOf(their));
    },
    platforms: new Set(own === undefined ? [] : left.map(({ source }) => source ?? "")),
  };
}

/** Without the API group: nothing that is read has one name in two of them. */
function keyOf(object: Fields): string {
  const { namespace, name } = fieldsIn(object, "metadata");
  return JSON.stringify([object["kind"], namespace ?? null, name]);
}

function fieldsIn(object: Fields, key: string): Fields {
  const value = object[key];
  return isFields(value) ? value : {};
}

function placed(manifest: Manifest): Manifest {
  return { object: manifest.object, source: originOf(manifest) };
}

/** `bundle baseline, policies/baseline/allow-dns.yaml:4`, in the platform's own project; the place in the file of all else. */
function originOf(manifest: Manifest): string {
  const { bundle, source } = annotated(manifest);
  const origin = [...(bundle === undefined ? [] : [`bundle ${bundle}`]), ...(source === undefined ? [] : [source])];
  return origin.length === 0 ? (manifest.source ?? "") : origin.join(", ");
}

/** What the platform says of where an object comes from; nothing of a pod. */
function annotated({ object }: Manifest): { readonly bundle?: string; readonly source?: string } {
  const annotations = fieldsIn(fieldsIn(object, "metadata"), "annotations");
  const [bundle, source] = [annotations[bundleAnnotation], annotations[sourceAnnotation]];
  return { ...(typeof bundle === "string" ? { bundle } : {}), ...(typeof source === "string" ? { source } : {}) };
}

function labelsOf({ object }: Manifest): Fields {
  return fieldsIn(fieldsIn(object, "metadata"), "labels");
}

function withLabelsOf(their: Manifest, manifest: Manifest): Manifest {
  const { object } = manifest;
  const labels = { ...labelsOf(manifest), ...labelsOf(their) };
  const metadata = { ...fieldsIn(object, "metadata"), labels };
  return { object: { ...object, metadata }, ...(manifest.source === undefined ? {} : { source: manifest.source }) };
}

function otherLabels(manifest: Manifest, their: Manifest): Problem[] {
  const wanted = labelsOf(their);
  return Object.entries(labelsOf(manifest)).flatMap(([key, value]): Problem[] => {
    if (!(key in wanted) || wanted[key] === value) return [];
    return [
      {
        code: "inventory/other-label",
        where: `${whereOf(manifest)} › metadata.labels.${key}`,
        what: `the platform gives this namespace \`${key}: ${String(wanted[key])}\`, which is what counts here`,
        expected: "the platform's label, or none",
        fix: "have the platform's stack file changed if another one is meant",
      },
    ];
  });
}

function takenPlace(manifest: Manifest, their: Manifest): Problem[] {
  const { bundle, source } = annotated(their);
  // A pod of the inventory stands for one that nobody had written down.
  if (bundle === undefined && source === undefined) return [];
  return [
    {
      code: "inventory/takes-the-place",
      where: whereOf(manifest),
      what: `takes the place of the platform's object of this name (${originOf(their)})`,
      expected: "a name that the platform does not use",
    },
  ];
}

function whereOf({ object, source }: Manifest): string {
  const { namespace, name } = fieldsIn(object, "metadata");
  const called = [namespace, name].filter((part) => typeof part === "string").join("/");
  return `${source === undefined ? "" : `${source} › `}${String(object["kind"])} ${called}`;
}

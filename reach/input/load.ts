/**
 * Load: manifests from files, folders and standard input, each with the place where it was written.
 */
import { isDeepStrictEqual } from "node:util";

import { isInventoryHead } from "../../policies/inventory-head.ts";
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import type { Origin } from "../../policies/reachability/model.ts";
import { isFields, type Fields, type Manifest } from "../../policies/reachability/read/fields.ts";
import { readDocuments } from "./documents.ts";
import { readSources, type Source, type Sources } from "./files.ts";
import { clusterScoped, hasPolicy, useOf } from "./kinds.ts";
import { Lines } from "./lines.ts";
import { offsetOf } from "./located.ts";
import { objectsIn, type Written } from "./objects.ts";
import { troubleAsProblem, type Trouble } from "./trouble.ts";

export interface LoadOptions {
  /** What `-` stands for; the standard input of the process unless said otherwise. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** `all` also takes kinds that say nothing of connections, and says of none that it is not read. `read` unless said otherwise. */
  readonly kinds?: "read" | "all";
  /** Whether a file without any object is a mistake: `refused` unless said otherwise. A folder without one always is. */
  readonly empty?: "refused" | "allowed";
}

export interface Loaded {
  /** In the order of the paths, inside a folder by the files' names, inside a file as written. */
  readonly manifests: readonly Manifest[];
  /** What was left out or read with doubts. */
  readonly problems: readonly Problem[];
  /** How many objects of each kind there are, those that are not read included. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Heads of inventories, which are no manifests. */
  readonly heads: readonly { readonly object: Fields; readonly where: string }[];
  /**
   * `file:line` of a policy's field, or of the nearest field around it that was written. Undefined for a policy that is
   * not among the manifests.
   */
  readonly place: (origin: Origin) => string | undefined;
}

/** An object that is read. */
interface Known {
  readonly object: Fields;
  readonly file: string;
  readonly lines: Lines;
  readonly written: Pick<Written, "offset" | "locate">;
}

/**
 * Reads everything behind the paths: files, folders (all `.yaml`, `.yml` and `.json` files below them, hidden ones and
 * `node_modules` left out) and `-` for standard input.
 *
 * Throws a ProblemsError with everything that makes the input unusable, for all files at once.
 */
export async function load(paths: readonly string[], options: LoadOptions = {}): Promise<Loaded> {
  const refused: Problem[] = [];
  const loading = new Loading(refused, options);
  // Asking for the process's own opens it, which most runs need not pay for.
  const stdin = (): AsyncIterable<Uint8Array> => options.stdin ?? process.stdin;
  for (const given of await readSources(paths, stdin, refused)) await loading.take(given);
  if (refused.length > 0) throw new ProblemsError(loading.advised());
  return loading.loaded(paths);
}

/** What has been read so far. */
class Loading {
  readonly #refused: Problem[];
  readonly #wanted: NonNullable<LoadOptions["kinds"]>;
  readonly #empty: NonNullable<LoadOptions["empty"]>;
  readonly #heads: Loaded["heads"][number][] = [];
  readonly #doubts: Problem[] = [];
  readonly #known = new Map<string, Known>();
  readonly #kinds = new Map<string, number>();
  readonly #told = new Map<string, { readonly where: string; count: number }>();

  constructor(refused: Problem[], { kinds = "read", empty = "refused" }: LoadOptions) {
    this.#refused = refused;
    this.#wanted = kinds;
    this.#empty = empty;
  }

  async take({ path, kind, sources, others }: Sources): Promise<void> {
    const before = this.#refused.length;
    let objects = 0;
    for (const source of sources) objects += await this.#takeSource(source, kind);
    if (objects > 0 || others > 0 || this.#refused.length > before) return;
    if (kind === "file" && this.#empty === "allowed") return;
    const expected = kind === "folder" ? "Kubernetes objects in .yaml, .yml or .json files" : "Kubernetes objects";
    const what = sources.length === 0 ? "no manifests in this folder" : "no Kubernetes object";
    this.#refused.push({ code: "input/no-manifests", where: path, what, expected });
  }

  /** How many objects there are. */
  async #takeSource({ name, text }: Source, kind: Sources["kind"]): Promise<number> {
    const lines = new Lines(text);
    const { documents, bad, doubtful } = await readDocuments(text);
    const told = (trouble: Trouble): Problem =>
      troubleAsProblem(
        trouble,
        `${name}:${String(lines.line(trouble.offset))}:${String(lines.column(trouble.offset))}`,
        text,
      );
    for (const trouble of bad) this.#refused.push(told(trouble));
    for (const trouble of doubtful) this.#doubts.push(told(trouble));
    let count = 0;
    for (const written of documents.flatMap(objectsIn)) {
      const { object } = written;
      const where = (): string => `${name}:${String(lines.line(written.offset))}`;
      // A folder may hold other YAML and JSON: a chart's values, a package's description.
      if (kind === "folder" && !looksLikeObject(object)) {
        this.#doubts.push({
          code: "input/not-kubernetes",
          where: where(),
          what: "left out: neither `kind` nor `metadata`",
          expected: "Kubernetes objects",
        });
        continue;
      }
      count++;
      if (!isFields(object)) {
        const what = Array.isArray(object) ? "a list" : `\`${JSON.stringify(object)}\``;
        this.#refused.push({
          code: "input/no-object",
          where: where(),
          what,
          expected: "an object; for several, `kind: List`",
        });
      } else {
        this.#takeObject({ object, file: name, lines, written }, where);
      }
    }
    return count;
  }

  #takeObject(known: Known, where: () => string): void {
    const { kind, apiVersion, metadata } = known.object;
    if (typeof kind !== "string" || kind === "") {
      this.#refused.push({
        code: "input/no-kind",
        where: where(),
        what: "an object without `kind`",
        expected: "a Kubernetes object",
      });
      return;
    }
    if (isInventoryHead(known.object)) {
      this.#heads.push({ object: known.object, where: where() });
      return;
    }
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    const version = typeof apiVersion === "string" ? apiVersion : undefined;
    const use = this.#wanted === "all" ? "read" : useOf(kind, version);
    if (use === "told") {
      const label = version === undefined ? kind : `${kind} of ${version}`;
      const told = this.#told.get(label);
      if (told === undefined) this.#told.set(label, { where: where(), count: 1 });
      else told.count++;
    }
    const { name, namespace }: Fields = isFields(metadata) ? metadata : {};
    // Also of kinds that are not read: whoever wrote it thinks that it limits the object.
    if (clusterScoped.includes(kind) && namespace !== undefined && namespace !== null) {
      this.#doubts.push({
        code: "input/namespace-without-effect",
        where: `${where()} › ${kind} ${textOf(name)} › metadata.namespace`,
        what: `the kind is cluster-scoped, so the namespace \`${textOf(namespace)}\` limits nothing`,
        expected: "no namespace",
      });
    }
    if (use !== "read") return;
    if (typeof name !== "string" || name === "") {
      this.#refused.push({
        code: "input/no-name",
        where: where(),
        what:
          name === undefined
            ? `a ${kind} without \`metadata.name\``
            : `\`metadata.name\` is \`${JSON.stringify(name)}\``,
        expected: "a name, as a text",
      });
      return;
    }
    const key = keyOf(kind, typeof namespace === "string" ? namespace : undefined, name);
    const other = this.#known.get(key);
    // Every application of a namespace may bring the namespace along.
    if (other !== undefined && kind === "Namespace" && isDeepStrictEqual(other.object, known.object)) return;
    if (other !== undefined) {
      this.#refused.push({
        code: "input/same-name",
        where: where(),
        what: `${key} is written a second time, first at ${placeIn(other, other.written.offset)}`,
        expected: "one object of each kind, namespace and name",
        fix: "remove or rename one of the two",
      });
      return;
    }
    this.#known.set(key, known);
  }

  /** What is refused. Bases and overlays of Kustomize hold one object several times, and are meant to. */
  advised(): readonly Problem[] {
    if (!this.#kinds.has("Kustomization")) return this.#refused;
    const fix = "build it first: `kubectl kustomize OVERLAY | reach matrix -`";
    return this.#refused.map((problem) => (problem.code === "input/same-name" ? { ...problem, fix } : problem));
  }

  loaded(paths: readonly string[]): Loaded {
    const told = [...this.#told].map(([label, { where, count }]): Problem => ({
      code: "input/kind-not-read",
      where,
      what: `${label} is not read (${count === 1 ? "1 object" : `${String(count)} objects`})`,
      expected: "policies, namespaces, services, and pods or the objects by which Kubernetes itself makes pods",
    }));
    const known = this.#known;
    return {
      manifests: [...known.values()].map((each) => ({
        object: each.object,
        // Looked up when somebody asks: few objects have anything wrong with them.
        get source() {
          return placeIn(each, each.written.offset);
        },
      })),
      problems: [...this.#doubts, ...told, ...(hasPolicy(this.#kinds) ? [] : [withoutPolicies(paths)])],
      kinds: this.#kinds,
      heads: this.#heads,
      place: ({ policy: { kind, namespace, name }, path }) => {
        const found = known.get(keyOf(kind, namespace, name));
        return found === undefined ? undefined : placeIn(found, offsetOf(path, found.written.locate()));
      },
    };
  }
}

function withoutPolicies(paths: readonly string[]): Problem {
  return {
    code: "input/no-policies",
    where: paths.join(", "),
    what: "there is no policy, so nothing is restricted",
    expected: "NetworkPolicy, CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy",
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function looksLikeObject(object: unknown): boolean {
  return isFields(object) && (object["kind"] !== undefined || object["metadata"] !== undefined);
}

function placeIn({ file, lines }: Known, offset: number): string {
  return `${file}:${String(lines.line(offset))}`;
}

/** `CiliumNetworkPolicy shop/web`. An object that names no namespace is applied to this one. */
function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return clusterScoped.includes(kind) ? `${kind} ${name}` : `${kind} ${namespace ?? "default"}/${name}`;
}

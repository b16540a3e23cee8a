/**
 * Patch: edits of manifests as a unified diff of their files.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff";
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  stringify,
  visit,
  type Document,
  type Node,
} from "yaml";

import { edited, type Edit, type Path } from "../../policies/reachability/repair/edits.ts";
import { isFields, type Fields, type Manifest } from "../../policies/reachability/read/fields.ts";
import { renamed, spliced, type Style, type TextEdit } from "./splice.ts";

/** A file as it should be. */
export interface NewText {
  readonly path: string;
  /** Undefined for a file that does not exist yet. */
  readonly before?: string;
  readonly after: string;
}

/** Where new objects go: a folder of manifests, or the end of a file. */
export type Home = { readonly kind: "folder" | "file"; readonly path: string };

/**
 * The files that the edits change. `manifests` are those that the edits speak of, each with the place it was read from;
 * `mended` are files as earlier repairs leave them, by path.
 * Throws an Error if an object is not in its file any more.
 */
export async function newTexts(
  edits: readonly Edit[],
  manifests: readonly Manifest[],
  home: Home,
  mended: ReadonlyMap<string, string> = new Map(),
): Promise<readonly NewText[]> {
  const texts = new Map<string, { before?: string; after: string }>();
  const textOf = async (path: string): Promise<string> => {
    const known = texts.get(path);
    if (known !== undefined) return known.after;
    const before = mended.get(path) ?? (await readFile(path, "utf8"));
    texts.set(path, { before, after: before });
    return before;
  };
  for (const step of steps(edits)) {
    const [first] = step;
    if (first === undefined) continue;
    if (first.kind === "add") {
      const path = home.kind === "file" ? home.path : join(home.path, `${nameOf(first.object)}.yaml`);
      const body = stringify(first.object, { lineWidth: 0 });
      const there = home.kind === "file" || texts.has(path) || mended.has(path);
      const before = there ? await textOf(path) : undefined;
      const after = before === undefined ? body : extended(before, body);
      texts.set(path, { ...texts.get(path), after });
      continue;
    }
    const path = fileOf(manifests[first.manifest]);
    const changes = step as readonly TextEdit[];
    const after = changedText(await textOf(path), manifests[first.manifest]?.object ?? {}, changes);
    texts.set(path, { ...texts.get(path), after });
  }
  return [...texts].map(([path, text]) => ({ path, ...text }));
}

function extended(before: string, body: string): string {
  const after = `${unix(before).replace(/\n*$/, "\n")}---\n${body}`;
  return isWindows(before) ? windows(after) : after;
}

/** Every line of it ends as Windows ends lines. */
function isWindows(text: string): boolean {
  return text.includes("\r\n") && !/(?<!\r)\n/.test(text);
}

function unix(text: string): string {
  return isWindows(text) ? text.replaceAll("\r\n", "\n") : text;
}

function windows(text: string): string {
  return text.replaceAll("\n", "\r\n");
}

/** A removal and what takes its place are one step. */
function steps(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  const result: Edit[][] = [];
  for (const edit of edits) {
    const before = result.at(-1)?.[0];
    const replaces =
      edit.kind === "put" &&
      before?.kind === "remove" &&
      result.at(-1)?.length === 1 &&
      before.manifest === edit.manifest &&
      typeof before.path.at(-1) === "string" &&
      isDeepStrictEqual(before.path.slice(0, -1), edit.path.slice(0, -1));
    if (replaces) result.at(-1)?.push(edit);
    else result.push([edit]);
  }
  return result;
}

function nameOf(object: Fields): string {
  const { metadata } = object;
  const name = isFields(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" ? name : "policy";
}

/** The path of `path:line`. */
export function fileOf(manifest: Manifest | undefined): string {
  return (manifest?.source ?? "").replace(/:\d+$/, "");
}

/** The text with the object changed: cut where it can be, else the document written anew. */
export function changedText(text: string, object: Fields, edits: readonly TextEdit[]): string {
  if (isWindows(text)) return windows(changedText(unix(text), object, edits));
  const machine = machineWritten(text, object, edits);
  if (machine !== undefined) return machine;
  const [start, end] = documentWith(text, object);
  return text.slice(0, start) + changedDocument(text.slice(start, end), object, edits) + text.slice(end);
}

/** Where the object's document begins and ends, so that not every other of a large file is parsed again and again. */
function documentWith(text: string, object: Fields): readonly [number, number] {
  const starts = [0, ...[...text.matchAll(/^---(?=\s)/gm)].map(({ index }) => index), text.length];
  const name = nameOf(object);
  for (const [index, start] of starts.slice(0, -1).entries()) {
    const end = starts[index + 1] ?? text.length;
    const part = text.slice(start, end);
    const held = part.includes(name) && documentsOf(part).some((document) => holdsObject(document, object));
    if (held) return [start, end];
  }
  return [0, text.length];
}

function holdsObject(document: Document.Parsed, object: Fields): boolean {
  return objectsOf(document).some(({ node }) => keyOf(plain(node, document)) === keyOf(object));
}

function changedDocument(text: string, object: Fields, edits: readonly TextEdit[]): string {
  const { root, base, document } = found(text, object);
  const wanted = editedValue(plain(root, document), edits);
  const cut = cutText(text, root, edits);
  if (cut !== undefined && holds(cut, object, wanted) && others(cut, object) === others(text, object)) return cut;
  for (const edit of edits) {
    const path = [...base, ...edit.path];
    if (edit.kind === "remove") document.deleteIn(path);
    else if (edit.kind === "append" && isSeq(document.getIn(path))) document.addIn(path, edit.value);
    else document.setIn(path, edit.kind === "append" ? [edit.value] : edit.value);
  }
  // Where an anchor stood in the way, whoever shares it has changed as well: the object is written out.
  if (!isDeepStrictEqual(plain(root, document), wanted)) document.setIn(base, document.createNode(wanted));
  const { range } = document;
  return text.slice(0, range[0]) + document.toString({ lineWidth: 0 }) + text.slice(range[2]);
}

/** JSON that a program wrote is written again the same way, which is much quicker than to find places in it. */
function machineWritten(text: string, object: Fields, edits: readonly TextEdit[]): string | undefined {
  if (!isJson(text)) return undefined;
  const whole = JSON.parse(text) as unknown;
  const indent = [undefined, 2, 4, "\t"].find((each) => JSON.stringify(whole, null, each) === text.trimEnd());
  if (indent === undefined && JSON.stringify(whole) !== text.trimEnd()) return undefined;
  const own = (value: unknown): unknown => (keyOf(value) === keyOf(object) ? editedValue(value, edits) : value);
  const items = isFields(whole) ? whole["items"] : undefined;
  const after = Array.isArray(items) ? { ...(whole as Fields), items: (items as unknown[]).map(own) } : own(whole);
  return JSON.stringify(after, null, indent) + text.slice(text.trimEnd().length);
}

function editedValue(object: unknown, edits: readonly TextEdit[]): unknown {
  const manifests = [{ object: isFields(object) ? object : {} }];
  return edited(
    manifests,
    edits.map((edit) => ({ ...edit, manifest: 0 })),
  )[0]?.object;
}

function cutText(text: string, root: Node, edits: readonly TextEdit[]): string | undefined {
  const style = styleOf(text);
  const [first, second] = edits;
  if (first?.kind === "remove" && second?.kind === "put") {
    return renamed(text, root, first.path, String(second.path.at(-1)), second.value, style);
  }
  return first === undefined ? text : spliced(text, root, first, style);
}

interface Found {
  readonly root: Node;
  /** Where the object stands in its document. */
  readonly base: Path;
  readonly document: Document.Parsed;
}

/** The object's own node, alone in its document or an item of a List. */
function found(text: string, object: Fields): Found {
  for (const document of documentsOf(text)) {
    for (const { node, base } of objectsOf(document)) {
      if (keyOf(plain(node, document)) === keyOf(object)) return { root: node, base, document };
    }
  }
  throw new Error(`${keyOf(object)} is no longer in its file`);
}

/** A file holds one object of a name. */
function keyOf(object: unknown): string {
  if (!isFields(object) || !isFields(object["metadata"])) return "";
  const { namespace, name } = object["metadata"];
  return [object["kind"], namespace ?? "", name].map(String).join(" ");
}

function documentsOf(text: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text);
  return Array.isArray(documents) ? documents : [];
}

function objectsOf(document: Document.Parsed): readonly { readonly node: Node; readonly base: Path }[] {
  const root = document.contents;
  if (!isMap(root)) return [];
  const items = root.get("items");
  if (!isSeq(items)) return [{ node: root, base: [] }];
  return items.items.flatMap((node, index) => (isNode(node) ? [{ node, base: ["items", index] }] : []));
}

function plain(node: Node, document: Document.Parsed): unknown {
  return node.toJS(document);
}

/** Whether the text says just what is wanted of the object. */
function holds(text: string, object: Fields, wanted: unknown): boolean {
  return documentsOf(text).some(
    (document) =>
      document.errors.length === 0 &&
      objectsOf(document)
        .map(({ node }) => plain(node, document))
        .some((value) => keyOf(value) === keyOf(object) && isDeepStrictEqual(value, wanted)),
  );
}

/** Everything in the file but this object, as text to compare. */
function others(text: string, object: Fields): string {
  const all = documentsOf(text).flatMap((document) => objectsOf(document).map(({ node }) => plain(node, document)));
  return JSON.stringify(all.filter((each) => keyOf(each) !== keyOf(object)));
}

function styleOf(text: string): Style {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  return {
    json: isJson(text),
    quote: count(/: '|- '/g) > count(/: "|- "/g) ? "single" : "double",
    lists: listsOf(text),
  };
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** As most of the file's lists are. */
function listsOf(text: string): Style["lists"] {
  let [indented, flush] = [0, 0];
  const column = (node: unknown): number | undefined => {
    if (!isNode(node) || !node.range) return undefined;
    return node.range[0] - (text.lastIndexOf("\n", node.range[0] - 1) + 1);
  };
  for (const document of documentsOf(text)) {
    visit(document, {
      Pair: (_key, pair) => {
        if (!isPair(pair) || !isSeq(pair.value) || pair.value.flow === true || !isScalar(pair.key)) return;
        if (column(pair.value) === column(pair.key)) flush += 1;
        else indented += 1;
      },
    });
  }
  return flush > indented ? "flush" : "indented";
}

/** A unified diff that `git apply` and `patch -p1` take in the working directory. */
export function patchText(texts: readonly NewText[], directory: string): string {
  return texts
    .map(({ path, before, after }) => {
      const name = namedFrom(directory, path);
      const [old, now] = [before === undefined ? "/dev/null" : `a/${name}`, `b/${name}`];
      return formatPatch(
        structuredPatch(old, now, before ?? "", after, undefined, undefined, { context: 3 }),
        FILE_HEADERS_ONLY,
      );
    })
    .join("");
}

/** Files outside the working directory keep their whole path. */
function namedFrom(directory: string, path: string): string {
  const inside = relative(directory, path);
  return inside.startsWith("..") ? path : inside.split("\\").join("/");
}

/** Beside the first policy that was read from a folder, else at the end of the file that was given. */
export function homeOf(
  manifests: readonly Manifest[],
  folders: readonly string[],
  namespace: string | undefined,
): Home | undefined {
  const files = (own: (object: Fields) => boolean): string[] =>
    manifests
      .filter(({ object, source }) => source !== undefined && !source.startsWith("-") && own(object))
      .map(fileOf);
  const policies = files(({ kind }) => /NetworkPolicy$/.test(String(kind)));
  const near = files(
    ({ kind, metadata }) =>
      /NetworkPolicy$/.test(String(kind)) && isFields(metadata) && metadata["namespace"] === namespace,
  );
  const [best] = [...near, ...policies, ...files(() => true)];
  if (best === undefined) return undefined;
  const folder = folders.some((each) => !relative(each, best).startsWith(".."));
  return folder ? { kind: "folder", path: dirname(best) } : { kind: "file", path: best };
}

/**
 * Splice: one edit made on the text of a manifest, so that comments, quotes and layout around it stay as they are.
 */
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  stringify,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

import type { Edit, Path } from "../../policies/reachability/repair/edits.ts";

/** How a file is written, so that what is added looks like the rest. */
export interface Style {
  readonly json: boolean;
  readonly quote: "single" | "double";
  /** Whether a list stands further right than its key. */
  readonly lists: "indented" | "flush";
}

export type TextEdit = Exclude<Edit, { kind: "add" }>;

/** Undefined where the text has a form that cannot be cut: the caller then writes the object anew. */
export function spliced(
  text: string,
  root: Node,
  edit: Pick<TextEdit, "kind" | "path"> & { readonly value?: unknown },
  style: Style,
): string | undefined {
  if (edit.kind === "remove") return removed(text, root, edit.path);
  const { path, value } = reaching(root, edit);
  const last = path.at(-1);
  const parent = nodeAt(root, path.slice(0, -1));
  if (edit.kind === "append") {
    const list = nodeAt(root, path);
    if (isSeq(list)) return appended(text, list, value, style);
    return isMap(parent) && typeof last === "string" ? put(text, parent, last, [value], style) : undefined;
  }
  if (isSeq(parent) && typeof last === "number") {
    const item = parent.items[last];
    return isNode(item) ? replacedScalar(text, item, value, style) : undefined;
  }
  return isMap(parent) && typeof last === "string" ? put(text, parent, last, value, style) : undefined;
}

/** Replaces a key and its value, in its place. */
export function renamed(
  text: string,
  root: Node,
  path: Path,
  key: string,
  value: unknown,
  style: Style,
): string | undefined {
  const [parent, old] = [nodeAt(root, path.slice(0, -1)), path.at(-1)];
  const pair = isMap(parent) ? pairOf(parent, String(old)) : undefined;
  const range = pair === undefined ? undefined : extent(pair);
  if (!isMap(parent) || range === undefined) return undefined;
  const written =
    parent.flow === true ? flowPair(key, value, style) : blockText({ [key]: value }, column(text, range.start), style);
  return text.slice(0, range.start) + written + text.slice(range.end);
}

/** Where what would hold the value is missing too, that is what is put. */
function reaching(
  root: Node,
  edit: Pick<TextEdit, "path" | "kind"> & { readonly value?: unknown },
): { path: Path; value: unknown } {
  let [path, value] = [edit.path, edit.value];
  while (path.length > 1 && nodeAt(root, path.slice(0, -1)) === undefined) {
    const last = path.at(-1);
    value = typeof last === "number" ? [value] : { [String(last)]: value };
    path = path.slice(0, -1);
  }
  return { path, value };
}

function nodeAt(root: Node, path: Path): Node | undefined {
  let node: unknown = root;
  for (const step of path) {
    if (isMap(node) && typeof step === "string") node = pairOf(node, step)?.value;
    else if (isSeq(node) && typeof step === "number") node = node.items[step];
    else return undefined;
  }
  if (!isNode(node) || (isScalar(node) && node.value === null)) return undefined;
  return node;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

interface Extent {
  readonly start: number;
  /** After the last character that says something, comments left out. */
  readonly end: number;
}

function extent(value: unknown): Extent | undefined {
  if (isPair(value)) {
    const [key, inner] = [extent(value.key), extent(value.value)];
    return key === undefined ? undefined : { start: key.start, end: Math.max(key.end, inner?.end ?? 0) };
  }
  if (!isNode(value) || !value.range) return undefined;
  const [start, end] = value.range;
  const flow = (isMap(value) || isSeq(value)) && value.flow === true;
  if (flow || isScalar(value)) return { start, end };
  if (!isMap(value) && !isSeq(value)) return { start, end };
  const last = extent(value.items.at(-1));
  return { start, end: last?.end ?? end };
}

function column(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

/** After the line break that ends this line, or the end of the text. */
function afterLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Lines put after the one where this ends. */
function withLines(text: string, end: number, lines: string): string {
  const at = afterLine(text, end);
  const broken = at > 0 && text[at - 1] !== "\n" ? "\n" : "";
  return `${text.slice(0, at)}${broken}${lines}\n${text.slice(at)}`;
}

function appended(text: string, list: YAMLSeq, value: unknown, style: Style): string | undefined {
  const range = extent(list);
  if (range === undefined) return undefined;
  if (list.flow === true) return intoFlow(text, list, flowText(value, style));
  const item = blockText([value], column(text, range.start), style);
  return withLines(text, range.end, `${" ".repeat(column(text, range.start))}${item}`);
}

function put(text: string, map: YAMLMap, key: string, value: unknown, style: Style): string | undefined {
  const pair = pairOf(map, key);
  if (pair !== undefined) {
    const simple = isScalar(pair.value) && pair.value.value !== null && (typeof value !== "object" || value === null);
    if (simple && isNode(pair.value)) return replacedScalar(text, pair.value, value, style);
    const range = extent(pair);
    if (range === undefined) return undefined;
    const written =
      map.flow === true ? flowPair(key, value, style) : blockText({ [key]: value }, column(text, range.start), style);
    return text.slice(0, range.start) + written + text.slice(range.end);
  }
  if (map.flow === true) return intoFlow(text, map, flowPair(key, value, style));
  const range = extent(map);
  if (range === undefined) return undefined;
  const indent = column(text, range.start);
  return withLines(text, range.end, `${" ".repeat(indent)}${blockText({ [key]: value }, indent, style)}`);
}

function replacedScalar(text: string, node: Node, value: unknown, style: Style): string | undefined {
  if (!isScalar(node) || !node.range || node.anchor !== undefined) return undefined;
  const [start, end] = node.range;
  if (node.type === "BLOCK_LITERAL" && typeof value === "string") return replacedLines(text, [start, end], value);
  const quoted = node.type === "QUOTE_DOUBLE" ? JSON.stringify(value) : flowText(value, style);
  return text.slice(0, start) + quoted + text.slice(end);
}

/** Lines behind a `|`, indented as those before. */
function replacedLines(text: string, [start, end]: readonly [number, number], value: string): string | undefined {
  const [, head, indent] = /^(\|[-+]?[^\S\n]*\n)(?:[^\S\n]*\n)*([^\S\n]+)/.exec(text.slice(start, end)) ?? [];
  if (head === undefined || indent === undefined || value.trim() === "") return undefined;
  const last = text.slice(start, end).endsWith("\n") ? "\n" : "";
  const lines = value.replace(/\n$/, "").split("\n");
  return `${text.slice(0, start)}${head}${lines.map((line) => (line === "" ? "" : indent + line)).join("\n")}${last}${text.slice(end)}`;
}

/** Before the closing bracket; on a line of its own where the others are. */
function intoFlow(text: string, collection: YAMLMap | YAMLSeq, written: string): string | undefined {
  if (!collection.range) return undefined;
  const [start, end] = collection.range;
  const last = extent(collection.items.at(-1));
  if (last === undefined) {
    const space = isMap(collection) && !text.slice(start, end).includes('"') && !written.startsWith('"') ? " " : "";
    return `${text.slice(0, start + 1)}${space}${written}${space}${text.slice(end - 1)}`;
  }
  const lines = text.slice(start, last.start).includes("\n");
  const indent = lines ? column(text, extent(collection.items.at(-1))?.start ?? last.start) : 0;
  const separator = lines ? `,\n${" ".repeat(indent)}` : ", ";
  const body = lines
    ? written.replaceAll("\n", `\n${" ".repeat(indent)}`)
    : written.replaceAll(/\n\s*/g, written.startsWith("{") || written.startsWith("[") ? "" : " ");
  return `${text.slice(0, last.end)}${separator}${body}${text.slice(last.end)}`;
}

function removed(text: string, root: Node, path: Path): string | undefined {
  const [parent, last] = [nodeAt(root, path.slice(0, -1)), path.at(-1)];
  if ((!isMap(parent) && !isSeq(parent)) || last === undefined) return undefined;
  const index =
    typeof last === "number"
      ? last
      : parent.items.findIndex((each) => isPair(each) && isScalar(each.key) && String(each.key.value) === last);
  const own = extent(parent.items[index]);
  if (own === undefined) return undefined;
  const [before, after] = [extent(parent.items[index - 1]), extent(parent.items[index + 1])];
  if (parent.items.length === 1) {
    const whole = extent(parent);
    const empty = isSeq(parent) ? "[]" : "{}";
    if (whole === undefined) return undefined;
    // A block list stands below its key, an empty one behind it.
    const from = parent.flow === true ? whole.start : text.slice(0, whole.start).trimEnd().length;
    return `${text.slice(0, from)}${parent.flow === true ? "" : " "}${empty}${text.slice(whole.end)}`;
  }
  if (parent.flow === true) {
    if (after !== undefined) return text.slice(0, own.start) + text.slice(after.start);
    return before === undefined ? undefined : text.slice(0, before.end) + text.slice(own.end);
  }
  // The first key of a list's item shares its line with the dash.
  const shared = isMap(parent) && text.slice(lineStart(text, own.start), own.start).trim() !== "";
  if (shared) return after === undefined ? undefined : text.slice(0, own.start) + text.slice(after.start);
  return text.slice(0, lineStart(text, own.start)) + text.slice(afterLine(text, own.end));
}

const options = (style: Style) =>
  ({
    lineWidth: 0,
    singleQuote: style.quote === "single",
    indentSeq: style.lists === "indented",
  }) as const;

/** The first line stands where it is put; the others are set below it. */
function blockText(value: unknown, indent: number, style: Style): string {
  const text = style.json ? JSON.stringify(value, null, 2) : stringify(value, options(style)).trimEnd();
  return text.replaceAll("\n", `\n${" ".repeat(indent)}`);
}

function flowText(value: unknown, style: Style): string {
  if (style.json) return JSON.stringify(value, null, 2);
  return stringify(value, { ...options(style), collectionStyle: "flow" }).trimEnd();
}

function flowPair(key: string, value: unknown, style: Style): string {
  if (style.json) return `${JSON.stringify(key)}: ${JSON.stringify(value, null, 2)}`;
  return flowText({ [key]: value }, style)
    .replace(/^\{\s*/, "")
    .replace(/\s*\}$/, "");
}

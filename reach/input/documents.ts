/**
 * Documents: a text taken apart into the values it holds, JSON by JSON.parse and the rest by the YAML parser.
 */
import { consecutive, isSpace, keysIn, locatedJson, measure } from "./json.ts";
import { doubledKeys, type Located } from "./located.ts";
import type { readYaml as ReadYaml } from "./yaml.ts";
import { deepest, type Trouble } from "./trouble.ts";

export interface Document {
  readonly value: unknown;
  /** Of its first value, in the whole text. */
  readonly offset: number;
  /** Parses again, so that nobody pays for positions that are not asked for. Offsets are those of the whole text. */
  readonly locate: () => Located;
}

export interface Documents {
  readonly documents: readonly Document[];
  /** One at most for each part between two `---`. Parts without one are read all the same. */
  readonly bad: readonly Trouble[];
  /** Read all the same. */
  readonly doubtful: readonly Trouble[];
}

const marker = "---";

/** A part of the text between two `---`. */
interface Part {
  readonly text: string;
  readonly base: number;
}

export async function readDocuments(text: string): Promise<Documents> {
  const found: Documents[] = [];
  for (const part of parts(text)) {
    const start = firstMark(part.text);
    if (start === undefined) continue;
    const looksLikeJson = isBracket(part.text[start]);
    const json = looksLikeJson ? await readJson({ text: part.text.slice(start), base: part.base + start }) : undefined;
    found.push(json ?? (await readYamlPart(part)));
  }
  return together(found);
}

function together(found: readonly Documents[]): Documents {
  return {
    documents: found.flatMap(({ documents }) => documents),
    bad: found.flatMap(({ bad }) => bad),
    doubtful: found.flatMap(({ doubtful }) => doubtful),
  };
}

function isBracket(mark: string | undefined): boolean {
  return mark === "{" || mark === "[";
}

/** Cut before each `---` at the start of a line, which YAML allows inside nothing; a directive stays with its document. */
function parts(text: string): Part[] {
  const found: Part[] = [];
  let start = 0;
  for (let at = text.indexOf("\n---"); at >= 0; at = text.indexOf("\n---", at + 1)) {
    if (!isMarker(text, at + 1)) continue;
    const part = text.slice(start, at + 1);
    if (part.includes("%") && /^%/m.test(part) && firstMark(part.replace(/^%.*/gm, "")) === undefined) continue;
    found.push({ text: part, base: start });
    start = at + 1;
  }
  found.push({ text: text.slice(start), base: start });
  return found;
}

/** `---` with nothing directly behind it. */
function isMarker(text: string, at: number): boolean {
  const behind = at + marker.length;
  return text.startsWith(marker, at) && (behind >= text.length || isSpace(text.charCodeAt(behind)));
}

/** Where the first thing stands that is neither space, comment nor the `---` at the start. Undefined if there is none. */
function firstMark(text: string): number | undefined {
  let at = isMarker(text, 0) ? marker.length : 0;
  for (;;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    if (at >= text.length) return undefined;
    if (text[at] !== "#") return at;
    const end = text.indexOf("\n", at);
    if (end < 0) return undefined;
    at = end;
  }
}

/** Undefined if this is not JSON: then it may still be YAML that begins with a bracket. */
async function readJson({ text, base }: Part): Promise<Documents | undefined> {
  const whole = parseJson(text);
  if (whole !== undefined) return jsonDocument(whole.value, { text, base });
  const extents = consecutive(text);
  if (extents.length < 2 || extents.some(({ start }) => !isBracket(text[start]))) return undefined;
  // JSON Lines, perhaps with a line that is broken.
  const found: Documents[] = [];
  for (const { start, end } of extents) {
    const part = { text: text.slice(start, end), base: base + start };
    const parsed = parseJson(part.text);
    if (parsed === undefined && found.length === 0) return undefined;
    found.push(parsed === undefined ? await readYamlPart(part) : jsonDocument(parsed.value, part));
  }
  return together(found);
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function jsonDocument(value: unknown, { text, base }: Part): Documents {
  const { depth, keys } = measure(text);
  if (depth > deepest) {
    const what = `nesting exceeds ${String(deepest)} levels`;
    return { documents: [], bad: [{ code: "deep", offset: base, what }], doubtful: [] };
  }
  const locate = (): Located => shifted(locatedJson(text, 0), base);
  const doubtful = keysIn(value) < keys ? doubledKeys(locate()) : [];
  return { documents: [{ value, offset: base, locate }], bad: [], doubtful };
}

let yaml: Promise<{ readonly readYaml: typeof ReadYaml }> | undefined;

async function readYamlPart({ text, base }: Part): Promise<Documents> {
  const { readYaml } = await (yaml ??= import("./yaml.ts"));
  const read = readYaml(text);
  const moved = (trouble: Trouble): Trouble => ({ ...trouble, offset: trouble.offset + base });
  if (read.kind === "bad") return { documents: [], bad: [moved(read.trouble)], doubtful: [] };
  const documents = read.documents.map(({ value, offset, locate }) => ({
    value,
    offset: offset + base,
    locate: () => shifted(locate(), base),
  }));
  return { documents, bad: [], doubtful: read.doubtful.map(moved) };
}

/** The same value in a text that has `by` units more before it. */
function shifted(value: Located, by: number): Located {
  if (by === 0) return value;
  return {
    offset: value.offset + by,
    *entries() {
      for (const { key, offset, value: inner } of value.entries()) {
        yield { key, offset: offset + by, value: shifted(inner, by) };
      }
    },
  };
}

/**
 * Documents: a text taken apart into the values it holds, JSON by JSON.parse and the rest by the YAML parser.
 */
import { consecutive, locatedJson } from "./json.ts";
import type { Located } from "./located.ts";
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

/** A part of the text between two `---`. */
interface Part {
  readonly text: string;
  readonly base: number;
}

export async function readDocuments(text: string): Promise<Documents> {
  const documents: Document[] = [];
  const bad: Trouble[] = [];
  const doubtful: Trouble[] = [];
  for (const part of parts(text)) {
    const start = firstMark(part.text);
    if (start === undefined) continue;
    const first = part.text[start];
    const read =
      (first === "{" || first === "["
        ? readJson({ text: part.text.slice(start), base: part.base + start })
        : undefined) ?? (await readYamlPart(part));
    documents.push(...read.documents);
    bad.push(...read.bad);
    doubtful.push(...read.doubtful);
  }
  return { documents, bad, doubtful };
}

/** Cut before each `---` at the start of a line, which YAML allows inside nothing; a directive stays with its document. */
function parts(text: string): Part[] {
  const found: Part[] = [];
  let start = 0;
  const marker = /^---(?=[ \t\r\n]|$)/gm;
  for (let match = marker.exec(text); match !== null; match = marker.exec(text)) {
    const part = text.slice(start, match.index);
    if (part.includes("%") && /^%/m.test(part) && firstMark(part.replace(/^%.*/gm, "")) === undefined) continue;
    found.push({ text: part, base: start });
    start = match.index;
  }
  found.push({ text: text.slice(start), base: start });
  return found;
}

/** Where the first thing stands that is neither space, comment nor `---`. Undefined if there is none. */
function firstMark(text: string): number | undefined {
  const mark = /(?:^---(?=[ \t\r\n]|$))?(?:\s+|#[^\n]*)*/y;
  mark.test(text);
  return mark.lastIndex < text.length ? mark.lastIndex : undefined;
}

/** Undefined if this is not JSON: then it may still be YAML that begins with a bracket. */
function readJson({ text, base }: Part): Documents | undefined {
  const whole = parseJson(text);
  if (whole !== undefined) return asDocuments([{ value: whole.value, text, base }]);
  const extents = consecutive(text);
  if (extents.length < 2) return undefined;
  const values = extents.flatMap(({ start, end }) => {
    const own = text.slice(start, end);
    const parsed = parseJson(own);
    return parsed === undefined ? [] : [{ value: parsed.value, text: own, base: base + start }];
  });
  return values.length === extents.length ? asDocuments(values) : undefined;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function asDocuments(
  values: readonly { readonly value: unknown; readonly text: string; readonly base: number }[],
): Documents {
  const documents: Document[] = [];
  const bad: Trouble[] = [];
  for (const { value, text, base } of values) {
    if (isDeep(value, deepest)) {
      bad.push({ code: "deep", offset: base, what: `nesting exceeds ${String(deepest)} levels` });
    } else {
      documents.push({ value, offset: base, locate: () => shifted(locatedJson(text, 0), base) });
    }
  }
  return { documents, bad, doubtful: [] };
}

function isDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (left === 0) return true;
  for (const each of Array.isArray(value) ? value : Object.values(value)) if (isDeep(each, left - 1)) return true;
  return false;
}

async function readYamlPart({ text, base }: Part): Promise<Documents> {
  const { readYaml } = await import("./yaml.ts");
  const read = readYaml(text);
  const moved = (trouble: Trouble): Trouble => ({ ...trouble, offset: trouble.offset + base });
  if (read.kind === "bad") return { documents: [], bad: [moved(read.trouble)], doubtful: [] };
  const documents = read.documents.map(({ value, offset, locate }) => ({
    value,
    offset: offset + base,
    locate: () => shifted(locate(), base),
  }));
  return { documents, bad: [], doubtful: read.doubled.map(moved) };
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

/**
 * JSON: where values stand in a text that JSON.parse reads, found by walking over the text.
 *
 * JSON.parse gives no positions, and only few of them are ever asked for.
 */
import type { Located } from "./located.ts";

/** A part of a text: from `start` up to, not including, `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** From a quote to behind its closing quote. */
function afterString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at >= 0) {
    let slashes = at;
    while (text.charCodeAt(slashes - 1) === backslash) slashes--;
    if ((at - slashes) % 2 === 0) return at + 1;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

/** Behind the value that begins here. The text need not be JSON: the answer then is some place further on. */
function afterValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === quote) return afterString(text, from);
  if (first !== openBrace && first !== openBracket) {
    let at = from + 1;
    while (at < text.length && !isEnd(text.charCodeAt(at))) at++;
    return at;
  }
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = afterString(text, at);
      continue;
    }
    at++;
    if (code === openBrace || code === openBracket) depth++;
    else if (code === closeBrace || code === closeBracket) {
      depth--;
      if (depth === 0) return at;
    }
  }
  return at;
}

/** How deep lists and objects of a text that JSON.parse accepted stand inside each other, and how many keys it has. */
export function measure(text: string): { readonly depth: number; readonly keys: number } {
  let [depth, deepest, keys, at] = [0, 0, 0, 0];
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = afterString(text, at);
      continue;
    }
    at++;
    if (code === colon) keys++;
    else if (code === closeBrace || code === closeBracket) depth--;
    else if (code === openBrace || code === openBracket) {
      depth++;
      if (depth > deepest) deepest = depth;
    }
  }
  return { depth: deepest, keys };
}

/** How many keys are left of those that were written: of two equal ones JSON.parse keeps the last. */
export function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const each of value) count += keysIn(each);
    return count;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  // Nothing is inherited here but by a key that says so, and then somebody looks closer.
  for (const key in fields) count += 1 + keysIn(fields[key]);
  return count;
}

function isEnd(code: number): boolean {
  return isSpace(code) || code === comma || code === closeBrace || code === closeBracket || code === colon;
}

/** Values that follow each other without anything between them, as in JSON Lines. */
export function consecutive(text: string): readonly Extent[] {
  const found: Extent[] = [];
  let at = afterSpace(text, 0);
  while (at < text.length) {
    const end = afterValue(text, at);
    found.push({ start: at, end });
    at = afterSpace(text, end);
  }
  return found;
}

/** The value at this place of a text that JSON.parse accepted, and what is inside it. */
export function locatedJson(text: string, offset: number): Located {
  const start = afterSpace(text, offset);
  const first = text.charCodeAt(start);
  return {
    offset: start,
    *entries() {
      if (first !== openBrace && first !== openBracket) return;
      let at = afterSpace(text, start + 1);
      for (let index = 0; text.charCodeAt(at) !== closeBrace && text.charCodeAt(at) !== closeBracket; index++) {
        if (at >= text.length) return;
        if (first === openBracket) {
          yield { key: index, offset: at, value: locatedJson(text, at) };
        } else {
          const end = afterString(text, at);
          const key = String(JSON.parse(text.slice(at, end)));
          const value = locatedJson(text, afterSpace(text, end) + 1);
          yield { key, offset: at, value };
          at = value.offset;
        }
        at = afterSpace(text, afterValue(text, at));
        if (text.charCodeAt(at) === comma) at = afterSpace(text, at + 1);
      }
    },
  };
}

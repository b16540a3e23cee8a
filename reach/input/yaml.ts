/**
 * YAML as Kubernetes reads it (sigs.k8s.io/yaml): the scalars of YAML 1.1 without its numbers to base 60 and its dates.
 *
 * Loaded only for what is not JSON.
 */
import {
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  EVENT_ID,
  getScalarValue,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  Schema,
  seqTag,
  strTag,
  YAMLException,
  type Event,
} from "js-yaml";

import { doubledKeys, type Entry, type Located } from "./located.ts";
import { deepest, largestExpansion, type Trouble } from "./trouble.ts";

/** One YAML document. */
export interface YamlDocument {
  readonly value: unknown;
  /** Where its first value begins. */
  readonly offset: number;
  /** Works out positions anew. */
  readonly locate: () => Located;
}

export type YamlRead =
  | { readonly kind: "read"; readonly documents: readonly YamlDocument[]; readonly doubtful: readonly Trouble[] }
  | { readonly kind: "bad"; readonly trouble: Trouble };

const words = new Map<string, boolean | number | null>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/** A leading zero means base 8, as in YAML 1.1; an underscore in a number says nothing. */
function numberOf(written: string): number | undefined {
  const text = written.startsWith("._") ? written : written.replaceAll("_", "");
  const whole = wholeNumberOf(text);
  if (whole !== undefined) return whole;
  if (!/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function wholeNumberOf(text: string): number | undefined {
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  const size = sizeOf(digits);
  return size !== undefined && text.startsWith("-") ? -size : size;
}

function sizeOf(digits: string): number | undefined {
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  if (/^(0[oO][0-7]+|0[xX][\da-fA-F]+|0[bB][01]+|0|[1-9]\d*)$/.test(digits)) return Number(digits);
  return undefined;
}

const kinds = {
  null: (value: unknown): value is null => value === null,
  bool: (value: unknown): value is boolean => typeof value === "boolean",
  float: (value: unknown): value is number => typeof value === "number",
};

function wordTag(name: keyof typeof kinds, firstChars: readonly string[]): ReturnType<typeof defineScalarTag> {
  return defineScalarTag<unknown>(`tag:yaml.org,2002:${name}`, {
    implicit: true,
    implicitFirstChars: firstChars,
    resolve: (source) => {
      const value = words.get(source);
      return value !== undefined && kinds[name](value) ? value : NOT_RESOLVED;
    },
    identify: () => false,
  });
}

const floatWord = wordTag("float", ["+", "-", "."]);
const floatTag = defineScalarTag<unknown>("tag:yaml.org,2002:float", {
  implicit: true,
  implicitFirstChars: Array.from("+-.0123456789"),
  resolve: (source, isExplicit, tagName) => {
    const word = floatWord.resolve(source, isExplicit, tagName);
    return word === NOT_RESOLVED ? (numberOf(source) ?? NOT_RESOLVED) : word;
  },
  identify: () => false,
});
/** Never met without being written out: whole numbers are found with the others. */
const intTag = defineScalarTag<unknown>("tag:yaml.org,2002:int", {
  resolve: (source) => wholeNumberOf(source.replaceAll("_", "")) ?? NOT_RESOLVED,
  identify: () => false,
});

/** Keys become texts, as in JSON; an empty key has no text. */
const objectTag = defineMappingTag<Record<string, unknown>>("tag:yaml.org,2002:map", {
  create: mapTag.create,
  addPair: (carrier, key, value) => (key === null ? "a key that is empty" : mapTag.addPair(carrier, key, value)),
  has: mapTag.has,
  keys: mapTag.keys,
  get: mapTag.get,
  identify: mapTag.identify,
});

const schema = new Schema([
  wordTag("null", ["", "~", "n", "N"]),
  wordTag("bool", Array.from("yYnNtTfFoO")),
  floatTag,
  intTag,
  mergeTag,
  strTag,
  seqTag,
  objectTag,
]);

/** Every document of this text, or the first thing that is wrong with it. */
export function readYaml(text: string): YamlRead {
  try {
    const events = parseEvents(text, { maxDepth: deepest });
    const trouble = oddKey(events) ?? tangle(events, text);
    if (trouble !== undefined) return { kind: "bad", trouble };
    const starts = events.flatMap((event, index) => (event.type === EVENT_ID.DOCUMENT ? [index + 1] : []));
    const located = starts.map((start) => locator(text, start));
    const { values, doubled } = construct(text, events, located);
    const documents = values.map((value, index) => ({
      value,
      offset: startOf(events[starts[index] ?? 0]),
      locate: located[index] ?? nowhere,
    }));
    const late = text.includes("<<") ? located.flatMap((locate) => lateMerges(locate())) : [];
    return { kind: "read", documents, doubtful: [...doubled, ...late, ...oddLineEnds(text)] };
  } catch (error) {
    return { kind: "bad", trouble: troubleOf(error) };
  }
}

/** Parses again: the events are many times larger than the text, and a closure beside them would keep them. */
function locator(text: string, start: number): () => Located {
  return () => locatedYaml(text, parseEvents(text, { maxDepth: deepest }), start);
}

const nowhere = (): Located => ({ offset: 0, entries: () => [] });

/** Sentences of the parser that do not say what a person did. */
const clearer: ReadonlyMap<string, string> = new Map([
  ["deficient indentation", "too little indentation, or an open bracket or quote before"],
  ["object-based map does not support complex keys", "a key that is no text"],
]);

function troubleOf(error: unknown): Trouble {
  if (error instanceof YAMLException) {
    const code = error.reason.startsWith("nesting exceeded") ? "deep" : "syntax";
    return { code, offset: error.mark?.position ?? 0, what: clearer.get(error.reason) ?? error.reason };
  }
  if (error instanceof RangeError) return { code: "deep", offset: 0, what: error.message };
  throw error;
}

/** Of two equal keys the last counts, as Kubernetes has it, but neither goes without a word. */
function construct(
  source: string,
  events: Event[],
  located: readonly (() => Located)[],
): { readonly values: readonly unknown[]; readonly doubled: readonly Trouble[] } {
  // Aliases were looked at before, so merge keys need no limit of their own.
  const options = { source, schema, maxTotalMergeKeys: -1 };
  try {
    return { values: constructFromEvents(events, options), doubled: [] };
  } catch (error) {
    if (!(error instanceof YAMLException) || error.reason !== "duplicated mapping key") throw error;
    const values = constructFromEvents(events, { ...options, json: true });
    return { values, doubled: located.flatMap((each) => doubledKeys(each())) };
  }
}

/** YAML 1.1, and with it Kubernetes, ends a line at these, YAML 1.2 does not: who can see which of the two is meant? */
const oddEnds = ["\u0085", "\u2028", "\u2029"];

function oddLineEnds(text: string): Trouble[] {
  return oddEnds.flatMap((mark): Trouble[] => {
    const offset = text.indexOf(mark);
    if (offset < 0) return [];
    const code = mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return [{ code: "odd-line-end", offset, what: `the invisible character U+${code}` }];
  });
}

/** Kubernetes lets what `<<` brings win over the keys before it, YAML never. */
function lateMerges(value: Located): Trouble[] {
  const entries = [...value.entries()];
  const at = entries.findLastIndex(({ key }) => key === "<<");
  const here: Trouble[] = [];
  if (at > 0)
    here.push({ code: "late-merge", offset: entries[at]?.offset ?? 0, what: "`<<` stands behind other keys" });
  return [...here, ...entries.flatMap((entry) => lateMerges(entry.value))];
}

/** A list or an object in place of a key, which is what `{{ x }}` of a template looks like. */
function oddKey(events: readonly Event[]): Trouble | undefined {
  const open: ("list" | "key" | "value")[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) open.push("list");
    else if (event.type === EVENT_ID.POP) open.pop();
    else {
      const expected = open.pop();
      const isCollection = event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE;
      if (expected === "key" && isCollection) {
        return { code: "syntax", offset: startOf(event), what: "a key that is no text" };
      }
      if (expected !== undefined) open.push(expected === "list" ? "list" : expected === "key" ? "value" : "key");
      if (isCollection) open.push(event.type === EVENT_ID.MAPPING ? "key" : "list");
    }
  }
  return undefined;
}

/** An alias inside its own anchor, or aliases of aliases that stand for far more than was written. */
function tangle(events: readonly Event[], text: string): Trouble | undefined {
  if (!events.some(({ type }) => type === EVENT_ID.ALIAS)) return undefined;
  const sizes = new Map<string, number | "open">();
  const open: { readonly anchor: string | undefined; readonly offset: number; size: number }[] = [];
  const most = largestExpansion(events.length);
  for (const event of events) {
    const anchor =
      "anchorStart" in event && event.anchorStart >= 0 ? text.slice(event.anchorStart, event.anchorEnd) : undefined;
    let offset = startOf(event);
    let size = 1;
    if (event.type === EVENT_ID.POP) {
      const closed = open.pop();
      size = closed?.size ?? 0;
      offset = closed?.offset ?? 0;
      if (closed?.anchor !== undefined) sizes.set(closed.anchor, size);
    } else if (event.type === EVENT_ID.ALIAS) {
      const known = sizes.get(anchor ?? "") ?? 1;
      if (known === "open")
        return { code: "cycle", offset, what: `\`*${anchor ?? ""}\` stands inside \`&${anchor ?? ""}\`` };
      size = known;
    } else if (event.type !== EVENT_ID.SCALAR) {
      if (anchor !== undefined) sizes.set(anchor, "open");
      open.push({ anchor, offset, size });
      continue;
    } else if (anchor !== undefined) {
      sizes.set(anchor, size);
    }
    const around = open.at(-1);
    if (around !== undefined) around.size += size;
    if (size > most) return { code: "expansion", offset, what: "the aliases stand for far more than is written" };
  }
  return undefined;
}

function startOf(event: Event | undefined): number {
  if (event === undefined) return 0;
  if ("valueStart" in event && event.valueStart >= 0) return event.valueStart;
  if ("start" in event) return event.start;
  if ("anchorStart" in event && event.anchorStart >= 0) return event.anchorStart;
  return 0;
}

/** The value that begins with this event. */
function locatedYaml(text: string, events: readonly Event[], from: number): Located {
  return walk(text, events, from).value;
}

function walk(
  text: string,
  events: readonly Event[],
  from: number,
): { readonly value: Located; readonly next: number } {
  const event = events[from];
  const offset = startOf(event);
  const type = event?.type;
  if (type !== EVENT_ID.MAPPING && type !== EVENT_ID.SEQUENCE) {
    return { value: { offset, entries: () => [] }, next: from + 1 };
  }
  const entries: Entry[] = [];
  let at = from + 1;
  while (at < events.length && events[at]?.type !== EVENT_ID.POP) {
    const first = events[at];
    const step = walk(text, events, at);
    if (type === EVENT_ID.SEQUENCE) {
      entries.push({ key: entries.length, offset: step.value.offset, value: step.value });
      at = step.next;
    } else {
      const { value, next } = walk(text, events, step.next);
      const key = first?.type === EVENT_ID.SCALAR ? keyText(text, first) : "";
      entries.push({ key, offset: step.value.offset, value });
      at = next;
    }
  }
  return { value: { offset, entries: () => entries }, next: at + 1 };
}

function keyText(text: string, event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): string {
  return event.valueStart < 0 ? "" : getScalarValue(text, event);
}

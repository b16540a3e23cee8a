/**
 * Fields: reading one manifest, field by field, into findings or values.
 *
 * Cilium refuses an object as a whole (S25), so a reader only notes what is wrong and goes on: all problems at once.
 */
import type { Problem } from "../../problems.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** An object as a person wrote it, and where. */
export interface Manifest {
  readonly object: Fields;
  /** For example `policies/dns.yaml:12`; the object's own name if absent. */
  readonly source?: string;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function described(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

/** Collects what is wrong with one object. */
export class Reading {
  readonly problems: Problem[] = [];
  readonly #object: () => string;
  #refused = false;
  #doubtful = false;

  /** Where the object stands is asked only if something is wrong with it. */
  constructor(where: string | (() => string)) {
    this.#object = typeof where === "string" ? () => where : where;
  }

  get #where(): string {
    return this.#object();
  }

  /** Whether Cilium would not accept the object. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Whether it depends on the agent if Cilium accepts the object. */
  get doubtful(): boolean {
    return this.#doubtful;
  }

  /** Cilium refuses the object for this. */
  refuse(path: string, what: string, expected: string): void {
    this.#refused = true;
    this.problems.push({ code: "cilium/refused", where: `${this.#where} › ${path}`, what, expected });
  }

  /** Cilium drops the field and keeps the rest (S26). */
  dropped(path: string): void {
    this.problems.push({
      code: "cilium/unknown-field",
      where: `${this.#where} › ${path}`,
      what: "Cilium does not know this field, drops it and enforces the rest",
      expected: "only fields of the kind",
      fix: "remove the field, or the rule that depends on it",
    });
  }

  /** The engine does not model the field and answers `unknown` where it matters (L1). */
  unmodelled(path: string, field: string): void {
    this.problems.push({
      code: "reachability/not-modelled",
      where: `${this.#where} › ${path}`,
      what: `\`${field}\` is not modelled, so verdicts that depend on it are unknown`,
      expected: "a peer that the manifests alone describe",
    });
  }

  /** Cilium refuses the object unless the agent has a flag, which the manifests do not tell (L1). */
  dependsOnFlag(path: string, field: string, flag: string): void {
    this.#doubtful = true;
    this.problems.push({
      code: "reachability/not-modelled",
      where: `${this.#where} › ${path}`,
      what: `Cilium refuses ${field} unless \`${flag}\` is set, so verdicts that depend on the object are unknown`,
      expected: "what every agent accepts",
    });
  }

  /** The field speaks of something that verdicts do not speak of, and changes none. */
  beside(path: string, field: string, subject: string): void {
    const what = `\`${field}\` changes no verdict: they are about ${subject}`;
    this.note("reachability/not-modelled", path, what, "nothing, if that is understood");
  }

  /** What Cilium makes of the object is not what its author may think. The engine answers as Cilium does. */
  note(code: `reachability/${string}`, path: string, what: string, expected: string, fix?: string): void {
    const problem: Problem = { code, where: `${this.#where} › ${path}`, what, expected };
    this.problems.push(fix === undefined ? problem : { ...problem, fix });
  }

  /** Notes every key that the kind does not have. */
  only(fields: Fields, path: string, known: readonly string[]): void {
    for (const key in fields) if (!known.includes(key) && Object.hasOwn(fields, key)) this.dropped(`${path}.${key}`);
  }

  /** Absent and `null` are the same, as for Go's decoder. */
  fields(value: unknown, path: string): Fields | undefined {
    return this.#typed(value, path, "an object", isFields);
  }

  list(value: unknown, path: string): readonly unknown[] | undefined {
    return this.#typed(value, path, "a list", (each): each is unknown[] => Array.isArray(each));
  }

  text(value: unknown, path: string): string | undefined {
    return this.#typed(value, path, "a text", (each) => typeof each === "string");
  }

  integer(value: unknown, path: string): number | undefined {
    return this.#typed(value, path, "a whole number", (each): each is number => Number.isInteger(each));
  }

  flag(value: unknown, path: string): boolean | undefined {
    return this.#typed(value, path, "true or false", (each) => typeof each === "boolean");
  }

  texts(value: unknown, path: string): readonly string[] | undefined {
    // A `null` among texts is an empty one, as for Go's decoder.
    // Where an element stands is spelt out only if it is no text.
    return this.list(value, path)?.map((each, index) =>
      typeof each === "string" ? each : (this.text(each, `${path}[${String(index)}]`) ?? ""),
    );
  }

  /** An object of texts, such as labels. */
  labels(value: unknown, path: string): ReadonlyMap<string, string> {
    const fields = this.fields(value, path) ?? {};
    const labels = new Map<string, string>();
    for (const key of Object.keys(fields)) {
      const each = fields[key];
      labels.set(key, typeof each === "string" ? each : (this.text(each, `${path}.${key}`) ?? ""));
    }
    return labels;
  }

  #typed<T>(value: unknown, path: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    if (value === undefined || value === null) return undefined;
    if (is(value)) return value;
    this.refuse(path, `${described(value)} has the wrong type`, expected);
    return undefined;
  }
}

/**
 * What was made of an equal value before, if there was nothing to say of it: problems have a place of their own.
 *
 * A value with a null in it is read anew, because that is how JSON writes numbers that are none, and what is absent.
 */
export function readOnce<V>(known: Map<string, V>, value: object, reading: Reading, read: () => V): V {
  const key = JSON.stringify(value);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (key.includes("null")) return read();
  const problems = reading.problems.length;
  const made = read();
  if (reading.problems.length === problems) known.set(key, made);
  return made;
}

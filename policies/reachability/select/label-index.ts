/**
 * Label index: which endpoints can meet a label selector at all, and which labels selectors ask about.
 *
 * Whether one does is for the selector itself to say; the index only keeps it from being asked about everyone.
 */
import type { IdentityLabels } from "./labels.ts";
import { parseKey, valueFrom } from "./labels.ts";
import { meets, requirementsOf, type LabelSelector, type Requirement } from "./selectors.ts";

/** Positions, by key and value, whatever the source of the label. */
type Postings = Map<string, Map<string, number[]>>;

export class LabelIndex {
  readonly #labels: readonly IdentityLabels[];
  readonly #postings: Postings = new Map();
  readonly #everyone: readonly number[];

  /** Knows the keys that are asked about. */
  constructor(labels: readonly IdentityLabels[], asked: AskedLabels) {
    this.#labels = labels;
    this.#everyone = [...labels.keys()];
    for (const [position, each] of labels.entries()) {
      for (const [key, found] of each) {
        if (asked.has(key)) for (const { value } of found) this.#add(key, value, position);
      }
    }
  }

  #add(key: string, value: string, position: number): void {
    let values = this.#postings.get(key);
    if (values === undefined) this.#postings.set(key, (values = new Map<string, number[]>()));
    const positions = values.get(value);
    if (positions === undefined) values.set(value, [position]);
    else if (positions.at(-1) !== position) positions.push(position);
  }

  /** In ascending order. */
  select(selector: LabelSelector): number[] {
    const requirements = requirementsOf(selector);
    const found: number[] = [];
    for (const position of this.#candidates(requirements)) {
      const labels = this.#labels[position];
      if (labels !== undefined && meets(requirements, labels)) found.push(position);
    }
    return found;
  }

  /** The fewest that one requirement leaves. */
  #candidates(requirements: readonly Requirement[]): readonly number[] {
    let fewest = this.#everyone;
    for (const { key, operator, values } of requirements) {
      if (operator !== "In") continue;
      const postings = this.#postings.get(key);
      const [value] = values;
      if (values.length === 1 && value !== undefined) {
        const having = postings?.get(value) ?? [];
        if (having.length < fewest.length) fewest = having;
        continue;
      }
      const lists = [...new Set(values)].map((value) => postings?.get(value) ?? []);
      if (lists.reduce((sum, { length }) => sum + length, 0) >= fewest.length) continue;
      fewest = [...new Set(lists.flat())].sort((a, b) => a - b);
    }
    return fewest;
  }
}

interface AskedLabel {
  readonly number: number;
  readonly source: string;
  readonly key: string;
  /** Values that some selector names, by number. */
  readonly values: Map<string, number>;
  /** Whether some selector asks if the label is there, whatever its value. */
  presence: "asked" | "not asked";
}

const nobody: readonly AskedLabel[] = [];

/** What selectors ask about labels: enough to know of two endpoints that no selector can tell them apart. */
export class AskedLabels {
  readonly #byKey = new Map<string, AskedLabel[]>();
  /** Few keys stand in very many selectors, and are taken apart once. */
  readonly #byWritten = new Map<string, AskedLabel>();
  #count = 0;

  constructor(selectors: Iterable<LabelSelector>) {
    for (const { matchLabels, matchExpressions } of selectors) {
      for (const [written, value] of matchLabels) this.#name(this.#asked(written), value);
      for (const { key, operator, values } of matchExpressions) {
        const asked = this.#asked(key);
        if (operator === "Exists" || operator === "DoesNotExist") asked.presence = "asked";
        for (const value of values) this.#name(asked, value);
      }
    }
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Equal keys: no selector tells these labels apart. */
  keyOf(labels: IdentityLabels): string {
    const words: string[] = [];
    for (const [key, found] of labels) {
      for (const { number, source, values, presence } of this.#byKey.get(key) ?? nobody) {
        const value = valueFrom(found, source);
        if (value === undefined) continue;
        const named = values.get(value);
        if (named === undefined && presence === "not asked") continue;
        words.push(named === undefined ? `${String(number)}=` : `${String(number)}=${String(named)}`);
      }
    }
    return words.sort().join(" ");
  }

  #asked(written: string): AskedLabel {
    let asked = this.#byWritten.get(written);
    if (asked === undefined) this.#byWritten.set(written, (asked = this.#parsed(written)));
    return asked;
  }

  #parsed(written: string): AskedLabel {
    const { source, key } = parseKey(written, "any");
    let same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, (same = []));
    let asked = same.find((each) => each.source === source);
    if (asked === undefined) {
      asked = { number: this.#count++, source, key, values: new Map<string, number>(), presence: "not asked" };
      same.push(asked);
    }
    return asked;
  }

  #name({ values }: AskedLabel, value: string): void {
    if (!values.has(value)) values.set(value, values.size);
  }
}

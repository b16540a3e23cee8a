/**
 * Label index: which endpoints can meet a label selector at all, and which labels selectors ask about.
 *
 * Whether one does is for the selector itself to say; the index only keeps it from being asked about everyone.
 */
import type { IdentityLabels } from "./labels.ts";
import { lookup, parseKey } from "./labels.ts";
import { selectsLabels, type LabelSelector } from "./selectors.ts";

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
    return this.#candidates(selector).filter((position) => {
      const labels = this.#labels[position];
      return labels !== undefined && selectsLabels(selector, labels);
    });
  }

  /** The fewest that one requirement of the selector leaves. */
  #candidates({ matchLabels, matchExpressions }: LabelSelector): readonly number[] {
    let fewest = this.#everyone;
    for (const [written, value] of matchLabels) {
      const having = this.#postings.get(parseKey(written, "any").key)?.get(value) ?? [];
      if (having.length < fewest.length) fewest = having;
    }
    for (const { key: written, operator, values } of matchExpressions) {
      if (operator !== "In") continue;
      const postings = this.#postings.get(parseKey(written, "any").key);
      const lists = [...new Set(values)].map((value) => postings?.get(value) ?? []);
      if (lists.reduce((sum, { length }) => sum + length, 0) >= fewest.length) continue;
      fewest = [...new Set(lists.flat())].sort((a, b) => a - b);
    }
    return fewest;
  }
}

interface AskedLabel {
  readonly source: string;
  readonly key: string;
  /** Values that some selector names, by number. */
  readonly values: Map<string, number>;
  /** Whether some selector asks if the label is there, whatever its value. */
  presence: "asked" | "not asked";
}

/** What selectors ask about labels: enough to know of two endpoints that no selector can tell them apart. */
export class AskedLabels {
  readonly #byKey = new Map<string, AskedLabel[]>();
  #count = 0;
  readonly #numbers = new Map<AskedLabel, number>();

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
    for (const key of labels.keys()) {
      for (const asked of this.#byKey.get(key) ?? []) {
        const value = lookup(labels, asked.source, key);
        if (value === undefined) continue;
        const number = asked.values.get(value);
        if (number === undefined && asked.presence === "not asked") continue;
        words.push(`${String(this.#numbers.get(asked))}=${number === undefined ? "" : String(number)}`);
      }
    }
    return words.sort().join(" ");
  }

  #asked(written: string): AskedLabel {
    const { source, key } = parseKey(written, "any");
    let same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, (same = []));
    let asked = same.find((each) => each.source === source);
    if (asked === undefined) {
      same.push((asked = { source, key, values: new Map<string, number>(), presence: "not asked" }));
      this.#numbers.set(asked, this.#count++);
    }
    return asked;
  }

  #name({ values }: AskedLabel, value: string): void {
    if (!values.has(value)) values.set(value, values.size);
  }
}

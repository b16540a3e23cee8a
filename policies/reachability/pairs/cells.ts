/**
 * Cells: both sides together, over every port. Equal cells are one object with one number.
 *
 * Two sides are combined for every pair of a matrix, millions of times, so this works on numbers in place and makes
 * objects only of cells that were not seen before.
 */
import { l7Key } from "../judge/judgement.ts";
import type { Authentication, L7Union, Verdict } from "../model.ts";
import { emptyList, NumberLists } from "./number-lists.ts";
import { Numbered } from "./numbered.ts";
import { portAt, portSpace } from "./port-line.ts";
import type { Protocol } from "../judge/ports.ts";
import { allDenied, SideAnswers } from "./side-answers.ts";
import { outcomeOf } from "../verdict.ts";

/** What one side still asks of a connection that is possible. */
export interface Restriction {
  readonly l7: L7Union;
  readonly authentication: Authentication;
}

/** Ports of one protocol with one verdict, both ends included. */
export interface Span {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  readonly outcome: "allowed" | "unknown";
  readonly egress: Restriction;
  readonly ingress: Restriction;
}

/** Everything that is not denied, by protocol and port. */
export type Cell = readonly Span[];

/** Both sides' answers on one port. */
export interface BothAnswers {
  readonly outcome: Verdict["outcome"];
  readonly egress: Restriction;
  readonly ingress: Restriction;
}

const restrictionKeys = new WeakMap<Restriction, string>();

/** Made once for each, because millions of spans share a few. */
function restrictionKey(restriction: Restriction): string {
  let key = restrictionKeys.get(restriction);
  if (key === undefined) {
    key = `${restriction.authentication} ${l7Key(restriction.l7)}`;
    restrictionKeys.set(restriction, key);
  }
  return key;
}

/** Equal keys, equal answers. */
export function answerKey({ outcome, egress, ingress }: BothAnswers): string {
  return `${outcome}; ${restrictionKey(egress)}; ${restrictionKey(ingress)}`;
}

/** What is answered on some ports, a denial too. */
export interface AnsweredPorts extends BothAnswers {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

export const denied: BothAnswers = {
  outcome: "denied",
  egress: { l7: [], authentication: "unspecified" },
  ingress: { l7: [], authentication: "unspecified" },
};

/** Every port there is: what the cell says, and between it what is denied. */
export function withDenied(cell: Cell): readonly AnsweredPorts[] {
  return portSpace.flatMap(({ protocol, first, last }) => {
    const all: AnsweredPorts[] = [];
    let next: number = first;
    const denyUntil = (end: number): void => {
      if (next <= end) all.push({ protocol, first: next, last: end, ...denied });
    };
    for (const span of cell) {
      if (span.protocol !== protocol) continue;
      denyUntil(span.first - 1);
      all.push(span);
      next = span.last + 1;
    }
    denyUntil(last);
    return all;
  });
}

/** The number of the cell in which everything is denied. */
export const nothingPossible = emptyList;

/** All cells of one world, or of two that are compared: there, equal cells of both have one number. */
export class Cells {
  readonly answers = new SideAnswers();
  readonly #both = new Numbered<Pick<Span, "outcome" | "egress" | "ingress">>(answerKey);
  /** By the number of egress's answer, then of ingress's. */
  readonly #bothNumbers: (number | undefined)[][] = [];
  readonly #recent = new RecentPairs();
  readonly #lists = new NumberLists();
  /** Room for a cell of the most spans: one for every place at which something may begin. */
  readonly #scratch = new Int32Array(3 * places);
  readonly #spans = new Map<number, Span>();
  readonly #cells: (Cell | undefined)[] = [[]];

  /** Of two side answers. */
  numberOf(egress: number, ingress: number): number {
    if (egress === allDenied || ingress === allDenied) return nothingPossible;
    const recent = this.#recent.find(egress, ingress);
    if (recent !== undefined) return recent;
    const length = this.#combine(egress, ingress);
    const number = this.#lists.numberOf(this.#scratch, length);
    this.#recent.keep(egress, ingress, number);
    return number;
  }

  at(number: number): Cell {
    return (this.#cells[number] ??= this.#cell(number));
  }

  /** The two sides cut at each other's borders, equal neighbours joined, into the scratch; says how long that is. */
  #combine(egress: number, ingress: number): number {
    const { spans } = this.answers;
    const numbers = spans.numbers;
    const scratch = this.#scratch;
    const outEnd = spans.start(egress + 1);
    const intoEnd = spans.start(ingress + 1);
    let out = spans.start(egress);
    let into = spans.start(ingress);
    let end = 0;
    while (out < outEnd && into < intoEnd) {
      const outFirst = numbers[out] ?? 0;
      const outLast = numbers[out + 1] ?? 0;
      const intoFirst = numbers[into] ?? 0;
      const intoLast = numbers[into + 1] ?? 0;
      const first = outFirst > intoFirst ? outFirst : intoFirst;
      const last = outLast < intoLast ? outLast : intoLast;
      if (first <= last) {
        const both = this.#bothNumber(numbers[out + 2] ?? 0, numbers[into + 2] ?? 0);
        if (end > 0 && scratch[end - 1] === both && scratch[end - 2] === first - 1) scratch[end - 2] = last;
        else {
          scratch[end] = first;
          scratch[end + 1] = last;
          scratch[end + 2] = both;
          end += 3;
        }
      }
      if (outLast < intoLast) out += 3;
      else into += 3;
    }
    return end;
  }

  #bothNumber(out: number, into: number): number {
    const row = (this.#bothNumbers[out] ??= []);
    return (row[into] ??= this.#both.numberOf(this.#bothAnswers(out, into)));
  }

  #bothAnswers(out: number, into: number): Pick<Span, "outcome" | "egress" | "ingress"> {
    const [egress, ingress] = [this.answers.answer(out), this.answers.answer(into)];
    const asked = ({ l7, authentication }: Restriction): Restriction => ({ l7, authentication });
    const outcome = outcomeOf(egress.outcome, ingress.outcome);
    if (outcome === "denied") throw new RangeError("what is denied is in no span");
    return { outcome, egress: asked(egress), ingress: asked(ingress) };
  }

  #cell(number: number): Cell {
    const { numbers } = this.#lists;
    const spans: Span[] = [];
    for (let at = this.#lists.start(number); at < this.#lists.start(number + 1); at += 3) {
      spans.push(this.#span(numbers[at] ?? 0, numbers[at + 1] ?? 0, numbers[at + 2] ?? 0));
    }
    return spans;
  }

  /** Most cells are made of a few spans, such as one port that everybody serves. */
  #span(first: number, last: number, both: number): Span {
    const key = (both * places + first) * places + last;
    let span = this.#spans.get(key);
    if (span === undefined) {
      const { protocol, port } = portAt(first);
      span = { protocol, first: port, last: portAt(last).port, ...this.#both.at(both) };
      this.#spans.set(key, span);
    }
    return span;
  }
}

/** More than there are places on the line of ports. */
const places = 2 ** 18;

/** Pairs of sides that were combined lately. A world of few policies has few pairs, a large one more than can be kept. */
class RecentPairs {
  readonly #egress = new Int32Array(recentPairs).fill(-1);
  readonly #ingress = new Int32Array(recentPairs);
  readonly #numbers = new Int32Array(recentPairs);

  find(egress: number, ingress: number): number | undefined {
    const slot = slotOf(egress, ingress);
    return this.#egress[slot] === egress && this.#ingress[slot] === ingress ? this.#numbers[slot] : undefined;
  }

  keep(egress: number, ingress: number, number: number): void {
    const slot = slotOf(egress, ingress);
    this.#egress[slot] = egress;
    this.#ingress[slot] = ingress;
    this.#numbers[slot] = number;
  }
}

const recentPairs = 2 ** 12;

function slotOf(egress: number, ingress: number): number {
  return (Math.imul(egress, 0x9e3779b1) + ingress) & (recentPairs - 1);
}

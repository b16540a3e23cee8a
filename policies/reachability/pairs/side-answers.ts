/**
 * Side answers: what one side answers on every port, by number. Equal answers have one number.
 *
 * Worlds that are compared share one pool of them, so that this holds for both.
 */
import { effectKey, judge, l7Key, type Answer, type Default, type Effect } from "../judge/judgement.ts";
import { emptyList, NumberLists } from "./number-lists.ts";
import { Numbered } from "./numbered.ts";
import { protocolStretches, type Stretch } from "./port-line.ts";

/** The answer that denies every port. */
export const allDenied = emptyList;

/** Where an effect speaks. */
export interface Spoken extends Stretch {
  readonly effect: number;
}

/** Whether it shows how often the same is said: each grant is an element of an L7 union (S22). */
export type Counting = "each grant" | "each effect";

export class SideAnswers {
  readonly #effects = new Numbered<Effect>(effectKey);
  readonly #answers = new Numbered<Answer>(
    ({ outcome, l7, authentication }) => `${outcome} ${authentication} ${l7Key(l7)}`,
  );
  readonly #judged = new Map<string, number | "denied">();
  /** First place, last place and number of the answer: three for each span, in order. What is denied is left out. */
  readonly spans = new NumberLists();

  effectNumber(effect: Effect): number {
    return this.#effects.numberOf(effect);
  }

  answer(number: number): Answer {
    return this.#answers.at(number);
  }

  /** The same on every port. */
  everywhere(answer: Answer): number {
    const number = this.#answers.numberOf(answer);
    return this.#interned(protocolStretches.flatMap(({ first, last }) => [first, last, number]));
  }

  /** Goes along the line of ports and judges anew wherever something begins to speak or ceases to. */
  sweep(spoken: readonly Spoken[], standard: Default, counting: Counting): number {
    const borders = bordersOf(spoken);
    const speaking = new Speaking(counting);
    const spans: number[] = [];
    let next = 0;
    for (const { first, last } of protocolStretches) {
      for (let place = first; place <= last;) {
        for (let border = borders[next]; border !== undefined && border.place <= place; border = borders[(next += 1)]) {
          speaking.turn(border);
        }
        const end = Math.min(last, (borders[next]?.place ?? Infinity) - 1);
        const answer = this.#judge(speaking.effects, standard);
        if (answer !== "denied") append(spans, place, end, answer, first);
        place = end + 1;
      }
    }
    return this.#interned(spans);
  }

  #judge(speaking: readonly number[], standard: Default): number | "denied" {
    const key = speaking.length === 0 ? standard : `${standard} ${speaking.join(" ")}`;
    let found = this.#judged.get(key);
    if (found === undefined) {
      const { outcome, l7, authentication } = judge(
        speaking.map((effect) => this.#effects.at(effect)),
        standard,
      );
      found = outcome === "deny" ? "denied" : this.#answers.numberOf({ outcome, l7, authentication });
      this.#judged.set(key, found);
    }
    return found;
  }

  #interned(spans: readonly number[]): number {
    return this.spans.numberOf(Int32Array.from(spans), spans.length);
  }
}

interface Border {
  readonly place: number;
  readonly effect: number;
  /** Begins to speak, or ceases to. */
  readonly turn: 1 | -1;
}

/** What speaks at one place. */
class Speaking {
  /** In ascending order; each as often as it counts. */
  effects: readonly number[] = [];
  readonly #counting: Counting;
  readonly #times = new Map<number, number>();

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  turn({ effect, turn }: Border): void {
    const before = this.#times.get(effect) ?? 0;
    this.#times.set(effect, before + turn);
    // One more of what does not count changes nothing that is judged.
    if (this.#counting === "each effect" && before > 0 && before + turn > 0) return;
    if (turn === 1) this.effects = [...this.effects, effect].sort((a, b) => a - b);
    else this.effects = this.effects.toSpliced(this.effects.indexOf(effect), 1);
  }
}

function bordersOf(spoken: readonly Spoken[]): readonly Border[] {
  const borders: Border[] = [];
  for (const { first, last, effect } of spoken) {
    borders.push({ place: first, effect, turn: 1 }, { place: last + 1, effect, turn: -1 });
  }
  return borders.sort((a, b) => a.place - b.place);
}

/** Joins equal neighbours of one protocol, whose line begins at `start`. */
function append(spans: number[], first: number, last: number, answer: number, start: number): void {
  const end = spans.length;
  if (first !== start && spans[end - 1] === answer && spans[end - 2] === first - 1) spans[end - 2] = last;
  else spans.push(first, last, answer);
}

/**
 * Side answers: what one side answers on every port, by number. Equal answers have one number.
 *
 * Worlds that are compared share one pool of them, so that this holds for both.
 */
import { effectKey, judge, l7Key, type Answer, type Default, type Effect } from "./judgement.ts";
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
    const speaking = new Map<number, number>();
    const spans: number[] = [];
    let next = 0;
    for (const { first, last } of protocolStretches) {
      for (let place = first; place <= last;) {
        for (let border = borders[next]; border !== undefined && border.place <= place; border = borders[(next += 1)]) {
          speaking.set(border.effect, (speaking.get(border.effect) ?? 0) + border.turn);
        }
        const end = Math.min(last, (borders[next]?.place ?? Infinity) - 1);
        const answer = this.#judge(speaking, standard, counting);
        if (answer !== "denied") append(spans, place, end, answer, first);
        place = end + 1;
      }
    }
    return this.#interned(spans);
  }

  #judge(speaking: ReadonlyMap<number, number>, standard: Default, counting: Counting): number | "denied" {
    const effects: number[] = [];
    for (const [effect, times] of speaking) {
      const shown = counting === "each grant" ? times : Math.min(times, 1);
      for (let time = 0; time < shown; time += 1) effects.push(effect);
    }
    const key = `${standard} ${effects.sort((a, b) => a - b).join(" ")}`;
    let found = this.#judged.get(key);
    if (found === undefined) {
      const { outcome, l7, authentication } = judge(
        effects.map((effect) => this.#effects.at(effect)),
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

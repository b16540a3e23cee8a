/**
 * Rows: what one pod answers to every peer, in one direction.
 *
 * Few selectors select few peers, so a row is filled selector by selector. A peer is in a state: everything that was
 * said of it. A row has few states, and each is answered once for all peers that are in it.
 */
import { Contributions } from "./contributions.ts";
import { defaultOf, type Default } from "./judgement.ts";
import { hasReserved } from "./labels.ts";
import { indexIn, lowerBound } from "./matches.ts";
import type { Direction, SideOutcome } from "./model.ts";
import type { Prepared } from "./prepared.ts";
import { allDenied, type Counting, type SideAnswers } from "./side-answers.ts";
import type { SidePolicy } from "./side-policy.ts";
import { withoutPolicy } from "./verdict.ts";

/** Answers by peer. Peers are positions of identities, answers are numbers of side answers. */
export class Row {
  /** What every peer is answered of whom nothing is said. */
  readonly otherwise: number;
  /** Those of whom something is said, in ascending order. Absent where there are so many that all are listed. */
  readonly told: Int32Array | undefined;
  /** By state; the first is the one above. */
  readonly #answers: Int32Array;
  /** By peer, or in the order of `told`. */
  readonly #states: Uint8Array | Int32Array;

  constructor(answers: readonly number[], told: Int32Array, stateOf: Int32Array) {
    this.otherwise = answers[0] ?? allDenied;
    this.#answers = new Int32Array(answers);
    // Five bytes for each that is told of, or one byte for everybody.
    this.told = told.length * 5 > stateOf.length ? undefined : told.slice().sort();
    const states = this.told?.map((peer) => stateOf[peer] ?? 0) ?? stateOf;
    this.#states = answers.length <= 256 ? new Uint8Array(states) : new Int32Array(states);
  }

  at(peer: number): number {
    const index = this.told === undefined ? peer : indexIn(this.told, peer);
    return index === undefined ? this.otherwise : (this.#answers[this.#states[index] ?? 0] ?? allDenied);
  }

  /** The answers to `count` peers from `first` on, written `stride` apart. */
  copy(first: number, count: number, target: Int32Array, offset: number, stride: number): void {
    const states = this.#states;
    const told = this.told;
    const answers = this.#answers;
    if (told === undefined) {
      for (let index = 0, at = offset; index < count; index += 1, at += stride) {
        target[at] = answers[states[first + index] ?? 0] ?? allDenied;
      }
      return;
    }
    for (let index = 0, at = offset; index < count; index += 1, at += stride) target[at] = this.otherwise;
    for (let index = lowerBound(told, first); index < told.length; index += 1) {
      const peer = told[index] ?? 0;
      if (peer >= first + count) break;
      target[offset + (peer - first) * stride] = answers[states[index] ?? 0] ?? allDenied;
    }
  }
}

/** Everything that was said of a peer. */
interface State {
  readonly peer: "node" | "other";
  /** Numbers of contributions, in ascending order. */
  readonly said: readonly number[];
}

/** Room that one row after the other uses. */
interface Scratch {
  /** The state of every peer, 0 between two rows. */
  readonly stateOf: Int32Array;
  readonly told: Int32Array;
  /** Enough for the states of most rows. */
  readonly next: Int32Array;
}

const unknownState = -1;

/** A row in the making. */
class Filling {
  readonly states: State[] = [
    { peer: "other", said: [] },
    { peer: "node", said: [] },
  ];
  readonly #stateOf: Int32Array;
  readonly #told: Int32Array;
  #count = 0;
  /** By state: the one that follows it. */
  #next: Int32Array;
  readonly #counting: Counting;
  readonly #numbers = new Map<string, number>();

  constructor({ stateOf, told, next }: Scratch, nodes: Int32Array, counting: Counting) {
    this.#stateOf = stateOf;
    this.#told = told;
    this.#next = next;
    this.#counting = counting;
    for (const node of nodes) {
      stateOf[node] = 1;
      told[this.#count++] = node;
    }
  }

  say(peers: Int32Array, contribution: number): void {
    // Worked out once per state, so that a peer costs one look-up.
    if (this.#next.length < this.states.length) this.#next = new Int32Array(2 * this.states.length);
    const next = this.#next.fill(unknownState, 0, this.states.length);
    const stateOf = this.#stateOf;
    for (let index = 0; index < peers.length; index += 1) {
      const peer = peers[index] ?? 0;
      const before = stateOf[peer] ?? 0;
      if (before === 0) this.#told[this.#count++] = peer;
      let state = next[before] ?? unknownState;
      if (state === unknownState) next[before] = state = this.#after(before, contribution);
      stateOf[peer] = state;
    }
  }

  #after(before: number, contribution: number): number {
    const { peer, said } = this.states[before] ?? { peer: "other", said: [] };
    if (this.#counting === "each effect" && said.includes(contribution)) return before;
    const more = [...said, contribution].sort((a, b) => a - b);
    const key = `${peer} ${more.join(" ")}`;
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.states.push({ peer, said: more }) - 1));
    return number;
  }

  /** Leaves the scratch as it was. */
  row(answers: readonly number[]): Row {
    const row = new Row(answers, this.#told.subarray(0, this.#count), this.#stateOf);
    for (let index = 0; index < this.#count; index += 1) this.#stateOf[this.#told[index] ?? 0] = 0;
    return row;
  }
}

/** All rows of one direction, each made when it is asked for. */
export class Rows {
  readonly #ready: Prepared;
  readonly #direction: Direction;
  readonly #answers: SideAnswers;
  readonly #contributions: Contributions;
  /** The host, whose way in is open by default (S5). */
  readonly #nodes: Int32Array;
  readonly #rows: (Row | undefined)[] = [];
  readonly #byPolicy = new Map<SidePolicy, Map<number | SideOutcome, Row>>();
  readonly #answered = new Map<string, number>();
  readonly #scratch: Scratch;

  constructor(ready: Prepared, direction: Direction, answers: SideAnswers) {
    const { representatives } = ready.identities;
    this.#ready = ready;
    this.#direction = direction;
    this.#answers = answers;
    this.#contributions = new Contributions(ready, direction, answers);
    const isNode = (peer: number): boolean => hasReserved(representatives[peer]?.labels ?? new Map(), "host");
    this.#nodes = Int32Array.from(direction === "ingress" ? [...representatives.keys()].filter(isNode) : []);
    const room = (): Int32Array => new Int32Array(representatives.length);
    this.#scratch = { stateOf: room(), told: room(), next: new Int32Array(64) };
  }

  /** Subjects with one policy have one row, unless the names of their ports mean something else. */
  of(subject: number): Row {
    return (this.#rows[subject] ??= this.#shared(subject));
  }

  #shared(subject: number): Row {
    const policy = this.#ready.policy(subject, this.#direction);
    const without = withoutPolicy(this.#ready, this.#direction, subject, policy);
    let rows = this.#byPolicy.get(policy);
    if (rows === undefined) this.#byPolicy.set(policy, (rows = new Map<number | SideOutcome, Row>()));
    const variant = without === undefined ? this.#contributions.variant(subject) : without.outcome;
    let row = rows.get(variant);
    if (row === undefined) {
      row = without === undefined ? this.#filled(policy, subject) : this.#constant(without.outcome);
      rows.set(variant, row);
    }
    return row;
  }

  #constant(outcome: SideOutcome): Row {
    const answer = this.#answers.everywhere({ outcome, l7: [], authentication: "unspecified" });
    return new Row([answer], new Int32Array(0), this.#scratch.stateOf);
  }

  #filled(policy: SidePolicy, subject: number): Row {
    const counting = countingOf(policy);
    const filling = new Filling(this.#scratch, this.#nodes, counting);
    for (const bundle of policy.bundles) {
      for (const { contribution, positions } of this.#contributions.of(subject, bundle)) {
        filling.say(positions, contribution);
      }
    }
    const answers = filling.states.map(({ said, peer }) =>
      this.#answer(said, defaultOf(policy, this.#direction, peer), counting),
    );
    return filling.row(answers);
  }

  /** Many subjects say the same of somebody. */
  #answer(said: readonly number[], standard: Default, counting: Counting): number {
    const key = `${standard}, ${counting}: ${said.join(" ")}`;
    let answer = this.#answered.get(key);
    if (answer === undefined) {
      const spoken = said.flatMap((contribution) => this.#contributions.spoken(contribution));
      this.#answered.set(key, (answer = this.#answers.sweep(spoken, standard, counting)));
    }
    return answer;
  }
}

/** Without L7 rules it is all one how often something is allowed, and a row has fewer states. */
function countingOf({ bundles }: SidePolicy): Counting {
  const restricts = bundles.some(({ terms }) => terms.list.some(({ l7 }) => l7.kind !== "none"));
  return restricts ? "each grant" : "each effect";
}

/**
 * Rows: what one pod answers to every peer, in one direction.
 *
 * Few selectors select few peers, so a row is filled selector by selector. A peer is in a state: everything that was
 * said of it. A row has few states, and each is answered once for all peers that are in it.
 */
import { Contributions } from "./contributions.ts";
import { defaultOf, type Default } from "../judge/judgement.ts";
import { hasReserved } from "../select/labels.ts";
import { indexIn, lowerBound } from "../select/matches.ts";
import type { Direction, SideOutcome } from "../model.ts";
import type { Prepared } from "../judge/prepared.ts";
import { remembered } from "./remembered.ts";
import { allDenied, type Counting, type SideAnswers } from "./side-answers.ts";
import type { SidePolicy } from "../judge/side-policy.ts";
import { withoutPolicy } from "../verdict.ts";

/** Answers by peer. Peers are positions of identities, answers are numbers of side answers. */
export class Row {
  /** What every peer is answered of whom nothing is said. */
  readonly otherwise: number;
  /** Those of whom something is said, in ascending order. Absent where there are so many that all are listed. */
  readonly told: Int32Array | undefined;
  /** By state; the first is the one above. */
  readonly #answers: readonly number[];
  /** By peer, or in the order of `told`. */
  readonly #states: Uint8Array | Int32Array;

  constructor(answers: readonly number[], told: Int32Array, stateOf: Int32Array, room: ByteRoom) {
    this.otherwise = answers[0] ?? allDenied;
    this.#answers = answers;
    // Five bytes for each that is told of, or one byte for everybody.
    const isFew = told.length * 5 <= stateOf.length;
    this.told = isFew ? told.slice().sort() : undefined;
    const states = this.told === undefined ? stateOf : picked(stateOf, this.told);
    this.#states = answers.length <= 256 ? room.kept(states) : new Int32Array(states);
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

/** Bytes of many rows in one array, because an array of its own costs more than filling it. */
class ByteRoom {
  #bytes = new Uint8Array(0);
  #free = 0;

  kept(numbers: Int32Array): Uint8Array {
    const start = this.#free;
    const end = start + numbers.length;
    if (end > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.max(2 ** 16, numbers.length));
      this.#free = 0;
      return this.kept(numbers);
    }
    this.#free = end;
    const own = this.#bytes.subarray(start, end);
    own.set(numbers);
    return own;
  }
}

function picked(all: Int32Array, positions: Int32Array): Int32Array {
  const found = new Int32Array(positions.length);
  for (let index = 0; index < positions.length; index += 1) found[index] = all[positions[index] ?? 0] ?? 0;
  return found;
}

/** Everything that was said of a peer. */
interface State {
  /** Of what was said, whoever the peer is. */
  readonly number: number;
  readonly peer: "node" | "other";
  /** Numbers of contributions, in ascending order. */
  readonly said: readonly number[];
  /** By the contribution that is said besides: the state that follows. */
  after?: Map<number, State>;
  /** Of the rows that have it, the one filled last, and where in it the state stands. */
  row: number;
  place: number;
}

const noRow = -1;

/** All states of one direction. Rows share most of them, so that what follows on what is worked out once. */
class States {
  readonly #numbers = new Map<string, number>();
  readonly #byPeer = { other: new Map<string, State>(), node: new Map<string, State>() };
  /** How many were filled. */
  rows = 0;
  /** Of whom nothing is said: anybody, and the host. */
  readonly silent: readonly [State, State] = [this.#numbered("other", []), this.#numbered("node", [])];

  after(before: State, contribution: number): State {
    before.after ??= new Map<number, State>();
    return remembered(before.after, contribution, () =>
      this.#numbered(
        before.peer,
        [...before.said, contribution].sort((a, b) => a - b),
      ),
    );
  }

  #numbered(peer: State["peer"], said: readonly number[]): State {
    const text = said.join(" ");
    return remembered(this.#byPeer[peer], text, () => ({
      number: remembered(this.#numbers, text, () => this.#numbers.size),
      peer,
      said,
      row: noRow,
      place: 0,
    }));
  }
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
  /** Those of the row, by which its peers tell them: few enough for small numbers. */
  readonly states: State[] = [];
  readonly #row: number;
  readonly #all: States;
  readonly #stateOf: Int32Array;
  readonly #told: Int32Array;
  #count = 0;
  /** By state: the one that follows it. */
  #next: Int32Array;
  readonly #counting: Counting;

  constructor(all: States, { stateOf, told, next }: Scratch, nodes: Int32Array, counting: Counting) {
    this.#all = all;
    this.#row = all.rows++;
    for (const state of all.silent) this.#placeOf(state);
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
    const state = this.states[before] ?? this.#all.silent[0];
    if (this.#counting === "each effect" && state.said.includes(contribution)) return before;
    return this.#placeOf(this.#all.after(state, contribution));
  }

  #placeOf(state: State): number {
    if (state.row !== this.#row) {
      state.row = this.#row;
      state.place = this.states.push(state) - 1;
    }
    return state.place;
  }

  /** Leaves the scratch as it was. */
  row(answers: readonly number[], room: ByteRoom): Row {
    const row = new Row(answers, this.#told.subarray(0, this.#count), this.#stateOf, room);
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
  readonly #states = new States();
  /** By number of the state, for each way in which it is judged. */
  readonly #answered = new Map<string, (number | undefined)[]>();
  readonly #scratch: Scratch;
  readonly #room = new ByteRoom();

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
    return new Row([answer], new Int32Array(0), this.#scratch.stateOf, this.#room);
  }

  #filled(policy: SidePolicy, subject: number): Row {
    const counting = countingOf(policy);
    const filling = new Filling(this.#states, this.#scratch, this.#nodes, counting);
    const say = filling.say.bind(filling);
    for (const bundle of policy.bundles) this.#contributions.each(subject, bundle, say);
    const answering = {
      other: this.#answering(defaultOf(policy, this.#direction, "other"), counting),
      node: this.#answering(defaultOf(policy, this.#direction, "node"), counting),
    };
    return filling.row(
      filling.states.map((state) => answering[state.peer](state)),
      this.#room,
    );
  }

  /** Many subjects say the same of somebody, and are answered the same. */
  #answering(standard: Default, counting: Counting): (state: State) => number {
    const answered = remembered(this.#answered, `${standard}, ${counting}`, () => []);
    return ({ number, said }) =>
      (answered[number] ??= this.#answers.sweep(
        said.flatMap((contribution) => this.#contributions.spoken(contribution)),
        standard,
        counting,
      ));
  }
}

/** Without L7 rules it is all one how often something is allowed, and a row has fewer states. */
function countingOf({ bundles }: SidePolicy): Counting {
  return bundles.some(({ terms }) => terms.l7 === "restricted") ? "each grant" : "each effect";
}

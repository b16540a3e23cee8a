/**
 * Matrix: every pair of endpoints over all ports.
 *
 * It is worked out for classes of endpoints, and only where something is possible: most pairs of a cluster are denied.
 */
import { Cells, nothingPossible, type Cell } from "./pairs/cells.ts";
import type { World } from "./model.ts";
import { prepare } from "./judge/prepared.ts";
import { Rows } from "./pairs/rows.ts";
import { Columns } from "./pairs/columns.ts";
import { allDenied } from "./pairs/side-answers.ts";

export { answerKey, type Cell, type Restriction, type Span } from "./pairs/cells.ts";

/** A pair of classes, as positions in `classes`, between which something is possible. */
export interface PossiblePair {
  readonly from: number;
  readonly to: number;
  readonly cell: Cell;
}

export interface Matrix {
  readonly world: World;
  /** Positions of endpoints. The same cell object stands wherever the answers are the same. */
  readonly cell: (from: number, to: number) => Cell;
  /** Endpoints that no policy tells apart, as positions, in the order of the first of each class. */
  readonly classes: readonly (readonly number[])[];
  /** What any member of one class may do to any other endpoint of another, or of the same. Positions in `classes`. */
  readonly between: (from: number, to: number) => Cell;
  /**
   * Every pair of classes of which at least one is of pods and whose cell is not empty, by `from`, then by `to`; a class
   * and itself is one too. Takes time for what is possible, not for all pairs.
   */
  readonly possible: () => Iterable<PossiblePair>;
  /** The same of one client, without objects: the position of a server and the number of a cell, two for each pair. */
  readonly possibleFrom: (from: number) => Int32Array;
  /** Equal cells have one number. */
  readonly cellNumbered: (number: number) => Cell;
}

export function connect(world: World): Matrix {
  const cells = new Cells();
  const numbers = new CellNumbers(world, cells);
  const { classes, classOf } = numbers;
  const between = (from: number, to: number): Cell => cells.at(numbers.between(from, to));
  return {
    world,
    classes,
    between,
    cell: (from, to) => {
      const [source, target] = [classOf[from], classOf[to]];
      if (source === undefined || target === undefined) {
        throw new RangeError(`no endpoint at ${String(from)} or ${String(to)}`);
      }
      return between(source, target);
    },
    possibleFrom: (from) => numbers.possible(from).slice(),
    cellNumbered: (number) => cells.at(number),
    *possible() {
      for (const from of classes.keys()) {
        const pairs = numbers.possible(from).slice();
        for (let at = 0; at < pairs.length; at += 2) {
          yield { from, to: pairs[at] ?? 0, cell: cells.at(pairs[at + 1] ?? nothingPossible) };
        }
      }
    },
  };
}

/** The cells of one world by number. */
export class CellNumbers {
  readonly world: World;
  readonly classes: readonly (readonly number[])[];
  /** Per endpoint: the position of its class. */
  readonly classOf: readonly number[];
  readonly #cells: Cells;
  readonly #egress: Rows;
  readonly #ingress: Rows;
  readonly #columns: Columns;
  readonly #isPod: readonly boolean[];
  /** Scratch: what one client's side answers to each server, and what was found. */
  readonly #answers: Int32Array;
  readonly #found: Int32Array;

  constructor(world: World, cells: Cells) {
    const ready = prepare(world);
    const { of, representatives } = ready.identities;
    const classes: number[][] = representatives.map(() => []);
    for (const [endpoint, identity] of of.entries()) classes[identity]?.push(endpoint);
    this.world = world;
    this.classes = classes;
    this.classOf = of;
    this.#cells = cells;
    this.#egress = new Rows(ready, "egress", cells.answers);
    this.#ingress = new Rows(ready, "ingress", cells.answers);
    this.#columns = new Columns(this.#ingress, representatives.length);
    this.#isPod = representatives.map(({ kind }) => kind === "pod");
    this.#answers = new Int32Array(representatives.length);
    this.#found = new Int32Array(2 * representatives.length);
  }

  /** The server's side alone, by the number that equal answers have in all worlds of the same cells. */
  ingress(from: number, to: number): number {
    return this.#ingress.of(to).at(from);
  }

  between(from: number, to: number): number {
    return this.#cells.numberOf(this.#egress.of(from).at(to), this.#ingress.of(to).at(from));
  }

  /** As `Matrix.possible`, of one class: pairs of a position and the number of a cell. The array is used again. */
  possible(from: number): Int32Array {
    const row = this.#egress.of(from);
    const answers = this.#answers;
    const column = this.#columns.of(from);
    const found = this.#found;
    row.copy(0, answers.length, answers, 0, 1);
    // Where few are told of and all others denied, only those few are looked at.
    const few = row.otherwise === allDenied ? row.told : undefined;
    const last = few?.length ?? answers.length;
    let end = 0;
    for (let index = 0; index < last; index += 1) {
      const to = few === undefined ? index : (few[index] ?? 0);
      const number = this.#cells.numberOf(answers[to] ?? allDenied, column[to] ?? allDenied);
      if (number === nothingPossible || !this.#isPair(from, to)) continue;
      found[end] = to;
      found[end + 1] = number;
      end += 2;
    }
    return found.subarray(0, end);
  }

  #isPair(from: number, to: number): boolean {
    return this.#isPod[from] === true || this.#isPod[to] === true;
  }
}

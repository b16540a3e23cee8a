/**
 * Matrix: every pair of endpoints over all ports.
 *
 * It is worked out for classes of endpoints, and only where something is possible: most pairs of a cluster are denied.
 */
import { Cells, nothingPossible, type Cell } from "./cells.ts";
import type { World } from "./model.ts";
import { prepare } from "./prepared.ts";
import { Rows } from "./rows.ts";
import type { SideAnswer } from "./side-answers.ts";

export { answerKey, type Cell, type Restriction, type Span } from "./cells.ts";

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
   * Every pair of classes of which at least one is of pods and whose cell is not empty, by `from`, then by `to`. A class
   * and itself is a pair if it has two members. Takes time for what is possible, not for all pairs.
   */
  readonly possible: () => Iterable<PossiblePair>;
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
    *possible() {
      for (const from of classes.keys()) {
        for (const { to, number } of numbers.possible(from)) yield { from, to, cell: cells.at(number) };
      }
    },
  };
}

/** The cells of one world by number. */
export class CellNumbers {
  readonly classes: readonly (readonly number[])[];
  /** Per endpoint: the position of its class. */
  readonly classOf: readonly number[];
  readonly world: World;
  readonly #cells: Cells;
  readonly #egress: Rows;
  readonly #ingress: Rows;
  readonly #pods: readonly number[];
  readonly #isPod: readonly boolean[];

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
    this.#isPod = representatives.map(({ kind }) => kind === "pod");
    this.#pods = [...representatives.keys()].filter((each) => this.#isPod[each] === true);
  }

  between(from: number, to: number): number {
    return this.#cells.numberOf(this.#egress.of(from).at(to), this.#ingress.of(to).at(from));
  }

  /** As `Matrix.possible`, of one class. */
  possible(from: number): readonly { readonly to: number; readonly number: number }[] {
    const found: { to: number; number: number }[] = [];
    const egress = this.#egress.of(from);
    const look = (to: number, out: SideAnswer): void => {
      const number = this.#cells.numberOf(out, this.#ingress.of(to).at(from));
      if (number === nothingPossible) return;
      if (from !== to || (this.classes[to]?.length ?? 0) > 1) found.push({ to, number });
    };
    if (this.#isPod[from] !== true) for (const to of this.#pods) look(to, egress.at(to));
    else if (egress.otherwise.spans.length === 0) egress.forEachTold(look);
    else for (const to of this.classes.keys()) look(to, egress.at(to));
    return found;
  }
}

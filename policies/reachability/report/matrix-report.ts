/**
 * Matrix report: all pairs of a world, equal endpoints told as one and ports with one answer as one line.
 *
 * It goes along what is possible: most pairs of a large world are denied, and what is denied is only counted.
 */
import type { Problem } from "../../problems.ts";
import { Cells, nothingPossible, type Cell } from "../pairs/cells.ts";
import { asked, askedPairs, clipping, partsOf, roleText, type Part } from "./cut.ts";
import { cellKey, edgesIn, EdgeTableMaker } from "./edges.ts";
import { explain, explanationText, type Place } from "../explain.ts";
import { groupsOf, placesInOrder, type Grouping } from "./groups.ts";
import { CellNumbers } from "../matrix.ts";
import type { Endpoint, World } from "../model.ts";
import { Numbers } from "../pairs/numbers.ts";
import type { Edge, EdgeTable, MatrixReport } from "./report.ts";
import { isEverything, type Selected } from "./selection.ts";
import { squareOf, type Square } from "../pairs/square.ts";

export interface MatrixQuestion {
  readonly world: World;
  readonly findings: readonly Problem[];
  /** Everything unless said otherwise. */
  readonly selected?: Selected;
  readonly place?: Place;
}

export function matrixReport({ world, findings, selected = {}, place }: MatrixQuestion): MatrixReport {
  const cells = new Cells();
  const numbers = new CellNumbers(world, cells);
  const parts = partsOf(numbers.classes, world.endpoints, selected);
  const shown = shownCells(cells, selected);
  const square = possibleSquare(
    parts,
    numbers,
    isEverything(selected) ? "everything" : (number, server) => shown.numberOf(number, listenerOf(server)),
  );
  const roles = parts.map(roleText);
  const grouping = groupsOf(square, world.endpoints, (part) => roles[part] ?? "");
  const { groups } = grouping;
  const { table, pairs } = edgesBetween(square, grouping, shown.at);
  let edges: readonly Edge[] | undefined;
  return {
    kind: "matrix",
    cilium: world.cilium,
    groups,
    get edges() {
      return (edges ??= edgesIn(table));
    },
    table,
    denied: askedPairs(parts, roles) - pairs,
    findings,
    explain: explained,
  };

  function listenerOf({ members }: Part): Endpoint | undefined {
    return world.endpoints[members[0] ?? 0];
  }

  function explained({ from, to, ports: [port] }: Edge): readonly string[] {
    if (port === undefined) return [];
    const traffic = {
      from: positionOf(groups[from]?.members[0]),
      to: positionOf(groups[to]?.members[from === to ? 1 : 0]),
      protocol: port.protocol,
      port: port.first,
    };
    return explanationText(explain(traffic, world), place).split("\n");
  }

  function positionOf(name: string | undefined): number {
    return world.endpoints.findIndex((endpoint) => endpoint.name === name);
  }
}

/** Cells by number, reduced to the ports that somebody asks about. */
interface ShownCells {
  readonly numberOf: (number: number, server: Endpoint | undefined) => number;
  readonly at: (number: number) => Cell;
}

function shownCells(cells: Cells, selected: Selected): ShownCells {
  if (selected.ports === undefined) return { numberOf: (number) => number, at: (number) => cells.at(number) };
  const clipped = clipping(selected);
  const shown = new Numbers<Cell>(cellKey);
  return {
    numberOf: (number, server) => {
      const cell = server === undefined ? [] : clipped(cells.at(number), server);
      return cell.length === 0 ? nothingPossible : shown.of(cell);
    },
    at: (number) => shown.at(number) ?? [],
  };
}

/** What is possible between the parts, of itself too: that of a single endpoint decides whom it may be told with. */
function possibleSquare(
  parts: readonly Part[],
  numbers: CellNumbers,
  shown: "everything" | ((number: number, server: Part) => number),
): Square {
  // A part for each class, of which all is shown: then what is possible between classes is what there is to tell.
  const isWhole = shown === "everything" && parts.length === numbers.classes.length;
  const numberShown = shown === "everything" ? (number: number): number => number : shown;
  const partsOfClass: number[][] = numbers.classes.map(() => []);
  for (const [part, { of }] of parts.entries()) partsOfClass[of]?.push(part);
  return squareOf(
    parts.map(({ members }) => members),
    (from, row) => {
      const client = parts[from];
      if (client === undefined || client.client === "left out") return;
      if (isWhole) {
        row.sayAll(numbers.possible(client.of));
        return;
      }
      const tell = (to: number, number: number): void => {
        const server = parts[to];
        if (server === undefined || !asked(client, server)) return;
        const seen = numberShown(number, server);
        if (seen !== nothingPossible) row.say(to, seen);
      };
      const pairs = numbers.possible(client.of);
      for (let at = 0; at < pairs.length; at += 2) {
        for (const to of partsOfClass[pairs[at] ?? 0] ?? []) tell(to, pairs[at + 1] ?? nothingPossible);
      }
    },
  );
}

/** Edges by group, and how many pairs of endpoints have one. */
function edgesBetween(
  square: Square,
  grouping: Grouping,
  cellAt: (number: number) => Cell,
): { readonly table: EdgeTable; readonly pairs: number } {
  const { groups, representatives, groupOf } = grouping;
  const maker = new EdgeTableMaker(square.to.length);
  const known: (readonly number[] | undefined)[] = [];
  const sizes = Int32Array.from(groups, ({ members }) => members.length);
  const places = new Int32Array(groups.length);
  let pairs = 0;
  for (const [from, representative] of representatives.entries()) {
    pairs += (sizes[from] ?? 0) * serversFrom(from, placesInOrder(square, representative, grouping, places));
    maker.endGroup();
  }
  return { table: maker.table(), pairs };

  /** Adds the edges of one group, in a function of its own that is compiled while the first rows run; counts endpoints. */
  function serversFrom(from: number, count: number): number {
    let servers = 0;
    for (let index = 0; index < count; index += 1) {
      const at = places[index] ?? 0;
      const to = groupOf[square.to[at] ?? 0] ?? 0;
      const others = (sizes[to] ?? 0) - (from === to ? 1 : 0);
      if (others === 0) continue;
      servers += others;
      const answer = square.answers[at] ?? 0;
      const positions = (known[answer] ??= maker.positionsOf(cellAt(answer)));
      for (let each = 0; each < positions.length; each += 1) maker.add(to, positions[each] ?? 0);
    }
    return servers;
  }
}

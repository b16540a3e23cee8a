/** Edges: what a cell lets pass, ports with one answer as one. */
import { answerKey, type Cell, type Span } from "../matrix.ts";
import { Numbers } from "../pairs/numbers.ts";
import type { Edge, EdgeAnswer, EdgeTable, PortRange } from "./report.ts";

/** Equal keys, equal answers on every port. */
export function cellKey(cell: Cell): string {
  return cell
    .map((span) => `${span.protocol} ${String(span.first)}-${String(span.last)} ${answerKey(span)}`)
    .join("\n");
}

/** One edge for all ports that answer alike, by the first port of each. What is denied has none. */
export function edgesOf(cell: Cell): EdgeAnswer[] {
  const [first] = cell;
  if (first !== undefined && cell.every((span) => sameAnswer(span, first))) {
    const { outcome, egress, ingress } = first;
    return [{ ports: cell.map(({ protocol, first, last }) => ({ protocol, first, last })), outcome, egress, ingress }];
  }
  const edges = new Map<string, EdgeAnswer & { ports: PortRange[] }>();
  for (const { protocol, first, last, outcome, egress, ingress } of cell) {
    const key = answerKey({ outcome, egress, ingress });
    const edge = edges.get(key);
    if (edge === undefined) edges.set(key, { ports: [{ protocol, first, last }], outcome, egress, ingress });
    else edge.ports.push({ protocol, first, last });
  }
  return [...edges.values()];
}

/** Told by the objects alone, which is quick; what is equal in other objects is found by its key. */
function sameAnswer(a: Span, b: Span): boolean {
  return a.outcome === b.outcome && a.egress === b.egress && a.ingress === b.ingress;
}

/** Edges in the making, group by group: what they say is said once. */
export class EdgeTableMaker {
  readonly #answers = new Numbers<EdgeAnswer>(edgeAnswerKey);
  readonly #starts: number[] = [0];
  #edges: Int32Array;
  #end = 0;

  /** `expected` edges are made room for; there may be more. */
  constructor(expected: number) {
    this.#edges = new Int32Array(2 * Math.max(expected, 1));
  }

  /** Positions in `answers`, one for each edge that a pair with this cell has. */
  positionsOf(cell: Cell): readonly number[] {
    return edgesOf(cell).map((answer) => this.#answers.of(answer) - 1);
  }

  add(to: number, answer: number): void {
    const edges = this.#edges;
    if (this.#end === edges.length) {
      this.#edges = new Int32Array(edges.length * 2);
      this.#edges.set(edges);
    }
    this.#edges[this.#end] = to;
    this.#edges[this.#end + 1] = answer;
    this.#end += 2;
  }

  /** There are no more edges from this group. */
  endGroup(): void {
    this.#starts.push(this.#end);
  }

  table(): EdgeTable {
    return {
      answers: this.#answers.all(),
      starts: Int32Array.from(this.#starts),
      edges: this.#edges.subarray(0, this.#end),
    };
  }
}

function edgeAnswerKey({ ports, ...answers }: EdgeAnswer): string {
  return `${ports.map(({ protocol, first, last }) => `${protocol} ${String(first)}-${String(last)}`).join()} ${answerKey(answers)}`;
}

/** The same edges, one object each. */
export function edgesIn({ answers, starts, edges }: EdgeTable): Edge[] {
  const found: Edge[] = [];
  for (let from = 0; from + 1 < starts.length; from += 1) {
    const end = starts[from + 1] ?? 0;
    for (let at = starts[from] ?? 0; at < end; at += 2) {
      const answer = answers[edges[at + 1] ?? 0];
      if (answer !== undefined) found.push({ from, to: edges[at] ?? 0, ...answer });
    }
  }
  return found;
}

/** The other way round, of edges between this many groups. */
export function tableOf(groups: number, edges: readonly Edge[]): EdgeTable {
  const maker = new EdgeTableMaker(edges.length);
  const answers = new Numbers<EdgeAnswer>(edgeAnswerKey);
  for (let group = 0; group < groups; group += 1) {
    for (const { from, to, ...answer } of edges) if (from === group) maker.add(to, answers.of(answer) - 1);
    maker.endGroup();
  }
  return { ...maker.table(), answers: answers.all() };
}

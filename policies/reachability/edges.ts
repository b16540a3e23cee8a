/** Edges: what a cell lets pass, ports with one answer as one. */
import { answerKey, type Cell, type Span } from "./matrix.ts";
import { Numbers } from "./numbers.ts";
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

/** Edges in the making: what they say is said once. */
export class EdgeTableMaker {
  readonly #answers = new Numbers<EdgeAnswer>(edgeAnswerKey);
  #rows = new Int32Array(3072);
  #end = 0;

  /** The numbers to add edges with, one for each edge that a pair with this cell has. */
  numbersOf(cell: Cell): readonly number[] {
    return edgesOf(cell).map((answer) => this.#answers.of(answer));
  }

  add(from: number, to: number, number: number): void {
    if (this.#end + 3 > this.#rows.length) {
      const larger = new Int32Array(this.#rows.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[this.#end] = from;
    this.#rows[this.#end + 1] = to;
    this.#rows[this.#end + 2] = number - 1;
    this.#end += 3;
  }

  table(): EdgeTable {
    return { answers: this.#answers.all(), rows: this.#rows.subarray(0, this.#end) };
  }
}

function edgeAnswerKey({ ports, ...answers }: EdgeAnswer): string {
  return `${ports.map(({ protocol, first, last }) => `${protocol} ${String(first)}-${String(last)}`).join()} ${answerKey(answers)}`;
}

/** The same edges, one object each. */
export function edgesIn({ answers, rows }: EdgeTable): Edge[] {
  const edges: Edge[] = [];
  for (let at = 0; at < rows.length; at += 3) {
    const answer = answers[rows[at + 2] ?? 0];
    if (answer !== undefined) edges.push({ from: rows[at] ?? 0, to: rows[at + 1] ?? 0, ...answer });
  }
  return edges;
}

/** The other way round. */
export function tableOf(edges: readonly Edge[]): EdgeTable {
  const answers = new Numbers<EdgeAnswer>(edgeAnswerKey);
  const rows = edges.flatMap(({ from, to, ...answer }) => [from, to, answers.of(answer) - 1]);
  return { answers: answers.all(), rows: Int32Array.from(rows) };
}

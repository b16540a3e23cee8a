/** Edges: what a cell lets pass, ports with one answer as one. */
import { answerKey, type Cell } from "./matrix.ts";
import type { Edge, PortRange } from "./report.ts";

/** Equal keys, equal answers on every port. */
export function cellKey(cell: Cell): string {
  return cell
    .map((span) => `${span.protocol} ${String(span.first)}-${String(span.last)} ${answerKey(span)}`)
    .join("\n");
}

/** One edge for all ports that answer alike, by the first port of each. What is denied has none. */
export function edgesOf(cell: Cell): Omit<Edge, "from" | "to">[] {
  const edges = new Map<string, Omit<Edge, "from" | "to"> & { ports: PortRange[] }>();
  for (const { protocol, first, last, outcome, egress, ingress } of cell) {
    const key = answerKey({ outcome, egress, ingress });
    const edge = edges.get(key);
    if (edge === undefined) edges.set(key, { ports: [{ protocol, first, last }], outcome, egress, ingress });
    else edge.ports.push({ protocol, first, last });
  }
  return [...edges.values()];
}

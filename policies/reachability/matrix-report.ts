/**
 * Matrix report: all pairs of a world, equal endpoints told as one and ports with one answer as one line.
 */
import type { Problem } from "../problems.ts";
import { explain, explanationText } from "./explain.ts";
import { groupsOf } from "./groups.ts";
import { answerKey, connect, type Cell, type Matrix, type Span } from "./matrix.ts";
import type { Origin, World } from "./model.ts";
import type { Edge, MatrixReport, PortRange } from "./report.ts";
import { rangesAt, type Selected } from "./selection.ts";

export interface MatrixQuestion {
  readonly world: World;
  readonly findings: readonly Problem[];
  /** Everything unless said otherwise. */
  readonly selected?: Selected;
  /** `file:line` of a rule. */
  readonly place?: (origin: Origin) => string | undefined;
}

export function matrixReport({ world, findings, selected = {}, place }: MatrixQuestion): MatrixReport {
  const matrix = connect(world);
  const cells = new Cells();
  const parts = partsOf(matrix, selected);
  const roles = parts.map(roleText);
  const answer = (from: number, to: number): number => {
    const [client, server] = [parts[from], parts[to]];
    if (client === undefined || server === undefined || !asked(client, server)) return notAsked;
    return cells.numberOf(clipped(matrix.between(client.identity, server.identity), server.identity));
  };
  const { groups, representatives } = groupsOf(
    { sets: parts.map(({ members }) => members), answer },
    world.endpoints,
    (set) => roles[set] ?? "",
  );
  const edges: Edge[] = [];
  let denied = 0;
  for (const [from, client] of groups.entries()) {
    for (const [to, server] of groups.entries()) {
      const pairs = client.members.length * (from === to ? client.members.length - 1 : server.members.length);
      const number = answer(representatives[from] ?? 0, representatives[to] ?? 0);
      if (pairs === 0 || number === notAsked) continue;
      const found = edgesOf(cells.at(number));
      if (found.length === 0) denied += pairs;
      for (const edge of found) edges.push({ from, to, ...edge });
    }
  }
  return { kind: "matrix", cilium: world.cilium, groups, edges, denied, findings, explain: explained };

  function asked(client: Part, server: Part): boolean {
    if (client.kind !== "pod" && server.kind !== "pod") return false;
    return client.client === "asked" && server.server === "asked" && (client.focus === "in" || server.focus === "in");
  }

  /** The ports that were asked for: by name they are what this server calls so. */
  function clipped(cell: Cell, server: number): Cell {
    const listener = world.endpoints[matrix.classes[server]?.[0] ?? 0];
    if (selected.ports === undefined || listener === undefined) return cell;
    const ranges = rangesAt(selected.ports, listener);
    return cell.flatMap((span) => ranges.flatMap((range) => common(span, range)));
  }

  function explained(edge: Edge): readonly string[] {
    const from = positionOf(groups[edge.from]?.members[0]);
    const to = positionOf(groups[edge.to]?.members[edge.from === edge.to ? 1 : 0]);
    const [port] = edge.ports;
    if (port === undefined) return [];
    const traffic = { from, to, protocol: port.protocol, port: port.first };
    return explanationText(explain(traffic, world), place).split("\n");
  }

  function positionOf(name: string | undefined): number {
    return world.endpoints.findIndex((endpoint) => endpoint.name === name);
  }
}

/** Nothing may be said of this pair: nobody asked, or no policy applies between two ends outside. */
const notAsked = 0;

/** Equal endpoints that the selection treats alike. */
interface Part {
  /** Position in the matrix's classes. */
  readonly identity: number;
  readonly members: readonly number[];
  readonly kind: "pod" | "external";
  readonly client: "asked" | "left out";
  readonly server: "asked" | "left out";
  readonly focus: "in" | "out";
}

function partsOf({ world, classes }: Matrix, { from, to, focus }: Selected): Part[] {
  const among = (set: ReadonlySet<number> | undefined, position: number): boolean => set?.has(position) ?? true;
  return classes.flatMap((positions, identity) => {
    const parts = new Map<string, Part & { members: number[] }>();
    for (const position of positions) {
      const role = {
        client: among(from, position) ? "asked" : "left out",
        server: among(to, position) ? "asked" : "left out",
        focus: among(focus, position) ? "in" : "out",
      } as const;
      const key = roleText(role);
      const part = parts.get(key);
      if (part !== undefined) part.members.push(position);
      else {
        const kind = world.endpoints[position]?.kind ?? "external";
        parts.set(key, { identity, members: [position], kind, ...role });
      }
    }
    return [...parts.values()];
  });
}

function roleText({ client, server, focus }: Pick<Part, "client" | "server" | "focus">): string {
  return `${client} ${server} ${focus}`;
}

/** Distinct cells by number, so that comparing two is comparing numbers. */
class Cells {
  readonly #cells: Cell[] = [[]];
  readonly #byObject = new Map<Cell, number>();
  readonly #byText = new Map<string, number>();

  numberOf(cell: Cell): number {
    let number = this.#byObject.get(cell);
    if (number === undefined) this.#byObject.set(cell, (number = this.#numberOfText(cell)));
    return number;
  }

  at(number: number): Cell {
    return this.#cells[number] ?? [];
  }

  #numberOfText(cell: Cell): number {
    const text = cell.map((span) => `${rangeKey(span)} ${answerKey(span)}`).join("\n");
    let number = this.#byText.get(text);
    if (number === undefined) this.#byText.set(text, (number = this.#cells.push(cell) - 1));
    return number;
  }
}

function rangeKey({ protocol, first, last }: PortRange): string {
  return `${protocol} ${String(first)}-${String(last)}`;
}

function common(span: Span, { protocol, first, last }: PortRange): Span[] {
  const [begin, end] = [Math.max(span.first, first), Math.min(span.last, last)];
  return span.protocol !== protocol || begin > end ? [] : [{ ...span, first: begin, last: end }];
}

/** One edge for all ports that answer alike, by the first port of each. */
function edgesOf(cell: Cell): Omit<Edge, "from" | "to">[] {
  const edges = new Map<string, Omit<Edge, "from" | "to"> & { ports: PortRange[] }>();
  for (const { protocol, first, last, outcome, egress, ingress } of cell) {
    if (outcome === "denied") continue;
    const key = answerKey({ outcome, egress, ingress });
    const edge = edges.get(key);
    if (edge === undefined) edges.set(key, { ports: [{ protocol, first, last }], outcome, egress, ingress });
    else edge.ports.push({ protocol, first, last });
  }
  return [...edges.values()];
}

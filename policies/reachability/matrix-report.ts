/**
 * Matrix report: all pairs of a world, equal endpoints told as one and ports with one answer as one line.
 */
import type { Problem } from "../problems.ts";
import { asked, clipping, partsOf, roleText } from "./cut.ts";
import { cellKey, edgesOf } from "./edges.ts";
import { explain, explanationText, type Place } from "./explain.ts";
import { groupsOf } from "./groups.ts";
import { connect, type Cell } from "./matrix.ts";
import type { World } from "./model.ts";
import { Numbers } from "./numbers.ts";
import type { Edge, MatrixReport } from "./report.ts";
import type { Selected } from "./selection.ts";

export interface MatrixQuestion {
  readonly world: World;
  readonly findings: readonly Problem[];
  /** Everything unless said otherwise. */
  readonly selected?: Selected;
  readonly place?: Place;
}

/** Nobody asks about this pair. */
const notAsked = 0;

export function matrixReport({ world, findings, selected = {}, place }: MatrixQuestion): MatrixReport {
  const matrix = connect(world);
  const clipped = clipping(selected);
  const cells = new Numbers<Cell>(cellKey);
  const parts = partsOf(matrix.classes, world.endpoints, selected);
  const answer = (from: number, to: number): number => {
    const [client, server] = [parts[from], parts[to]];
    const listener = world.endpoints[server?.members[0] ?? 0];
    if (client === undefined || server === undefined || listener === undefined || !asked(client, server)) {
      return notAsked;
    }
    return cells.of(clipped(matrix.between(client.of, server.of), listener));
  };
  const square = { sets: parts.map(({ members }) => members), answer };
  const roles = parts.map(roleText);
  const { groups, representatives } = groupsOf(square, world.endpoints, (part) => roles[part] ?? "");
  const edges: Edge[] = [];
  let denied = 0;
  for (const [from, client] of groups.entries()) {
    for (const [to, server] of groups.entries()) {
      const pairs = client.members.length * (from === to ? client.members.length - 1 : server.members.length);
      const cell = cells.at(answer(representatives[from] ?? 0, representatives[to] ?? 0));
      if (pairs === 0 || cell === undefined) continue;
      const found = edgesOf(cell);
      if (found.length === 0) denied += pairs;
      for (const edge of found) edges.push({ from, to, ...edge });
    }
  }
  return { kind: "matrix", cilium: world.cilium, groups, edges, denied, findings, explain: explained };

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

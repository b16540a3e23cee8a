/**
 * Cut: the classes of a matrix taken apart by what a selection asks, and cells reduced to the ports it asks about.
 */
import { sortOf } from "./groups.ts";
import { portsKey } from "../select/identities.ts";
import type { Cell, Span } from "../matrix.ts";
import type { Endpoint } from "../model.ts";
import { remembered } from "../pairs/remembered.ts";
import type { PortRange } from "./report.ts";
import { rangesAt, type Selected } from "./selection.ts";

/** Endpoints of one class and of one sort that the selection treats alike. */
export interface Part {
  /** Position of the class. */
  readonly of: number;
  /** Positions of endpoints. */
  readonly members: readonly number[];
  readonly kind: "pod" | "external";
  readonly client: "asked" | "left out";
  readonly server: "asked" | "left out";
  readonly focus: "in" | "out";
}

export function partsOf(
  classes: readonly (readonly number[])[],
  endpoints: readonly Endpoint[],
  { from, to, focus, ports }: Selected,
): Part[] {
  // A class knows only names of ports that policies know, the selection may know others.
  const namesPorts = ports?.some(({ kind }) => kind === "name") ?? false;
  const among = (set: ReadonlySet<number> | undefined, position: number): boolean => set?.has(position) ?? true;
  return classes.flatMap((positions, of) => {
    const parts = new Map<string, Part & { members: number[] }>();
    for (const position of positions) {
      const role = {
        client: among(from, position) ? "asked" : "left out",
        server: among(to, position) ? "asked" : "left out",
        focus: among(focus, position) ? "in" : "out",
      } as const;
      const endpoint = endpoints[position];
      const listens = namesPorts ? portsKey(endpoint?.ports ?? []) : "";
      const key = `${roleText(role)} ${sortOf(endpoint)} ${listens}`;
      const part = parts.get(key);
      if (part !== undefined) part.members.push(position);
      else parts.set(key, { of, members: [position], kind: endpoint?.kind ?? "external", ...role });
    }
    return [...parts.values()];
  });
}

/** What keeps two parts of one class apart. */
export function roleText({ client, server, focus }: Pick<Part, "client" | "server" | "focus">): string {
  return `${client} ${server} ${focus}`;
}

/** Whether somebody asks about connections from one to the other; between two ends outside nobody can. */
export function asked(from: Part, to: Part): boolean {
  if (from.kind !== "pod" && to.kind !== "pod") return false;
  return from.client === "asked" && to.server === "asked" && (from.focus === "in" || to.focus === "in");
}

/** Only the ports that were asked about; a name is the number that a server gives it. Equal cells stay one object. */
export function clipping({ ports }: Selected): (cell: Cell, server: Endpoint) => Cell {
  if (ports === undefined) return (cell) => cell;
  const ranges = new Map<Endpoint, { readonly of: PortRange[]; readonly cells: Map<Cell, Cell> }>();
  const byText = new Map<string, { readonly of: PortRange[]; readonly cells: Map<Cell, Cell> }>();
  return (cell, server) => {
    const { of, cells } = remembered(ranges, server, () => {
      const asked = rangesAt(ports, server);
      return remembered(byText, JSON.stringify(asked), () => ({ of: asked, cells: new Map<Cell, Cell>() }));
    });
    return remembered(cells, cell, () => cell.flatMap((span) => of.flatMap((range) => common(span, range))));
  };
}

function common(span: Span, { protocol, first, last }: PortRange): Span[] {
  const [begin, end] = [Math.max(span.first, first), Math.min(span.last, last)];
  return span.protocol !== protocol || begin > end ? [] : [{ ...span, first: begin, last: end }];
}

/** Ordered pairs of different endpoints that somebody asks about. */
export function askedPairs(parts: readonly Part[], roles: readonly string[]): number {
  const sorts = new Map<string, { readonly part: Part; count: number }>();
  for (const [at, part] of parts.entries()) {
    const sort = remembered(sorts, `${part.kind} ${roles[at] ?? ""}`, () => ({ part, count: 0 }));
    sort.count += part.members.length;
  }
  let pairs = 0;
  for (const client of sorts.values()) {
    for (const server of sorts.values()) {
      if (!asked(client.part, server.part)) continue;
      pairs += client.count * (server.count - (client === server ? 1 : 0));
    }
  }
  return pairs;
}

/**
 * Diff report: what a change opens, closes or narrows, the worst first, with the rules that did it.
 *
 * Reasons are worked out for the first pair of a row only: a change may touch every pair there is.
 */
import type { Problem } from "../../problems.ts";
import { Cells, nothingPossible } from "../pairs/cells.ts";
import { asked, askedPairs, clipping, partsOf, roleText, type Part } from "./cut.ts";
import { becauseOf, outcomeText } from "./diff-reasons.ts";
import { cellChanges, type ChangeKind, type SpanChange } from "../diff.ts";
import { cellKey, edgesOf } from "./edges.ts";
import { explain, explanationText, type Place } from "../explain.ts";
import { groupsOf, placesInOrder } from "./groups.ts";
import { jointOf, type Joint } from "./joint.ts";
import { l7Way } from "./l7-change.ts";
import { answerKey, CellNumbers, type Cell } from "../matrix.ts";
import type { Endpoint, Traffic, World } from "../model.ts";
import { Numbers } from "../pairs/numbers.ts";
import { remembered } from "../pairs/remembered.ts";
import { risks, type ChangeRow, type DiffReport, type Edge, type EdgeAnswer, type PortRange } from "./report.ts";
import { crossingOf, riskOf } from "./risk.ts";
import type { Selected } from "./selection.ts";
import { squareOf, type SquareRow } from "../pairs/square.ts";

/** One side of a comparison. */
export interface State {
  readonly world: World;
  readonly findings: readonly Problem[];
  readonly place?: Place;
}

export interface DiffQuestion {
  readonly before: State;
  readonly after: State;
  /** Positions are those of the later world. */
  readonly selected?: Selected;
  /**
   * `change`, unless said otherwise: endpoints to which the same happened are told as one. `answer`: only if they also
   * answer alike in both worlds, as a drawing needs it that shows what stayed.
   */
  readonly alike?: "change" | "answer";
}

/** What became of a pair, as far as anybody asks. */
interface Answer {
  readonly changes: readonly SpanChange[];
  readonly before: Cell;
  readonly after: Cell;
}

export function diffReport({ before, after, selected = {}, alike = "change" }: DiffQuestion): DiffReport {
  const cells = new Cells();
  const [old, now] = [new CellNumbers(before.world, cells), new CellNumbers(after.world, cells)];
  const { endpoints, at, classes, of } = jointOf(old, now);
  const parts = partsOf(classes, endpoints, within(selected, at.after));
  const places = parts.map((part) => of[part.of] ?? { before: 0, after: 0 });
  const answers = new Answers(cells, { selected, alike });
  const listenerOf = ({ members }: Part): Endpoint => endpoints[members[0] ?? 0] ?? nobody;
  const square = squareOf(
    parts.map(({ members }) => members),
    changedRows(parts, places, [old, now], (early, late, server) => answers.of(early, late, listenerOf(server))),
  );
  const roles = parts.map(roleText);
  const grouping = groupsOf(square, endpoints, (part) => roles[part] ?? "");
  const { groups, positions, representatives } = grouping;
  const changes: ChangeRow[] = [];
  let [changed, unknown] = [0, 0];
  const inRow = new Int32Array(groups.length);
  for (const [from, client] of groups.entries()) {
    const count = placesInOrder(square, representatives[from] ?? 0, grouping, inRow);
    for (const place of inRow.subarray(0, count)) {
      const to = grouping.groupOf[square.to[place] ?? 0] ?? 0;
      const servers = (groups[to]?.members.length ?? 0) - (from === to ? 1 : 0);
      const found = answers.at(square.answers[place] ?? 0);
      if (servers === 0 || found === undefined) continue;
      if (isUnknown(found)) unknown += client.members.length * servers;
      else if (found.changes.length > 0) changed += client.members.length * servers;
      for (const change of changesOf(found.changes)) changes.push(rowOf(from, to, change));
    }
  }
  const unchanged = askedPairs(parts, roles) - changed - unknown;
  return {
    kind: "diff",
    cilium: { before: before.world.cilium, after: after.world.cilium },
    groups,
    changes: changes.sort(byWeight),
    kept,
    unchanged,
    unknown,
    appeared: missingIn(before.world, after.world),
    disappeared: missingIn(after.world, before.world),
    findings: after.findings,
    explain: explained,
  };

  /** Of pairs to which nothing happened, too. */
  function kept(): Edge[] {
    return groups.flatMap((client, from) =>
      groups.flatMap((server, to) => {
        const [source, target] = [representatives[from] ?? 0, representatives[to] ?? 0];
        const [one, other] = [parts[source], parts[target]];
        if (one === undefined || other === undefined || !asked(one, other)) return [];
        if (from === to ? client.members.length < 2 : server.members.length === 0) return [];
        const ends = [places[source], places[target]] as const;
        const early = old.between(ends[0]?.before ?? 0, ends[1]?.before ?? 0);
        const late = now.between(ends[0]?.after ?? 0, ends[1]?.after ?? 0);
        return keptOf(answers.between(early, late, listenerOf(other))).map((edge) => ({ from, to, ...edge }));
      }),
    );
  }

  function rowOf(from: number, to: number, change: Change): ChangeRow {
    const [client, server] = endsOf(from, to);
    const asks = traffic(client, server, change.ports);
    const ends = [endpoints[client] ?? nobody, endpoints[server] ?? nobody] as const;
    const crossing = crossingOf(...ends);
    return {
      kind: change.kind,
      ...(change.kind === "L7-CHANGED" ? { l7: l7Way(change.before, change.after) } : {}),
      risk: riskOf(...ends),
      ...(crossing === undefined ? {} : { crossing }),
      from,
      to,
      ports: change.ports,
      before: outcomeText(asks.before, before.world),
      after: outcomeText(asks.after, after.world),
      because: becauseOf({ ...before, traffic: asks.before }, { ...after, traffic: asks.after }),
    };
  }

  /** The first pair that two groups make, as positions in `endpoints`. */
  function endsOf(from: number, to: number): readonly [number, number] {
    return [positions[from]?.[0] ?? 0, positions[to]?.[from === to ? 1 : 0] ?? 0];
  }

  function traffic(client: number, server: number, [port]: readonly PortRange[]): Record<"before" | "after", Traffic> {
    const { protocol, first } = port ?? { protocol: "TCP", first: 1 };
    const in_ = (world: "before" | "after"): Traffic => ({
      from: at[world][client] ?? 0,
      to: at[world][server] ?? 0,
      protocol,
      port: first,
    });
    return { before: in_("before"), after: in_("after") };
  }

  function explained({ from, to, ports, ...row }: ChangeRow | Edge): readonly string[] {
    const asks = traffic(...endsOf(from, to), ports);
    const walk = (state: State, which: Traffic): string[] =>
      explanationText(explain(which, state.world), state.place).split("\n");
    const later = walk(after, asks.after);
    return "kind" in row ? ["before:", ...walk(before, asks.before), "after:", ...later] : later;
  }
}

const nobody: Endpoint = { name: "", kind: "external", labels: new Map(), ports: [] };

/** The same selection by positions in the list of what both worlds have. */
function within({ from, to, focus, ports }: Selected, later: readonly number[]): Selected {
  const moved = (set: ReadonlySet<number> | undefined): ReadonlySet<number> | undefined =>
    set && new Set(later.flatMap((position, common) => (set.has(position) ? [common] : [])));
  const [clients, servers, either] = [moved(from), moved(to), moved(focus)];
  return {
    ...(clients === undefined ? {} : { from: clients }),
    ...(servers === undefined ? {} : { to: servers }),
    ...(either === undefined ? {} : { focus: either }),
    ...(ports === undefined ? {} : { ports }),
  };
}

/**
 * Tells the answers of one row after the other. Of pairs that are denied in both worlds there is nothing to tell, and that
 * is nearly all of them: they cost one look at two numbers.
 */
function changedRows(
  parts: readonly Part[],
  places: readonly Joint["of"][number][],
  [old, now]: readonly [CellNumbers, CellNumbers],
  answerOf: (early: number, late: number, server: Part) => number,
): (from: number, row: SquareRow) => void {
  const [was, is] = [new Int32Array(old.classes.length), new Int32Array(now.classes.length)];
  const before = Int32Array.from(places, (place) => place.before);
  const after = Int32Array.from(places, (place) => place.after);
  return (from, row) => {
    const [client, source] = [parts[from], places[from]];
    if (client === undefined || source === undefined || client.client === "left out") return;
    fill(was, old.possible(source.before));
    fill(is, now.possible(source.after));
    for (let to = 0; to < parts.length; to += 1) {
      const [early, late] = [was[before[to] ?? 0] ?? 0, is[after[to] ?? 0] ?? 0];
      if (early === nothingPossible && late === nothingPossible) continue;
      const server = parts[to];
      if (server === undefined || !asked(client, server)) continue;
      const answer = answerOf(early, late, server);
      if (answer !== nothingToTell) row.say(to, answer);
    }
  };
}

/** From pairs of a position and a number. */
function fill(row: Int32Array, pairs: Int32Array): void {
  row.fill(nothingPossible);
  for (let at = 0; at < pairs.length; at += 2) row[pairs[at] ?? 0] = pairs[at + 1] ?? nothingPossible;
}

const nothingToTell = 0;

/** What became of pairs, by number. Two cells are compared once, however many pairs share them. */
class Answers {
  readonly #cells: Cells;
  readonly #clipped: (cell: Cell, server: Endpoint) => Cell;
  readonly #alike: "change" | "answer";
  readonly #numbers: Numbers<Answer>;
  readonly #known = new Map<Cell, Map<Cell, Answer>>();
  /** By number of the cell that both worlds have. */
  readonly #unchanged: (number | undefined)[] = [];
  readonly #isWhole: boolean;

  constructor(cells: Cells, { selected, alike }: { readonly selected: Selected; readonly alike: "change" | "answer" }) {
    this.#cells = cells;
    this.#clipped = clipping(selected);
    this.#isWhole = selected.ports === undefined;
    this.#alike = alike;
    this.#numbers = new Numbers<Answer>((answer) => answerText(answer, alike));
  }

  of(early: number, late: number, server: Endpoint): number {
    if (early !== late || !this.#isWhole) return this.#numberOf(this.between(early, late, server));
    return (this.#unchanged[early] ??= this.#numberOf(this.between(early, late, server)));
  }

  at(number: number): Answer | undefined {
    return this.#numbers.at(number);
  }

  between(early: number, late: number, server: Endpoint): Answer {
    const before = this.#clipped(this.#cells.at(early), server);
    const after = this.#clipped(this.#cells.at(late), server);
    const row = remembered(this.#known, before, () => new Map<Cell, Answer>());
    return remembered(row, after, () => ({ changes: cellChanges(before, after), before, after }));
  }

  #numberOf(answer: Answer): number {
    const isAsBefore = answer.changes.length === 0 && !isUnknown(answer);
    return isAsBefore && this.#alike === "change" ? nothingToTell : this.#numbers.of(answer);
  }
}

function answerText(answer: Answer, alike: "change" | "answer"): string {
  const { changes, before, after } = answer;
  const happened = changes.map(({ protocol, first, last, ...change }) =>
    [protocol, first, last, change.kind, answerKey(change.before), answerKey(change.after)].join(" "),
  );
  const doubt = isUnknown(answer) ? "unknown" : "";
  const answers = alike === "answer" ? [cellKey(before), cellKey(after)] : [];
  return [doubt, ...happened, ...answers].join("\n");
}

/** Nothing can be said of some port of the pair, before or after. */
function isUnknown({ before, after }: Answer): boolean {
  return [...before, ...after].some(({ outcome }) => outcome === "unknown");
}

/** One change on all the ports on which it happened. */
interface Change extends Pick<SpanChange, "kind" | "before" | "after"> {
  readonly ports: readonly PortRange[];
}

function changesOf(spans: readonly SpanChange[]): Change[] {
  const changes = new Map<string, Change & { ports: PortRange[] }>();
  for (const { protocol, first, last, kind, before, after } of spans) {
    const key = `${kind} ${answerKey(before)} ${answerKey(after)}`;
    remembered(changes, key, () => ({ kind, before, after, ports: [] })).ports.push({ protocol, first, last });
  }
  return [...changes.values()];
}

/** What is possible after as it was before. */
function keptOf({ changes, after }: Answer): EdgeAnswer[] {
  const moved = (protocol: string, port: number): boolean =>
    changes.some((change) => change.protocol === protocol && change.first <= port && port <= change.last);
  const stayed = after.flatMap((span) => {
    const cuts = changes
      .filter(({ protocol }) => protocol === span.protocol)
      .flatMap(({ first, last }) => [first, last + 1])
      .filter((cut) => span.first < cut && cut <= span.last);
    const starts = [...new Set([span.first, ...cuts])].sort((a, b) => a - b);
    return starts
      .map((first, index) => ({ ...span, first, last: (starts[index + 1] ?? span.last + 1) - 1 }))
      .filter(({ protocol, first }) => !moved(protocol, first));
  });
  return edgesOf(stayed);
}

const kinds = ["ALLOWED", "DENIED", "L7-CHANGED", "UNKNOWN"] as const satisfies readonly ChangeKind[];

function byWeight(a: ChangeRow, b: ChangeRow): number {
  return (
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
    risks.indexOf(a.risk) - risks.indexOf(b.risk) ||
    a.from - b.from ||
    a.to - b.to
  );
}

/** Names that the other world has and this one lacks. */
function missingIn(world: World, other: World): string[] {
  const known = new Set(world.endpoints.map(({ name }) => name));
  return other.endpoints.flatMap(({ name }) => (known.has(name) ? [] : [name]));
}

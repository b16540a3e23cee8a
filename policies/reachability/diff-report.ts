/**
 * Diff report: what a change opens, closes or narrows, the worst first, with the rules that did it.
 *
 * Reasons are worked out for the first pair of a row only: a change may touch every pair there is.
 */
import type { Problem } from "../problems.ts";
import { asked, clipping, partsOf, roleText } from "./cut.ts";
import { becauseOf, outcomeText } from "./diff-reasons.ts";
import { cellChanges, type ChangeKind, type SpanChange } from "./diff.ts";
import { cellKey, edgesOf } from "./edges.ts";
import { explain, explanationText, type Place } from "./explain.ts";
import { groupsOf } from "./groups.ts";
import { jointOf } from "./joint.ts";
import { l7Way } from "./l7-change.ts";
import { answerKey, connect, type Cell } from "./matrix.ts";
import type { Endpoint, Traffic, World } from "./model.ts";
import { Numbers } from "./numbers.ts";
import { remembered } from "./remembered.ts";
import { risks, type ChangeRow, type DiffReport, type Edge, type EdgeAnswer, type PortRange } from "./report.ts";
import { riskOf } from "./risk.ts";
import type { Selected } from "./selection.ts";
import { squareOf } from "./square.ts";

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
  const [old, now] = [connect(before.world), connect(after.world)];
  const { endpoints, at, classes, of } = jointOf(old, now);
  const clipped = clipping(selected);
  const answerOf = rememberedAnswers();
  const numbers = new Numbers<Answer>((answer) => answerText(answer, alike));
  const parts = partsOf(classes, endpoints, within(selected, at.after));
  const answer = (from: number, to: number): number => {
    const [client, server] = [parts[from], parts[to]];
    const listener = endpoints[server?.members[0] ?? 0];
    const [source, target] = [of[client?.of ?? 0], of[server?.of ?? 0]];
    if (client === undefined || server === undefined || listener === undefined) return 0;
    if (source === undefined || target === undefined || !asked(client, server)) return 0;
    const cells = [old.between(source.before, target.before), now.between(source.after, target.after)] as const;
    return numbers.of(answerOf(clipped(cells[0], listener), clipped(cells[1], listener)));
  };
  const square = squareOf(
    parts.map(({ members }) => members),
    (from, say) => {
      for (const to of parts.keys()) {
        const number = answer(from, to);
        if (number !== 0) say(to, number);
      }
    },
  );
  const roles = parts.map(roleText);
  const { groups, positions, representatives } = groupsOf(square, endpoints, (part) => roles[part] ?? "");
  const changes: ChangeRow[] = [];
  const kept: (() => Edge[])[] = [];
  let [unchanged, unknown] = [0, 0];
  for (const [from, client] of groups.entries()) {
    for (const [to, server] of groups.entries()) {
      const pairs = client.members.length * (from === to ? client.members.length - 1 : server.members.length);
      const found = numbers.at(answer(representatives[from] ?? 0, representatives[to] ?? 0));
      if (pairs === 0 || found === undefined) continue;
      if (isUnknown(found)) unknown += pairs;
      else if (found.changes.length === 0) unchanged += pairs;
      for (const change of changesOf(found.changes)) changes.push(rowOf(from, to, change));
      kept.push(() => keptOf(found).map((edge) => ({ from, to, ...edge })));
    }
  }
  return {
    kind: "diff",
    cilium: { before: before.world.cilium, after: after.world.cilium },
    groups,
    changes: changes.sort(byWeight),
    kept: () => kept.flatMap((edges) => edges()),
    unchanged,
    unknown,
    appeared: missingIn(before.world, after.world),
    disappeared: missingIn(after.world, before.world),
    findings: after.findings,
    explain: explained,
  };

  function rowOf(from: number, to: number, change: Change): ChangeRow {
    const [client, server] = endsOf(from, to);
    const asks = traffic(client, server, change.ports);
    return {
      kind: change.kind,
      ...(change.kind === "L7-CHANGED" ? { l7: l7Way(change.before, change.after) } : {}),
      risk: riskOf(endpoints[client] ?? nobody, endpoints[server] ?? nobody),
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

/** Two cells are compared once, however many pairs share them. */
function rememberedAnswers(): (before: Cell, after: Cell) => Answer {
  const known = new Map<Cell, Map<Cell, Answer>>();
  return (before, after) => {
    const row = remembered(known, before, () => new Map<Cell, Answer>());
    return remembered(row, after, () => ({ changes: cellChanges(before, after), before, after }));
  };
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

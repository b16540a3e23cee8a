/**
 * Diff: what a change of manifests opens, closes, or narrows at L7.
 */
import { connect, type Cell, type Matrix, type Span } from "./matrix.ts";
import type { Side, Traffic, Verdict, World } from "./model.ts";
import type { Protocol } from "./ports.ts";
import { l7Key } from "./spans.ts";
import { decide } from "./verdict.ts";

/** `UNKNOWN`: one of the two verdicts is, so nothing is claimed (L1). */
export type ChangeKind = "ALLOWED" | "DENIED" | "L7-CHANGED" | "UNKNOWN";

/** A question by name, because the same workload may stand elsewhere in the other world. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface Change extends Question {
  readonly kind: ChangeKind;
  readonly before: Verdict;
  readonly after: Verdict;
}

type Answer = Pick<Verdict, "outcome"> & Record<"egress" | "ingress", Pick<Side, "l7" | "authentication">>;

/** What became of an answer. A denial whose reason moved is no change. */
export function changeBetween(before: Answer, after: Answer): ChangeKind | undefined {
  if (before.outcome !== after.outcome) {
    if (before.outcome === "unknown" || after.outcome === "unknown") return "UNKNOWN";
    return after.outcome === "allowed" ? "ALLOWED" : "DENIED";
  }
  if (before.outcome === "denied") return undefined;
  return restrictions(before) === restrictions(after) ? undefined : "L7-CHANGED";
}

function restrictions({ egress, ingress }: Answer): string {
  return [egress, ingress].map(({ l7, authentication }) => `${handshake(authentication)} ${l7Key(l7)}`).join("; ");
}

/** Saying nothing and asking for no handshake are the same to a connection. */
function handshake(authentication: Side["authentication"]): string {
  return authentication === "unspecified" ? "disabled" : authentication;
}

/** The questions whose answer changed, in their order; those about an endpoint that either world lacks are left out. */
export function compareAt(before: World, after: World, questions: readonly Question[]): readonly Change[] {
  const [inBefore, inAfter] = [positions(before), positions(after)];
  return questions.flatMap((question) => {
    const first = verdictOf(question, before, inBefore);
    const second = verdictOf(question, after, inAfter);
    if (first === undefined || second === undefined) return [];
    const kind = changeBetween(first, second);
    return kind === undefined ? [] : [{ ...question, kind, before: first, after: second }];
  });
}

export function positions(world: World): ReadonlyMap<string, number> {
  return new Map(world.endpoints.map(({ name }, position) => [name, position]));
}

function verdictOf(question: Question, world: World, at: ReadonlyMap<string, number>): Verdict | undefined {
  const [from, to] = [at.get(question.from), at.get(question.to)];
  if (from === undefined || to === undefined) return undefined;
  const traffic: Traffic = { from, to, protocol: question.protocol, port: question.port };
  return decide(traffic, world);
}

/** Ports of one protocol on which one pair changed in one way, both ends included. */
export interface SpanChange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  readonly kind: ChangeKind;
  readonly before: Span;
  readonly after: Span;
}

export interface PairChange {
  readonly from: string;
  readonly to: string;
  readonly changes: readonly SpanChange[];
}

export interface Comparison {
  /** Pairs whose answer changed, in the order of the later world. */
  readonly changed: readonly PairChange[];
  /** Pairs that stand in both worlds and answer the same. */
  readonly unchanged: number;
  /** Endpoints that only one world has: nothing is said of their pairs. */
  readonly appeared: readonly string[];
  readonly disappeared: readonly string[];
}

/** Both worlds over all pairs and all ports. */
export function compare(before: World, after: World): Comparison {
  const [old, now] = [connect(before), connect(after)];
  const at = positions(before);
  const changed: PairChange[] = [];
  let unchanged = 0;
  const changesOf = rememberedChanges();
  for (const [from, to] of pairs(now)) {
    const [client, server] = [after.endpoints[from]?.name ?? "", after.endpoints[to]?.name ?? ""];
    const [oldFrom, oldTo] = [at.get(client), at.get(server)];
    if (oldFrom === undefined || oldTo === undefined) continue;
    const changes = changesOf(old.cell(oldFrom, oldTo), now.cell(from, to));
    if (changes.length === 0) unchanged += 1;
    else changed.push({ from: client, to: server, changes });
  }
  const names = positions(after);
  return {
    changed,
    unchanged,
    appeared: [...names.keys()].filter((name) => !at.has(name)),
    disappeared: [...at.keys()].filter((name) => !names.has(name)),
  };
}

/** Ordered pairs of different endpoints of which at least one is a pod. */
export function* pairs({ world: { endpoints } }: Matrix): Generator<readonly [number, number]> {
  for (const [from, client] of endpoints.entries()) {
    for (const [to, server] of endpoints.entries()) {
      if (from !== to && (client.kind === "pod" || server.kind === "pod")) yield [from, to];
    }
  }
}

/** Two cells are compared once, however many pairs share them. */
function rememberedChanges(): (before: Cell, after: Cell) => readonly SpanChange[] {
  const known = new Map<Cell, Map<Cell, readonly SpanChange[]>>();
  return (before, after) => {
    let row = known.get(before);
    if (row === undefined) known.set(before, (row = new Map<Cell, readonly SpanChange[]>()));
    let changes = row.get(after);
    if (changes === undefined) row.set(after, (changes = cellChanges(before, after)));
    return changes;
  };
}

export function cellChanges(before: Cell, after: Cell): SpanChange[] {
  return before.flatMap((old) =>
    after.flatMap((now) => {
      const [first, last] = [Math.max(old.first, now.first), Math.min(old.last, now.last)];
      if (old.protocol !== now.protocol || first > last) return [];
      const kind = changeBetween(old, now);
      return kind === undefined ? [] : [{ protocol: old.protocol, first, last, kind, before: old, after: now }];
    }),
  );
}

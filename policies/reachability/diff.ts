/**
 * Diff: what a change of manifests opens, closes, or narrows at L7.
 */
import { Cells, denied, nothingPossible, type BothAnswers, type Cell } from "./pairs/cells.ts";
import { jointOf, type Joint } from "./report/joint.ts";
import { l7Key, requestsKey } from "./judge/judgement.ts";
import { CellNumbers, type Matrix } from "./matrix.ts";
import type { Side, Traffic, Verdict, World } from "./model.ts";
import type { Protocol } from "./judge/ports.ts";
import { portSpace } from "./pairs/port-line.ts";
import { remembered } from "./pairs/remembered.ts";
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

/** What became of an answer. A denial whose reason moved is no change. `keyOf` says which L7 rules are the same. */
function changeBetween(before: Answer, after: Answer, keyOf: typeof requestsKey): ChangeKind | undefined {
  if (before.outcome !== after.outcome) {
    if (before.outcome === "unknown" || after.outcome === "unknown") return "UNKNOWN";
    return after.outcome === "allowed" ? "ALLOWED" : "DENIED";
  }
  if (before.outcome === "denied") return undefined;
  return restrictions(before, keyOf) === restrictions(after, keyOf) ? undefined : "L7-CHANGED";
}

function restrictions({ egress, ingress }: Answer, keyOf: typeof requestsKey): string {
  return [egress, ingress].map(({ l7, authentication }) => `${handshake(authentication)} ${keyOf(l7)}`).join("; ");
}

/** Saying nothing and asking for no handshake are the same to a connection. */
function handshake(authentication: Side["authentication"]): string {
  return authentication === "unspecified" ? "disabled" : authentication;
}

/**
 * The questions whose answer changed, in their order; those about an endpoint that either world lacks are left out. Of L7
 * rules all counts that Cilium keeps, how often it keeps a rule included.
 */
export function compareAt(before: World, after: World, questions: readonly Question[]): readonly Change[] {
  const [inBefore, inAfter] = [positions(before), positions(after)];
  return questions.flatMap((question) => {
    const first = verdictOf(question, before, inBefore);
    const second = verdictOf(question, after, inAfter);
    if (first === undefined || second === undefined) return [];
    const kind = changeBetween(first, second, l7Key);
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
  readonly before: BothAnswers;
  readonly after: BothAnswers;
}

export interface PairChange {
  readonly from: string;
  readonly to: string;
  readonly changes: readonly SpanChange[];
}

/** Every client of the one list towards every server of the other. */
export interface ClassChange {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly changes: readonly SpanChange[];
}

export interface Comparison {
  /** What changed between endpoints that no policy of either world tells apart. */
  readonly changedClasses: readonly ClassChange[];
  /** The same pair by pair, in the order of the later world. Made when asked for, as replicas make many. */
  readonly changed: readonly PairChange[];
  /** Pairs that stand in both worlds and answer the same. */
  readonly unchanged: number;
  /** Endpoints that only one world has: nothing is said of their pairs. */
  readonly appeared: readonly string[];
  readonly disappeared: readonly string[];
}

/**
 * Both worlds over all pairs and all ports. Where the rules of a few pods alone differ, `moved` says which, by name: the
 * answers of all others are not worked out again.
 */
export function compare(before: World, after: World, moved?: ReadonlySet<string>): Comparison {
  const [earlier, later] = [positions(before), positions(after)];
  const { joint, found, unchanged } = changedBetween(before, after, moved);
  let changed: readonly PairChange[] | undefined;
  const names = (positions: readonly number[]): string[] => positions.map((at) => joint.endpoints[at]?.name ?? "");
  return {
    changedClasses: found.map(({ from, to, changes }) => ({ from: names(from), to: names(to), changes })),
    get changed() {
      return (changed ??= pairByPair(found).map(({ from, to, changes }) => {
        const [client = "", server = ""] = names([from, to]);
        return { from: client, to: server, changes };
      }));
    },
    unchanged,
    appeared: [...later.keys()].filter((name) => !earlier.has(name)),
    disappeared: [...earlier.keys()].filter((name) => !later.has(name)),
  };
}

/** Positions in what the worlds have in common. */
interface Found {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly changes: readonly SpanChange[];
}

function changedBetween(
  before: World,
  after: World,
  moved?: ReadonlySet<string>,
): { joint: Joint; found: readonly Found[]; unchanged: number } {
  const cells = new Cells();
  const [old, now] = [new CellNumbers(before, cells), new CellNumbers(after, cells)];
  const joint = jointOf(old, now);
  const changesOf = rememberedChanges(cells);
  const sets = joint.classes.map((members, index) => ({
    members,
    isPod: joint.endpoints[members[0] ?? 0]?.kind === "pod",
    moves: moved === undefined || members.some((at) => moved.has(joint.endpoints[at]?.name ?? "")),
    ...(joint.of[index] ?? { before: 0, after: 0 }),
  }));
  const found: Found[] = [];
  let unchanged = 0;
  // Rows of cell numbers, mostly zeros: pairs that are denied in both worlds cost one comparison.
  const [was, is] = [new Int32Array(old.classes.length), new Int32Array(now.classes.length)];
  for (const client of sets) {
    if (client.moves) {
      fill(was, old.possible(client.before));
      fill(is, now.possible(client.after));
    }
    for (const server of sets) {
      const count = client.members.length * (server.members.length - (client === server ? 1 : 0));
      if (count === 0 || (!client.isPod && !server.isPod)) continue;
      const [early, late] = client.moves
        ? [was[server.before] ?? 0, is[server.after] ?? 0]
        : server.moves && old.ingress(client.before, server.before) !== now.ingress(client.after, server.after)
          ? [old.between(client.before, server.before), now.between(client.after, server.after)]
          : [nothingPossible, nothingPossible];
      const changes = early === late ? [] : changesOf(early, late);
      if (changes.length > 0) found.push({ from: client.members, to: server.members, changes });
      else unchanged += count;
    }
  }
  return { joint, found, unchanged };
}

/** From pairs of a position and a number. */
function fill(row: Int32Array, pairs: Int32Array): void {
  row.fill(nothingPossible);
  for (let at = 0; at < pairs.length; at += 2) row[pairs[at] ?? 0] = pairs[at + 1] ?? nothingPossible;
}

/** In the order of their positions. */
function pairByPair(
  found: readonly Found[],
): readonly { readonly from: number; readonly to: number; readonly changes: readonly SpanChange[] }[] {
  return found
    .flatMap(({ from, to, changes }) =>
      from.flatMap((client) =>
        to.flatMap((server) => (client === server ? [] : [{ from: client, to: server, changes }])),
      ),
    )
    .sort((a, b) => a.from - b.from || a.to - b.to);
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
function rememberedChanges(cells: Cells): (before: number, after: number) => readonly SpanChange[] {
  const known = new Map<number, Map<number, readonly SpanChange[]>>();
  return (before, after) => {
    const row = remembered(known, before, () => new Map<number, readonly SpanChange[]>());
    return remembered(row, after, () => cellChanges(cells.at(before), cells.at(after)));
  };
}

export function cellChanges(before: Cell, after: Cell): SpanChange[] {
  const spans = [...before, ...after];
  return portSpace.flatMap(({ protocol }) => {
    const own = spans.filter((span) => span.protocol === protocol);
    const cuts = [...new Set(own.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b);
    return cuts.flatMap((first, index) => {
      const last = (cuts[index + 1] ?? first) - 1;
      const [old, now] = [answerAt(before, protocol, first), answerAt(after, protocol, first)];
      const kind = last < first ? undefined : changeBetween(old, now, requestsKey);
      return kind === undefined ? [] : [{ protocol, first, last, kind, before: old, after: now }];
    });
  });
}

/** What a cell says of one port. */
export function answerAt(cell: Cell, protocol: Protocol, port: number): BothAnswers {
  return cell.find((span) => span.protocol === protocol && span.first <= port && port <= span.last) ?? denied;
}

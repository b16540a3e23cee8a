/**
 * Matrix: every pair of endpoints over all ports.
 *
 * Pairs of identities that get the same answers share one cell, so that comparing two worlds compares few cells.
 */
import type { Authentication, Direction, L7Union, Verdict, World } from "./model.ts";
import type { Protocol } from "./ports.ts";
import { l7Key, peerKey, sideSpans, spansKey, type SideSpan } from "./spans.ts";
import { outcomeOf, prepare, type Prepared } from "./verdict.ts";

/** Ports of one protocol with one verdict, both ends included. */
export interface Span {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  readonly outcome: Verdict["outcome"];
  readonly egress: Restriction;
  readonly ingress: Restriction;
}

/** What one side still asks of a connection that is possible. */
export interface Restriction {
  readonly l7: L7Union;
  readonly authentication: Authentication;
}

export type Cell = readonly Span[];

export interface Matrix {
  readonly world: World;
  /** Positions of endpoints. The same cell object stands wherever the answers are the same. */
  readonly cell: (from: number, to: number) => Cell;
  /** Endpoints that no policy tells apart, as positions, in the order of the first of each class. */
  readonly classes: readonly (readonly number[])[];
  /** What any member of one class may do to any other endpoint of another, or of the same. Positions in `classes`. */
  readonly between: (from: number, to: number) => Cell;
}

export function connect(world: World): Matrix {
  const ready = prepare(world);
  const { of } = ready.identities;
  const sides = { egress: internedSides(ready, "egress"), ingress: internedSides(ready, "ingress") };
  const cells = new Map<SideSpans, Map<SideSpans, Cell>>();
  const classes: number[][] = ready.identities.representatives.map(() => []);
  for (const [endpoint, identity] of of.entries()) classes[identity]?.push(endpoint);
  const between = (from: number, to: number): Cell => {
    const egress = sides.egress(from, to);
    const ingress = sides.ingress(to, from);
    const row = remembered(cells, egress, () => new Map<SideSpans, Cell>());
    return remembered(row, ingress, () => combined(egress, ingress));
  };
  return {
    world,
    classes,
    between,
    cell: (from, to) => {
      const [source, target] = [of[from], of[to]];
      if (source === undefined || target === undefined) {
        throw new RangeError(`no endpoint at ${String(from)} or ${String(to)}`);
      }
      return between(source, target);
    },
  };
}

type SideSpans = readonly SideSpan[];

function remembered<K, V>(known: Map<K, V>, key: K, compute: () => V): V {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = compute()));
  return value;
}

/** One object for equal answers, whichever pair they belong to. */
function internedSides(ready: Prepared, direction: Direction): (subject: number, peer: number) => SideSpans {
  const byAnswer = new Map<string, SideSpans>();
  const bySubject: Map<string, SideSpans>[] = [];
  return (subject, peer) => {
    const row = (bySubject[subject] ??= new Map<string, SideSpans>());
    const key = peerKey(ready, direction, subject, peer);
    return remembered(row, key, () => interned(sideSpans(ready, direction, subject, peer)));
  };

  function interned(spans: SideSpans): SideSpans {
    return remembered(byAnswer, spansKey(spans), () => spans);
  }
}

/** The two sides cut at each other's borders, equal neighbours joined. */
function combined(egress: SideSpans, ingress: SideSpans): Cell {
  const spans: Span[] = [];
  for (const out of egress) {
    for (const into of ingress) {
      const [first, last] = [Math.max(out.first, into.first), Math.min(out.last, into.last)];
      if (out.protocol !== into.protocol || first > last) continue;
      const span = spanOf(out, into, first, last);
      const before = spans.at(-1);
      if (before !== undefined && joins(before, span)) spans.splice(-1, 1, { ...before, last });
      else spans.push(span);
    }
  }
  return spans;
}

function spanOf(out: SideSpan, into: SideSpan, first: number, last: number): Span {
  const outcome = outcomeOf(out.outcome, into.outcome);
  const asked = ({ l7, authentication }: SideSpan): Restriction =>
    outcome === "denied" ? { l7: [], authentication: "unspecified" } : { l7, authentication };
  return { protocol: out.protocol, first, last, outcome, egress: asked(out), ingress: asked(into) };
}

function joins(before: Span, span: Span): boolean {
  return before.protocol === span.protocol && before.last + 1 === span.first && answerKey(before) === answerKey(span);
}

/** Equal keys, equal answers on every port of the two spans. */
export function answerKey({ outcome, egress, ingress }: Pick<Span, "outcome" | "egress" | "ingress">): string {
  const key = ({ l7, authentication }: Restriction): string => `${authentication} ${l7Key(l7)}`;
  return `${outcome}; ${key(egress)}; ${key(ingress)}`;
}

/**
 * Spans: one side's answer, or both, over every port instead of one.
 *
 * The evaluator is asked once per stretch of ports on which no rule begins or ends, so a span cannot disagree with it.
 */
import { restrictionKey } from "./l7.ts";
import { hasReserved } from "./labels.ts";
import type { Authentication, Direction, L7Union, SideOutcome, Traffic } from "./model.ts";
import { highestPort, lastPort, type Protocol } from "./ports.ts";
import { resolve, type Grant } from "./side-policy.ts";
import { decideSide, type Prepared } from "./verdict.ts";

/** Ports of one protocol with one answer, both ends included. */
export interface SideSpan {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  readonly outcome: SideOutcome;
  readonly l7: L7Union;
  readonly authentication: Authentication;
}

/** What a matrix speaks of, and the numbers there are. ICMP has types in place of ports. */
export const portSpace = [
  { protocol: "TCP", first: 1, last: highestPort },
  { protocol: "UDP", first: 1, last: highestPort },
  { protocol: "SCTP", first: 1, last: highestPort },
  { protocol: "ICMP", first: 1, last: 255 },
] as const;

/** Every stretch of the port space for one pair of identities, in order, equal neighbours joined. */
export function sideSpans(ready: Prepared, direction: Direction, subject: number, peer: number): readonly SideSpan[] {
  const { representatives } = ready.identities;
  const server = ready.listener(direction, subject, peer);
  const isPod = representatives[subject]?.kind === "pod";
  const grants = isPod ? ready.grants(subject, direction, peer) : [];
  return portSpace.flatMap(({ protocol, first, last }) => {
    const starts = new Set<number>([first]);
    for (const { filter } of grants) {
      for (const start of edgesOf(filter)) if (first < start && start <= last) starts.add(start);
    }
    return joined(
      [...starts]
        .sort((a, b) => a - b)
        .map((start, index, all) => ({
          ...answerAt({ protocol, port: start }),
          protocol,
          first: start,
          last: (all[index + 1] ?? last + 1) - 1,
        })),
    );

    function edgesOf(filter: Grant["filter"]): number[] {
      if (filter.kind === "everything" || filter.protocol !== protocol) return [];
      if (filter.kind === "range") return [filter.first, lastPort(filter.first, filter.endPort) + 1];
      const number = resolve(filter.name, protocol, direction, server);
      return number === undefined ? [] : [number, number + 1];
    }
  });

  function answerAt(port: Pick<Traffic, "protocol" | "port">): Pick<SideSpan, "outcome" | "l7" | "authentication"> {
    const { outcome, l7, authentication } = decideSide(ready, direction, subject, peer, port);
    return { outcome, l7, authentication };
  }
}

/** Peers with one key get one answer of this subject on every port: the same rules match, and names mean the same. */
export function peerKey(ready: Prepared, direction: Direction, subject: number, peer: number): string {
  const pod = ready.identities.representatives[subject];
  const other = ready.identities.representatives[peer];
  if (pod?.kind !== "pod" || other === undefined) return "";
  const { grants } = ready.policy(subject, direction);
  let key = hasReserved(other.labels, "host") ? "host" : "";
  if (ready.world.names === "as learned" && other.fqdn !== undefined && !ready.learned(subject, other.fqdn))
    key += "unlearned";
  for (const [index, { matches, filter }] of grants.entries()) {
    const match = matches[peer];
    if (match === undefined || match === "no") continue;
    key += ` ${String(index)}${match}`;
    if (filter.kind !== "named") continue;
    const server = ready.listener(direction, subject, peer);
    key += `=${String(resolve(filter.name, filter.protocol, direction, server))}`;
  }
  return key;
}

function joined(spans: readonly SideSpan[]): SideSpan[] {
  const result: SideSpan[] = [];
  for (const span of spans) {
    const before = result.at(-1);
    if (before !== undefined && answerKey(before) === answerKey(span))
      result.splice(-1, 1, { ...before, last: span.last });
    else result.push(span);
  }
  return result;
}

/** The list as text: order is free, how often an element occurs is not. */
export function l7Key(l7: L7Union): string {
  const elements = l7.map((element) => (element.kind === "anything" ? "*" : restrictionKey(element.by)));
  return elements.sort().join(" | ");
}

function answerKey({ outcome, l7, authentication }: SideSpan): string {
  return `${outcome} ${authentication} ${l7Key(l7)}`;
}

export function spansKey(spans: readonly SideSpan[]): string {
  return spans
    .map((span) => `${span.protocol} ${String(span.first)}-${String(span.last)} ${answerKey(span)}`)
    .join("\n");
}

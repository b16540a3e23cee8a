/**
 * Measure: who may talk to whom before and after an export, by the engine. Nothing may open; what closes is told with the
 * losses that explain it.
 */
import { compare, type SpanChange } from "../reachability/diff.ts";
import { originText, policyText } from "../reachability/explain.ts";
import { everyRequest } from "../reachability/judge/l7.ts";
import type { Endpoint, L7Element, Origin, Side, Traffic, World } from "../reachability/model.ts";
import type { Restriction } from "../reachability/matrix.ts";
import type { PortRange } from "../reachability/report/report.ts";
import { portsText } from "../reachability/report/report-text.ts";
import { decide } from "../reachability/verdict.ts";
import type { Loss } from "./loss.ts";
import { sourceAnnotation } from "./write.ts";
import type { TranslatedPolicy } from "./translate.ts";

/** Pairs that lost the same ports for the same reasons. */
export interface LostEdge {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly PortRange[];
  /** Positions among the losses. Empty: nothing explains it, which is a mistake of the export. */
  readonly losses: readonly number[];
}

export interface Measured {
  readonly lost: readonly LostEdge[];
  /** `dev/api -> dev/db TCP 5432`. Empty: nothing opened. */
  readonly opened: readonly string[];
  /** Pairs that are as before. */
  readonly unchanged: number;
}

export function measure(
  before: World,
  after: World,
  translated: { readonly policies: readonly TranslatedPolicy[]; readonly losses: readonly Loss[] },
): Measured {
  const causes = new Causes(translated);
  const lost: LostEdge[] = [];
  const opened: string[] = [];
  const { changedClasses, unchanged } = compare(before, after);
  const [inBefore, inAfter] = [before, after].map(({ endpoints }) => positionsIn(endpoints));
  for (const { from, to, changes } of changedClasses) {
    const [client, server] = pairOf(from, to);
    const wider = changes.filter(opens);
    if (wider.length > 0) opened.push(`${client} -> ${server} ${portsText(wider)}`);
    for (const closed of changes.filter(closes)) {
      const asked = (at: ReadonlyMap<string, number> | undefined): Traffic => ({
        from: at?.get(client) ?? 0,
        to: at?.get(server) ?? 0,
        protocol: closed.protocol,
        port: closed.first,
      });
      const losses = causes.of(decide(asked(inBefore), before), decide(asked(inAfter), after));
      const { protocol, first, last } = closed;
      const same = lost.find((edge) => edge.from === from && edge.to === to && edge.losses.join() === losses.join());
      if (same === undefined) lost.push({ from, to, ports: [{ protocol, first, last }], losses });
      else lost[lost.indexOf(same)] = { ...same, ports: [...same.ports, { protocol, first, last }] };
    }
  }
  return { lost, opened, unchanged };
}

function positionsIn(endpoints: readonly Endpoint[]): ReadonlyMap<string, number> {
  return new Map(endpoints.map(({ name }, position) => [name, position]));
}

/** One pair of a class stands for all; a pair has two ends. */
function pairOf(from: readonly string[], to: readonly string[]): readonly [string, string] {
  const client = from[0] ?? "";
  return [client, to.find((name) => name !== client) ?? ""];
}

function closes({ kind, after }: SpanChange): boolean {
  return kind === "DENIED" || (kind === "UNKNOWN" && after.outcome === "denied");
}

/** What was unknown counts as closed before, and as open after. */
function opens({ kind, before, after }: SpanChange): boolean {
  if (kind === "ALLOWED") return true;
  if (kind === "UNKNOWN") return after.outcome !== "denied";
  return kind === "L7-CHANGED" && (["egress", "ingress"] as const).some((side) => asksLess(before[side], after[side]));
}

/** A proxy that let every request pass may go: that is told as a loss. */
function asksLess(before: Restriction, after: Restriction): boolean {
  const handshake = ({ authentication }: Restriction): boolean =>
    authentication === "required" || authentication === "test-always-fail";
  if (handshake(before) && !handshake(after)) return true;
  const isOpen = (element: L7Element): boolean => element.kind === "anything" || everyRequest(element.by);
  return before.l7.length > 0 && !before.l7.some(isOpen);
}

/** Finds which losses explain that a connection is no longer possible. */
class Causes {
  readonly #losses: readonly Loss[];
  readonly #sources: ReadonlyMap<string, string>;

  constructor({
    policies,
    losses,
  }: {
    readonly policies: readonly TranslatedPolicy[];
    readonly losses: readonly Loss[];
  }) {
    this.#losses = losses;
    this.#sources = new Map(
      policies.map(({ manifest }) => [
        `${manifest.metadata.namespace}/${manifest.metadata.name}`,
        manifest.metadata.annotations[sourceAnnotation] ?? "",
      ]),
    );
  }

  of(before: Sides, after: Sides): readonly number[] {
    const closing = (["egress", "ingress"] as const).filter((side) => after[side].outcome === "deny");
    const said = closing.flatMap((side) => this.#at(before[side].reason.origins));
    if (said.length > 0) return [...new Set(said)].sort((a, b) => a - b);
    // Nothing had to allow it before; what isolates it now tells where to look.
    const isolating = closing.flatMap((side) => this.#from(after[side].reason.origins));
    return [...new Set(isolating)].sort((a, b) => a - b);
  }

  #at(origins: readonly Origin[]): readonly number[] {
    const wanted = new Set(origins.map(originText));
    return this.#positions(({ origin }) => wanted.has(originText(origin)));
  }

  #from(origins: readonly Origin[]): readonly number[] {
    const wanted = new Set(
      origins.map(({ policy: { namespace = "", name } }) => this.#sources.get(`${namespace}/${name}`)),
    );
    return this.#positions(({ origin }) => wanted.has(policyText(origin.policy)));
  }

  /** Only what closes explains it. */
  #positions(isMeant: (loss: Loss) => boolean): readonly number[] {
    return this.#losses.flatMap((loss, index) => (loss.effect === "closes" && isMeant(loss) ? [index] : []));
  }
}

type Sides = Readonly<Record<"egress" | "ingress", Side>>;

/** Edges: connections that one policy allows and that the other side's isolation closes. */
import { originText } from "../reachability/explain.ts";
import type { Direction, Rule, Side, Traffic } from "../reachability/model.ts";
import { lastPort, protocols, type Protocol } from "../reachability/judge/ports.ts";
import { covers } from "../reachability/judge/side-policy.ts";
import { filtersOf, type PortFilter } from "../reachability/judge/terms.ts";
import { decide } from "../reachability/verdict.ts";
import { portsText } from "../reachability/report/report-text.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { ownLabelsAsked, severalText, type LabelPeer, type Seen, type Workload } from "./seen.ts";

export const oneSidedEdge: LintRule = {
  code: "lint/one-sided-edge",
  severity: "warning",
  finds: "a peer that one policy names and whose own side is isolated and allows none of it",
  why: "both sides must let a connection pass, so the line alone opens nothing",
  fix: "add the rule for the other side",
  find: (seen) => {
    const probes = probesOf(seen);
    return seen.peers.flatMap((peer) => oneSided(peer, probes, seen));
  },
};

type Probe = Pick<Traffic, "protocol" | "port">;

/** Every port that some rule tells from its neighbours: between them no answer changes. */
function probesOf({ world }: Seen): readonly Probe[] {
  const found = new Map<string, Probe>();
  const add = (protocol: Protocol, port: number): void =>
    void found.set(`${protocol} ${String(port)}`, { protocol, port });
  for (const protocol of protocols) add(protocol, 1);
  for (const rule of world.rules) {
    for (const { filter } of filtersOf(rule)) {
      if (filter.kind === "range") {
        add(filter.protocol, Math.max(filter.first, 1));
        add(filter.protocol, lastPort(filter.first, filter.endPort));
      }
    }
  }
  for (const { ports } of world.endpoints) for (const { protocol, port } of ports) add(protocol, port);
  return [...found.values()];
}

/**
 * Only peers that are told by a label of their own: a whole namespace is often let out and then in one by one. And only
 * where nothing of what the line allows is possible: the two sides need not name the same ports.
 */
function oneSided({ entry, path, selector, rule }: LabelPeer, probes: readonly Probe[], seen: Seen): LintFinding[] {
  if (rule.action === "deny" || rule.certainty === "doubtful" || ownLabelsAsked(selector.labels).length === 0)
    return [];
  const { direction } = rule;
  const own = distinct(seen.subjects(rule.subject), seen);
  const others = distinct(seen.selected(selector.labels), seen);
  const closed: Closed[] = [];
  const filters = filtersOf(rule).map(({ filter }) => filter);
  for (const subject of own) {
    for (const other of others) {
      if (subject.position === other.position) continue;
      const server = (direction === "ingress" ? subject : other).endpoint;
      const isMeant = ({ protocol, port }: Probe): boolean =>
        filters.some((filter) => covers(filter, direction, server.ports, protocol, port));
      for (const probe of probes) {
        if (!isMeant(probe)) continue;
        const [here, there] = sidesOf(direction, subject, other, probe, seen);
        if (here.outcome !== "allow" && here.outcome !== "redirect") return [];
        if (there.outcome !== "deny" || there.reason.rule !== "S2") return [];
        closed.push({ subject, other, side: there });
      }
    }
  }
  return closed.length === 0 ? [] : [missingSide(closed, rule, path, entry.manifest)];
}

interface Closed {
  readonly subject: Workload;
  readonly other: Workload;
  readonly side: Side;
}

function sidesOf(
  direction: Direction,
  subject: Workload,
  other: Workload,
  probe: Probe,
  { world }: Seen,
): readonly [Side, Side] {
  if (direction === "egress") {
    const { egress, ingress } = decide({ from: subject.position, to: other.position, ...probe }, world);
    return [egress, ingress];
  }
  const { egress, ingress } = decide({ from: other.position, to: subject.position, ...probe }, world);
  return [ingress, egress];
}

function distinct(workloads: readonly Workload[], seen: Seen): Workload[] {
  return [...new Map(workloads.map((each) => [seen.identity(each.position), each])).values()];
}

function missingSide(
  closed: readonly Closed[],
  rule: Rule,
  path: string,
  manifest: LintFinding["manifest"],
): LintFinding {
  const opposite = rule.direction === "ingress" ? "egress" : "ingress";
  const others = severalText(closed.map(({ other }) => other.endpoint.name));
  const subjects = severalText(closed.map(({ subject }) => subject.endpoint.name));
  const by = severalText(closed.flatMap(({ side }) => side.reason.origins.map(originText)));
  const towards = opposite === "egress" ? "to" : "from";
  const plural = others.includes(" and ");
  return {
    manifest,
    path,
    what: `this line alone opens nothing: ${others} ${plural ? "are" : "is"} isolated at ${opposite} by ${by}, and nothing there allows it ${towards} ${subjects}`,
    expected: `an ${opposite} rule for ${others} that allows ${scopeText(rule)} ${towards} ${subjects}`,
  };
}

function scopeText(rule: Rule): string {
  const filters = filtersOf(rule).map(({ filter }) => filter);
  if (filters.some(({ kind }) => kind === "everything")) return "all ports";
  const ranges = filters.flatMap((filter) => (filter.kind === "range" ? rangeOf(filter) : []));
  const names = filters.flatMap((filter) => (filter.kind === "named" ? filter.name : []));
  return [...(ranges.length === 0 ? [] : [portsText(ranges)]), ...new Set(names)].join("; ");
}

function rangeOf({
  protocol,
  first,
  endPort,
}: Extract<PortFilter, { kind: "range" }>): Parameters<typeof portsText>[0] {
  return [{ protocol, first, last: lastPort(first, endPort) }];
}

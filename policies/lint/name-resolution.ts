/** Name resolution: pods that may reach somebody and may not ask where that is. */
import { originText } from "../reachability/explain.ts";
import { decide } from "../reachability/verdict.ts";
import { isDnsServer } from "../reachability/judge/learned-names.ts";
import type { Rule, Side } from "../reachability/model.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { ownLabelsAsked, severalText, type Entry, type Seen, type Workload } from "./seen.ts";

/** Silent where the DNS service is not among the manifests: what opens it may be missing as well. */
export const noNameResolution: LintRule = {
  code: "lint/no-name-resolution",
  severity: "note",
  finds: "a rule that lets pods reach workloads or names while nothing lets them reach the DNS service",
  why: "a call begins with a question for the address, so without an answer the rule opens little",
  fix: "allow port 53 of the DNS service, UDP and TCP, with `rules.dns`",
  find: (seen) => {
    const servers = seen.world.endpoints.flatMap((endpoint, position) => (isDnsServer(endpoint) ? [position] : []));
    if (servers.length === 0) return [];
    return seen.entries.flatMap((entry) => silenced(entry, servers, seen));
  },
};

function silenced(entry: Entry, servers: readonly number[], seen: Seen): LintFinding[] {
  if (entry.direction !== "egress" || entry.action !== "allow") return [];
  const callers = entry.rules.filter(namesSomebody).flatMap(({ subject }) => seen.subjects(subject));
  const closed = callers.flatMap((caller) => closedBy(caller, servers, seen) ?? []);
  if (closed.length === 0) return [];
  const names = severalText(closed.map(({ caller }) => caller.endpoint.name));
  const by = severalText(closed.flatMap(({ side }) => side.reason.origins.map(originText)));
  return [
    {
      manifest: entry.manifest,
      path: entry.path,
      what: `${names} may not ask for the address: isolated at egress by ${by}, and nothing allows it to the DNS service`,
      expected: "a rule to port 53 of the DNS service, UDP and TCP",
    },
  ];
}

/** A peer told by a label of its own, or by name: whole namespaces and addresses need no question. */
function namesSomebody({ peers }: Rule): boolean {
  if (peers.kind === "nobody") return false;
  return peers.selectors.some(
    (each) => each.kind === "fqdn" || (each.kind === "labels" && ownLabelsAsked(each.labels).length > 0),
  );
}

/** What isolates a pod from every DNS server; undefined where it reaches one, or is refused what it could have had. */
function closedBy(
  caller: Workload,
  servers: readonly number[],
  { world }: Seen,
): { readonly caller: Workload; readonly side: Side } | undefined {
  const sides = servers
    .filter((server) => server !== caller.position)
    .flatMap((to) =>
      (["UDP", "TCP"] as const).map(
        (protocol) => decide({ from: caller.position, to, protocol, port: 53 }, world).egress,
      ),
    );
  const [first] = sides;
  const closed = sides.every(({ outcome, reason }) => outcome === "deny" && reason.rule === "S2");
  return first === undefined || !closed ? undefined : { caller, side: first };
}

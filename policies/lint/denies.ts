/** Denies: those that leave an allow without effect, and those that isolate although they were only meant to deny. */
import { originText } from "../reachability/explain.ts";
import type { Rule } from "../reachability/model.ts";
import { covers } from "../reachability/judge/side-policy.ts";
import { filtersOf } from "../reachability/judge/terms.ts";
import { reservedLabels } from "../reachability/select/labels.ts";
import { selectsPeer } from "../reachability/select/selectors.ts";
import { isWholeWorld, peersCovered, scopeCovered, subjectCovered } from "./coverage.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, policyKey, type Entry, type Seen } from "./seen.ts";

export const denyBeatsAllow: LintRule = {
  code: "lint/deny-beats-allow",
  severity: "warning",
  finds:
    "a deny that covers all that an allow of the same pods opens, such as `egressDeny` to 0.0.0.0/0 beside `toFQDNs`",
  why: "a deny wins over every allow, however much narrower the allow is",
  fix: "remove the deny: pods that any allow selects are closed to everything else; or narrow it",
  find: (seen) =>
    seen.entries
      .filter(({ action }) => action === "deny")
      .flatMap((entry): LintFinding[] => {
        const beaten = entry.rules.flatMap((deny) => beatenBy(deny, seen));
        if (beaten.length === 0) return [];
        const everything = entry.rules.some(
          ({ peers }) => peers.kind === "selected" && peers.selectors.some(isWholeWorld),
        );
        const reach = everything ? "this denies everything outside the cluster, and " : "";
        return [
          {
            manifest: entry.manifest,
            path: entry.path,
            what: `${reach}a deny wins over every allow, so these allow nothing: ${beaten.map(allowText).join(", ")}`,
            expected: "no deny of what is to be allowed",
            fix: "remove the deny: an allow closes its pods to everything that no allow opens",
          },
        ];
      }),
};

function beatenBy(deny: Rule, seen: Seen): Rule[] {
  if (deny.certainty === "doubtful") return [];
  return seen.world.rules.filter(
    (allow) =>
      allow.action === "allow" &&
      allow.direction === deny.direction &&
      allow.certainty === "certain" &&
      allow.tier === deny.tier &&
      subjectCovered(allow.subject, deny.subject, seen) &&
      scopeCovered(allow.scope, deny.scope) &&
      peersCovered(allow, deny, seen),
  );
}

function allowText({ origin, peers }: Rule): string {
  const names =
    peers.kind === "selected" ? peers.selectors.flatMap((each) => (each.kind === "fqdn" ? each.pattern : [])) : [];
  return `${originText(origin)}${names.length === 0 ? "" : ` (${names.join(", ")})`}`;
}

export const denyIsolates: LintRule = {
  code: "lint/deny-isolates",
  severity: "note",
  finds: "a policy that only denies in a direction, does not say whether it isolates, and is the only one that does",
  why: "a deny puts the pods it selects into default deny too, so without an allow elsewhere nothing passes at all",
  fix: "write `enableDefaultDeny`: false for a guardrail, true if isolation is meant",
  find: (seen) => {
    const bySpec = Map.groupBy(seen.entries, ({ policy, specPath, direction }) =>
      [policyKey(policy), specPath, direction].join(" "),
    );
    return [...bySpec.values()].flatMap((entries) => isolationBeside(entries, seen));
  },
};

function isolationBeside(entries: readonly Entry[], seen: Seen): LintFinding[] {
  const [first] = entries;
  if (first === undefined || entries.some(({ action }) => action === "allow")) return [];
  const { manifest, spec, path, direction, rules } = first;
  const [rule] = rules;
  if (rule === undefined || fieldsOf(spec, "enableDefaultDeny")[direction] !== undefined) return [];
  if (isolatedAnyway(rule, seen)) return [];
  return [
    {
      manifest,
      path: path.replace(/\[\d+\]$/, ""),
      what: `these denies also put their pods into ${direction} default deny: what no other policy allows is closed as well`,
      expected: `\`enableDefaultDeny: {${direction}: false}\` for a guardrail, or true if isolation is meant`,
    },
  ];
}

/** Whether policies that are not denies themselves isolate all its pods, so that it makes no difference. */
function isolatedAnyway({ subject, direction }: Rule, seen: Seen): boolean {
  const others = seen.world.rules.filter(
    (each) => each.action === "allow" && each.direction === direction && each.defaultDeny === "switches-on",
  );
  if (others.some((each) => subjectCovered(subject, each.subject, seen))) return true;
  const isolated = new Set(others.flatMap((each) => seen.subjects(each.subject)));
  const pods = seen.subjects(subject);
  return pods.length > 0 && pods.every((pod) => isolated.has(pod));
}

export const denyOfNobody: LintRule = {
  code: "lint/deny-of-nobody",
  severity: "warning",
  finds: "a deny entry that names no peer, for example because Cilium dropped the only one",
  why: "it denies nobody, and only isolates",
  fix: "name whom it denies with toEndpoints, toEntities or toCIDR; names cannot be denied, only left out of the allows",
  find: ({ entries }) =>
    entries.flatMap(({ manifest, action, rules, path, direction, fields }): LintFinding[] => {
      // What becomes of toServices in a deny is told while reading.
      if (action === "allow" || fields["toServices"] !== undefined) return [];
      if (rules.length === 0 || rules.some(({ peers }) => peers.kind !== "nobody")) return [];
      const isolates = rules.some(({ defaultDeny }) => defaultDeny === "switches-on");
      return [
        {
          manifest,
          path,
          what: `this names nobody that Cilium could deny${isolates ? `, so it only puts its pods into ${direction} default deny` : ", so it does nothing"}`,
          expected:
            direction === "egress" ? "toEndpoints, toEntities or toCIDR" : "fromEndpoints, fromEntities or fromCIDR",
        },
      ];
    }),
};

export const nodeDenied: LintRule = {
  code: "lint/node-denied",
  severity: "warning",
  finds: "an ingress deny of the node itself (`host`, `all`, `cluster`) on ports that its pods listen on",
  why: "the kubelet's probes come from the node and need no rule, but a deny beats that too, so the pods never get ready",
  fix: "deny `remote-node`, `world` or pods instead, or other ports",
  find: (seen) =>
    seen.entries.flatMap(({ manifest, path, rules, action, direction }): LintFinding[] => {
      if (action !== "deny" || direction !== "ingress") return [];
      if (!rules.some((rule) => rule.certainty === "certain" && deniesNode(rule) && reachesListener(rule, seen)))
        return [];
      const what = "this denies the node its own pods, so the kubelet's probes fail";
      return [{ manifest, path, what, expected: "a deny without the entities `host`, `cluster` and `all`" }];
    }),
};

function deniesNode({ peers }: Rule): boolean {
  if (peers.kind === "nobody") return false;
  return peers.selectors.length === 0 || peers.selectors.some((each) => selectsPeer(each, { labels: node }) === "yes");
}

const node = reservedLabels("host");

/** Every port, or one that a container of the pods declares. */
function reachesListener(rule: Rule, seen: Seen): boolean {
  if (rule.scope.kind === "everything") return true;
  const filters = filtersOf(rule).map(({ filter }) => filter);
  return seen
    .subjects(rule.subject)
    .some(({ endpoint: { ports } }) =>
      ports.some(({ protocol, port }) => filters.some((filter) => covers(filter, "ingress", ports, protocol, port))),
    );
}

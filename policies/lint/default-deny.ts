/** Default deny: isolation of what must not be isolated, and entries that isolate where they seem to open. */
import { dnsServers } from "../reachability/judge/learned-names.ts";
import { hasReserved, namespaceKey, parseKey, podLabels } from "../reachability/select/labels.ts";
import type { Direction, Endpoint, Rule, World } from "../reachability/model.ts";
import type { LabelSelector } from "../reachability/select/selectors.ts";
import { decide } from "../reachability/verdict.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, namesOf, ownLabelsAsked, policyKey, textOf, type Seen } from "./seen.ts";

const dnsPort = 53;

/** A pod that nobody has heard of: what is closed to it is closed to applications. */
const somebody: Endpoint = {
  name: "default/somebody",
  kind: "pod",
  labels: podLabels({
    namespace: "default",
    labels: new Map(),
    namespaceLabels: new Map([["kubernetes.io/metadata.name", "default"]]),
    serviceAccount: "default",
  }),
  ports: [],
};

export const systemIsolated: LintRule = {
  code: "lint/system-isolated",
  severity: "warning",
  finds: "a clusterwide policy that isolates the DNS service although its selector does not name kube-system",
  why: "the cluster's DNS then cannot ask upstream, or cannot be asked, and other pods of kube-system lose the network too",
  fix: "leave kube-system out of the endpointSelector, or set `enableDefaultDeny` to false for the direction",
  find: (seen) => {
    if (!seen.entries.some(({ policy }) => policy.kind === "CiliumClusterwideNetworkPolicy")) return [];
    const world = withDns(seen.world);
    return (["egress", "ingress"] as const).flatMap((direction) => isolatingDns(direction, world, seen));
  },
};

/** The DNS service as it is everywhere, where the manifests do not hold it. */
function withDns(world: World): World {
  const missing = dnsServers(world).filter((each) => !world.endpoints.includes(each));
  return { ...world, endpoints: [...world.endpoints, ...missing, somebody] };
}

function isolatingDns(direction: Direction, world: World, seen: Seen): LintFinding[] {
  const dns = dnsServers(world)[0];
  const own = dns === undefined ? -1 : world.endpoints.indexOf(dns);
  // Any way out may be the one to the upstream server, but that to the API server is not.
  const others = world.endpoints.flatMap((each, position) => {
    if (direction === "ingress") return each === somebody ? [position] : [];
    return each.kind === "external" && !hasReserved(each.labels, "kube-apiserver") ? [position] : [];
  });
  const sides = others.map((other) => {
    const ends = direction === "egress" ? { from: own, to: other } : { from: other, to: own };
    return decide({ ...ends, protocol: "UDP", port: dnsPort }, world)[direction];
  });
  if (dns === undefined || sides.length === 0) return [];
  if (sides.some(({ outcome, reason }) => outcome !== "deny" || reason.rule !== "S2")) return [];
  const isolating = new Set(sides.flatMap(({ reason }) => reason.origins));
  const rules = world.rules.filter(
    ({ origin, subject }) =>
      isolating.has(origin) && origin.policy.kind === "CiliumClusterwideNetworkPolicy" && !namesSystem(subject.labels),
  );
  const first = [...Map.groupBy(rules, ({ origin }) => policyKey(origin.policy)).values()].map(([rule]) => rule);
  return first.flatMap((rule) => (rule === undefined ? [] : isolation(rule, direction, dns.name, seen)));
}

function isolation({ origin }: Rule, direction: Direction, dns: string, seen: Seen): LintFinding[] {
  const manifest = seen.manifestOf(origin);
  if (manifest === undefined) return [];
  const lost =
    direction === "egress"
      ? "cannot ask any server upstream, so no name outside the cluster resolves"
      : "cannot be asked by applications, so no name resolves";
  return [
    {
      manifest,
      path: `${origin.path.replace(/\.(in|e)gress.*$/, "")}.endpointSelector`,
      what: `this puts the pods of kube-system into ${direction} default deny too: ${dns} ${lost}`,
      expected: `a selector that leaves kube-system out, or \`enableDefaultDeny: {${direction}: false}\``,
    },
  ];
}

/** Whoever writes the namespace or the label of the DNS service down means it. */
function namesSystem({ matchLabels, matchExpressions }: LabelSelector): boolean {
  const named = (written: string, values: readonly string[]): boolean => {
    const { key } = parseKey(written, "any");
    return key === "k8s-app" || (key === namespaceKey && values.includes("kube-system"));
  };
  return (
    [...matchLabels].some(([key, value]) => named(key, [value])) ||
    matchExpressions.some(({ key, operator, values }) => operator === "In" && named(key, values))
  );
}

export const kubeSystemClosed: LintRule = {
  code: "lint/kube-system-closed",
  severity: "warning",
  finds: "a policy in kube-system that isolates all its pods",
  why: "cluster DNS, the cloud's tunnel to the API server and whatever else the cluster brings lose what nobody lists",
  fix: "select the pods that are meant by their labels, or set `enableDefaultDeny` to false",
  find: (seen) => {
    const closing = seen.world.rules.filter(
      ({ origin, subject, defaultDeny }) =>
        origin.policy.namespace === "kube-system" &&
        defaultDeny === "switches-on" &&
        ownLabelsAsked(subject.labels).length === 0,
    );
    return [...Map.groupBy(closing, ({ origin }) => policyKey(origin.policy)).values()].flatMap(
      (rules): LintFinding[] => {
        const [first] = rules;
        const manifest = first === undefined ? undefined : seen.manifestOf(first.origin);
        if (first === undefined || manifest === undefined) return [];
        const directions = [...new Set(rules.map(({ direction }) => direction))].sort();
        const field = first.origin.policy.kind === "NetworkPolicy" ? "podSelector" : "endpointSelector";
        return [
          {
            manifest,
            path: `${first.origin.path.replace(/\.(in|e)gress.*$/, "")}.${field}`,
            what: `this puts every pod of kube-system into ${directions.join(" and ")} default deny`,
            expected: "labels of the pods that are meant",
          },
        ];
      },
    );
  },
};

/** Names and descriptions of those who know that `[{}]` closes. */
const closing = /den(y|ies)|isolat|block|clos|lock|drop|forbid|nobody|nothing|no[- ](one|ingress|egress)|default/i;

export const emptyEntry: LintRule = {
  code: "lint/empty-entry",
  severity: "note",
  finds: "`ingress: [{}]` or `egress: [{}]` in a Cilium policy whose name and description do not say that it closes",
  why: "in a NetworkPolicy it allows everything, in Cilium's kinds it allows nobody and isolates",
  fix: "write `fromEntities: [all]` or `toEntities: [all]` to open, or say in the name or description that it closes",
  find: ({ entries }) =>
    entries.flatMap(({ manifest, policy, spec, fields, path, action, direction, rules }): LintFinding[] => {
      if (policy.kind === "NetworkPolicy" || action === "deny" || rules.length === 0) return [];
      if (Object.keys(fields).length > 0) return [];
      if (closing.test(`${namesOf(manifest.object).name} ${textOf(spec, "description") ?? ""}`)) return [];
      if (fieldsOf(spec, "enableDefaultDeny")[direction] !== undefined) return [];
      return [
        {
          manifest,
          path,
          what: `\`{}\` allows nobody here and only isolates, while in a NetworkPolicy it allows everything`,
          expected: `\`${direction === "ingress" ? "fromEntities" : "toEntities"}: [all]\` to open, or a name or description that says that this closes`,
        },
      ];
    }),
};

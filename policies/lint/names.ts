/** Names: DNS rules that let Cilium learn nothing, and patterns that mean less or more than they seem to. */
import { originText } from "../reachability/explain.ts";
import { isPattern, matchesName, plainName } from "../reachability/select/dns-names.ts";
import { dnsServers } from "../reachability/judge/learned-names.ts";
import type { Rule } from "../reachability/model.ts";
import { selectsPeer } from "../reachability/select/selectors.ts";
import { isFields } from "../reachability/read/fields.ts";
import { pathOf } from "../reachability/repair/edits.ts";
import { covers } from "../reachability/judge/side-policy.ts";
import { filtersOf } from "../reachability/judge/terms.ts";
import { subjectCovered } from "./coverage.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, textOf, textsOf, type Entry, type Seen } from "./seen.ts";

export const dnsWithoutProxy: LintRule = {
  code: "lint/dns-without-proxy",
  severity: "warning",
  finds: "a rule that opens the DNS service without `rules.dns`, for pods that have `toFQDNs` and no other way to it",
  why: "Cilium learns the addresses of names only from answers that pass its proxy, so these toFQDNs never match",
  fix: 'add `rules: {dns: [{matchPattern: "*"}]}` beside the ports',
  certain: "where the entry opens port 53 alone",
  find: (seen) => {
    const asking = seen.world.rules.filter((rule) => opensDns(rule, seen));
    const proxied = asking.filter((rule) => filtersOf(rule).some(({ l7 }) => l7.kind === "dns"));
    const named = seen.world.rules
      .filter(({ peers }) => namesIn(peers).length > 0)
      .filter((rule) => !proxied.some((each) => subjectCovered(rule.subject, each.subject, seen)));
    return seen.entries.flatMap((entry): LintFinding[] => {
      const [rule] = entry.rules;
      if (rule === undefined || !asking.includes(rule) || proxied.includes(rule)) return [];
      // Whoever opens everything did not write a rule for DNS, and has no ports to put `rules.dns` beside.
      if (rule.scope.kind === "everything") return [];
      const lost = named.filter((each) => subjectCovered(each.subject, rule.subject, seen));
      if (lost.length === 0) return [];
      return [
        {
          manifest: entry.manifest,
          path: `${entry.path}.${entry.policy.kind === "NetworkPolicy" ? "ports" : "toPorts"}`,
          what: `without \`rules.dns\` Cilium learns no name from this, so these toFQDNs never match: ${lost.map(({ origin }) => originText(origin)).join(", ")}`,
          expected:
            entry.policy.kind === "NetworkPolicy"
              ? "a CiliumNetworkPolicy with `rules.dns`"
              : "`rules.dns` beside the ports",
          fix: 'add `rules: {dns: [{matchPattern: "*"}]}`',
          ...throughProxy(entry),
        },
      ];
    });
  },
};

/** Only where the entry is about questions for names and nothing else. */
function throughProxy({ policy, fields, path }: Entry): Pick<LintFinding, "repair"> {
  const elements = listOf(fields, "toPorts");
  const plain = elements.every(
    ({ ports, ...rest }) =>
      Object.keys(rest).length === 0 &&
      Array.isArray(ports) &&
      ports.length > 0 &&
      ports.every((each) => isFields(each) && String(each["port"]) === "53" && each["endPort"] === undefined),
  );
  if (policy.kind === "NetworkPolicy" || elements.length === 0 || !plain) return {};
  return {
    repair: {
      says: "add `rules.dns` for every name beside the ports",
      edits: elements.map((_, index) => ({
        kind: "put",
        path: pathOf(`${path}.toPorts[${String(index)}].rules`),
        value: { dns: [{ matchPattern: "*" }] },
      })),
    },
  };
}

function opensDns(rule: Rule, { world }: Seen): boolean {
  if (rule.direction === "ingress" || rule.action === "deny" || rule.certainty === "doubtful") return false;
  const { peers } = rule;
  if (peers.kind === "nobody") return false;
  return dnsServers(world).some((server) => {
    const isMeant = peers.selectors.length === 0 || peers.selectors.some((each) => selectsPeer(each, server) === "yes");
    return isMeant && filtersOf(rule).some(({ filter }) => covers(filter, "egress", server.ports, "UDP", 53));
  });
}

function namesIn(peers: Rule["peers"]): string[] {
  return peers.kind === "selected" ? peers.selectors.flatMap((each) => (each.kind === "fqdn" ? each.pattern : [])) : [];
}

/** `matchName` and `matchPattern` of `toFQDNs` or `rules.dns`. */
function patternsIn(list: readonly Readonly<Record<string, unknown>>[]): string[] {
  return list.flatMap((each) => textOf(each, "matchName") ?? textOf(each, "matchPattern") ?? []);
}

/** Names that are a service themselves and have none below them. */
const bare: readonly string[] = ["management.azure.com", "graph.microsoft.com", "login.microsoftonline.com", "ghcr.io"];

export const apexNotMatched: LintRule = {
  code: "lint/apex-not-matched",
  severity: "warning",
  finds: "`*.x` in `toFQDNs` where the same policy speaks of `x` itself elsewhere, or where `x` is a known service",
  why: "a pattern with `*.` or `**.` before a name never matches the name itself",
  fix: "add `matchName` with the bare name",
  certain: "where the same policy speaks of the name",
  find: ({ entries }) =>
    entries.flatMap((entry) => {
      const all = namesOfPolicy(entry, entries);
      return listOf(entry.fields, "toFQDNs").flatMap((each, index): LintFinding[] => {
        const pattern = textOf(each, "matchPattern");
        const apex = pattern === undefined ? undefined : /^\*{1,2}\.([^*]+)$/.exec(plainName(pattern))?.[1];
        if (pattern === undefined || apex === undefined) return [];
        if (all.allowed.some((allowed) => matchesName({ pattern: allowed }, apex))) return [];
        const where = bare.includes(apex) ? "which is a service of its own" : all.spoken.get(apex);
        if (where === undefined) return [];
        return [
          {
            manifest: entry.manifest,
            path: `${entry.path}.toFQDNs[${String(index)}]`,
            what: `\`${pattern}\` does not match \`${apex}\` itself, ${where}`,
            expected: `\`matchName: ${apex}\` as well`,
            // Whoever speaks of the name in the same policy means it.
            ...(all.spoken.has(apex)
              ? {
                  repair: {
                    says: `add \`matchName: ${apex}\``,
                    edits: [{ kind: "append", path: pathOf(`${entry.path}.toFQDNs`), value: { matchName: apex } }],
                  },
                }
              : {}),
          },
        ];
      });
    }),
};

/** What a policy allows by name, and which names it speaks of besides, each with where. */
function namesOfPolicy(entry: Entry, entries: readonly Entry[]): { allowed: string[]; spoken: Map<string, string> } {
  const own = entries.filter(({ manifest, action }) => manifest === entry.manifest && action === "allow");
  const spoken = new Map<string, string>();
  const speak = (names: readonly string[], where: string): void => {
    for (const name of names) if (!isPattern(name)) spoken.set(plainName(name), where);
  };
  for (const { fields, path } of own) {
    for (const [index, each] of listOf(fields, "toPorts").entries()) {
      const at = `${path}.toPorts[${String(index)}]`;
      speak(patternsIn(listOf(fieldsOf(each, "rules"), "dns")), `which ${at}.rules.dns lets pods ask for`);
      speak(textsOf(each, "serverNames"), `which ${at}.serverNames lets pass`);
    }
  }
  return { allowed: own.flatMap(({ fields }) => patternsIn(listOf(fields, "toFQDNs"))), spoken };
}

export const everyName: LintRule = {
  code: "lint/every-name",
  severity: "note",
  finds: "`toFQDNs` with `*` alone",
  why: "every name is allowed, and with it every address that the pod can find a name for",
  fix: "name what is needed, or write `toEntities: [world]` if everything is meant",
  find: ({ entries }) =>
    entries.flatMap((entry) =>
      listOf(entry.fields, "toFQDNs").flatMap((each, index): LintFinding[] => {
        if (!/^\*+\.?$/.test(textOf(each, "matchPattern")?.trim() ?? "")) return [];
        return [
          {
            manifest: entry.manifest,
            path: `${entry.path}.toFQDNs[${String(index)}]`,
            what: "this allows every name, and so every address outside that has one",
            expected: "the names that are needed, or `toEntities: [world]`",
          },
        ];
      }),
    ),
};

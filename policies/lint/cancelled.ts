/** Cancelled: L7 rules that keep nothing out, because a plain allow beside them opens the same. */
import { originText } from "../reachability/explain.ts";
import type { Rule } from "../reachability/model.ts";
import { filterKey, filtersOf } from "../reachability/judge/terms.ts";
import { anyPeer, type PeerSelector } from "../reachability/select/selectors.ts";
import { subjectCovered } from "./coverage.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, textOf, type Entry, type Seen } from "./seen.ts";

export const httpCancelled: LintRule = {
  code: "lint/http-cancelled",
  severity: "warning",
  finds: "HTTP rules beside an allow of the same pods, peers and ports without any",
  why: "allows add up: a request that the HTTP rules keep out passes by the other allow",
  fix: "remove the other allow, or its port",
  find: (seen) =>
    seen.entries.flatMap((entry) =>
      plainAllowsBeside(entry, "http", seen).map((by) => ({
        manifest: entry.manifest,
        path: `${entry.path}.toPorts`,
        what: `the HTTP rules keep nothing out, because ${allowing(by)} the same peers every request on these ports`,
        expected: "no allow without HTTP rules beside them",
      })),
    ),
};

export const dnsCancelled: LintRule = {
  code: "lint/dns-cancelled",
  severity: "warning",
  finds: "DNS rules for some names beside an allow of the same pods, DNS service and ports without any",
  why: "allows add up: a question that the DNS rules keep out passes by the other allow",
  fix: "keep one DNS rule for each pod: remove the other allow, or its port 53",
  find: (seen) =>
    seen.entries.filter(namesSome).flatMap((entry) =>
      plainAllowsBeside(entry, "dns", seen).map((by): LintFinding => ({
        manifest: entry.manifest,
        path: `${entry.path}.toPorts`,
        what: `the DNS rules keep no question back, because ${allowing(by)} the same peers every question on these ports`,
        expected: "no allow without DNS rules beside them",
      })),
    ),
};

/** Whoever lets every name be asked wants to listen, not to keep anything out. */
function namesSome({ fields }: Entry): boolean {
  const patterns = listOf(fields, "toPorts").flatMap((each) =>
    listOf(fieldsOf(each, "rules"), "dns").map(
      (rule) => textOf(rule, "matchName") ?? textOf(rule, "matchPattern") ?? "",
    ),
  );
  return patterns.length > 0 && !patterns.some((pattern) => /^\*+$/.test(pattern));
}

function allowing(by: readonly Rule[]): string {
  return `${by.map(({ origin }) => originText(origin)).join(", ")} ${by.length === 1 ? "allows" : "allow"}`;
}

/** For each rule of the entry with such L7 rules, the allows that make them pointless, if there are any. */
function plainAllowsBeside(entry: Entry, kind: "http" | "dns", seen: Seen): (readonly Rule[])[] {
  return entry.rules.flatMap((rule) => {
    const narrowed = filtersOf(rule).filter(({ l7 }) => l7.kind === kind);
    if (narrowed.length === 0 || rule.certainty === "doubtful") return [];
    const by = seen.world.rules.filter(
      (other) =>
        other.action === "allow" &&
        other.direction === rule.direction &&
        other.certainty === "certain" &&
        opensPlainly(other, narrowed) &&
        samePeers(rule, other) &&
        subjectCovered(rule.subject, other.subject, seen),
    );
    return by.length === 0 ? [] : [by];
  });
}

/** Whether each of these ports is open without L7 rules, as one range: ranges that only overlap are kept apart. */
function opensPlainly(other: Rule, narrowed: ReturnType<typeof filtersOf>): boolean {
  const plain = new Set(filtersOf(other).flatMap(({ filter, l7 }) => (l7.kind === "none" ? filterKey(filter) : [])));
  return narrowed.every(({ filter }) => plain.has(filterKey(filter)));
}

function samePeers(rule: Rule, other: Rule): boolean {
  if (rule.peers.kind === "nobody" || other.peers.kind === "nobody") return false;
  const keys = ({ selectors }: { readonly selectors: readonly PeerSelector[] }): string[] =>
    selectors.length === 0 ? [anyPeer.key] : selectors.map(({ key }) => key);
  const open = new Set(keys(other.peers));
  return open.has(anyPeer.key) || keys(rule.peers).every((key) => open.has(key));
}

/**
 * L7: what a rule still asks of a request after the port is open.
 *
 * We keep the rules as written and never judge a request by them (L2).
 */

/** Sorted keys, so that equal rules are equal text. */
export type CanonicalRule = string;

/** What is asked of TLS. */
export interface Tls {
  /** Only these names pass; all if the list is empty. */
  readonly serverNames: readonly string[];
  /** The written context by which Cilium ends a TLS connection, and begins the next one. Absent: it does not. */
  readonly terminating?: string;
  readonly originating?: string;
}

export type L7Restriction =
  | { readonly kind: "none" }
  | ({ readonly kind: "http" | "dns"; readonly rules: readonly CanonicalRule[] } & Partial<Tls>)
  /** TLS is inspected, and nothing inside it. */
  | ({ readonly kind: "tls" } & Tls)
  /** Handed to a listener of a CiliumEnvoyConfig, whose rules we do not see (L3). */
  | { readonly kind: "listener"; readonly name: string };

export const unrestricted: L7Restriction = { kind: "none" };

const wildcards = { http: "{}", dns: '{"matchPattern":"*"}' } as const;

/** One text per rule, whatever order its keys were written in. */
export function canonical(value: unknown): CanonicalRule {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A list with a rule that lets everything pass (S23). */
export function withWildcard(restriction: L7Restriction): L7Restriction {
  if (restriction.kind !== "http" && restriction.kind !== "dns") return restriction;
  return withRules(restriction, [wildcards[restriction.kind]]);
}

/** Whether a proxy looks at what passes and lets every request pass, or every question for a name. */
export function everyRequest(restriction: L7Restriction): boolean {
  if (restriction.kind !== "http" && restriction.kind !== "dns") return false;
  return (restriction.serverNames ?? []).length === 0 && restriction.rules.includes(wildcards[restriction.kind]);
}

function withRules(
  restriction: Extract<L7Restriction, { rules: unknown }>,
  more: readonly CanonicalRule[],
): L7Restriction {
  const added = [...new Set(more)].filter((rule) => !restriction.rules.includes(rule));
  return { ...restriction, rules: [...restriction.rules, ...added] };
}

/**
 * Whether Cilium takes what is said for what `old` says, and so leaves it out: as many rules, and each of the old ones
 * among them. Of `[x, x]` and `[x, y]` the second is lost.
 */
export function saysNothingNew(added: L7Restriction, old: L7Restriction): boolean {
  if (added.kind !== old.kind || contextKey(added) !== contextKey(old)) return false;
  if (added.kind === "listener" || old.kind === "listener") return restrictionKey(added) === restrictionKey(old);
  const [one, other] = [partsOf(added), partsOf(old)];
  const names = [one.serverNames, other.serverNames].map((each = []) => [...new Set(each)].sort().join(" "));
  return (
    names[0] === names[1] &&
    one.rules.length === other.rules.length &&
    other.rules.every((rule) => one.rules.includes(rule))
  );
}

/**
 * Two allows of one peer and one port range, merged as Cilium merges them (S23). `conflict` is Cilium's refusal to
 * compute a policy at all. `a` comes first in Cilium's order, and it matters: server names take L7 rules that follow
 * them, while L7 rules do not take server names.
 */
export function merge(a: L7Restriction, b: L7Restriction): L7Restriction | "conflict" {
  if (a.kind === "none" && b.kind === "none") return a;
  if (a.kind === "listener" || b.kind === "listener") return mergeListeners(a, b);
  if (restrictionKey(a) === restrictionKey(b) && contextKey(a) === contextKey(b)) return a;
  const kind = mergeKinds(a.kind, b.kind);
  const [one, other] = [partsOf(a), partsOf(b)];
  const tls = mergeTls(one, other);
  if (kind === "conflict" || tls === "conflict") return "conflict";
  if (tls.serverNames.length > 0 && one.rules.length > 0 && tls.terminating === undefined) return "conflict";
  if (kind === "tls") return { kind, ...tls };
  const isPlain = tls.serverNames.length === 0 && tls.terminating === undefined && tls.originating === undefined;
  // No rules on one side is everything, and is written out beside the rules of the other.
  const context = isPlain ? {} : tls;
  const merged: L7Restriction =
    one.rules.length === 0
      ? { kind, rules: other.rules, ...context }
      : withRules({ kind, rules: one.rules, ...context }, other.rules);
  return one.rules.length === 0 || other.rules.length === 0 ? withWildcard(merged) : merged;
}

type Inspecting = Exclude<L7Restriction, { kind: "listener" }>;

function partsOf(restriction: Inspecting): Partial<Tls> & { readonly rules: readonly CanonicalRule[] } {
  return restriction.kind === "none" || restriction.kind === "tls" ? { ...restriction, rules: [] } : restriction;
}

/** Nothing becomes whatever the other is, TLS becomes HTTP. */
function mergeKinds(a: Inspecting["kind"], b: Inspecting["kind"]): "http" | "dns" | "tls" | "conflict" {
  const kinds = [a, b].filter((kind) => kind !== "none");
  const [first = "tls", second = first] = kinds;
  if (first === second) return first;
  return kinds.includes("dns") ? "conflict" : "http";
}

/** Listeners have priorities, of which we know nothing (L3): two different ones are left open. */
function mergeListeners(a: L7Restriction, b: L7Restriction): L7Restriction | "conflict" {
  if (a.kind === "none") return b;
  if (b.kind === "none") return a;
  return restrictionKey(a) === restrictionKey(b) ? a : "conflict";
}

/** An allow that asks for no name yields to one that does; a connection ends in one way only. */
function mergeTls(a: Partial<Tls>, b: Partial<Tls>): Tls | "conflict" {
  const differ = (one?: string, other?: string): boolean => one !== undefined && other !== undefined && one !== other;
  if (differ(a.terminating, b.terminating) || differ(a.originating, b.originating)) return "conflict";
  return tlsOf(
    [...new Set([...(a.serverNames ?? []), ...(b.serverNames ?? [])])],
    a.terminating ?? b.terminating,
    a.originating ?? b.originating,
  );
}

export function tlsOf(serverNames: readonly string[], terminating?: string, originating?: string): Tls {
  return {
    serverNames,
    ...(terminating === undefined ? {} : { terminating }),
    ...(originating === undefined ? {} : { originating }),
  };
}

/** How TLS ends and begins again: no answer shows it, but what differs in it cannot be merged (L4). */
function contextKey(restriction: L7Restriction): string {
  if (restriction.kind === "none" || restriction.kind === "listener") return "";
  return `${restriction.terminating ?? ""} ${restriction.originating ?? ""}`;
}

/** Rules inside one element are a set; how many were written shows only where Cilium takes two lists for equal. */
export function writtenKey(restriction: L7Restriction): string {
  const written = "rules" in restriction ? ` ${String(restriction.rules.length)}` : "";
  return `${restrictionKey(restriction)} ${contextKey(restriction)}${written}`;
}

/** Rules inside one element are a set. */
export function restrictionKey(restriction: L7Restriction): string {
  switch (restriction.kind) {
    case "none":
      return "";
    case "http":
    case "dns": {
      const rules = [...new Set(restriction.rules)].sort().join(" ");
      const names = restriction.serverNames ?? [];
      return `${restriction.kind} ${rules}${names.length === 0 ? "" : ` tls ${[...names].sort().join(" ")}`}`;
    }
    case "tls":
      return `tls ${[...restriction.serverNames].sort().join(" ")}`;
    case "listener":
      return `listener ${restriction.name}`;
  }
}

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

function withRules(
  restriction: Extract<L7Restriction, { rules: unknown }>,
  more: readonly CanonicalRule[],
): L7Restriction {
  return { ...restriction, rules: [...new Set([...restriction.rules, ...more])] };
}

/**
 * Two allows of one peer and one port range, merged as Cilium merges them (S23). `conflict` is Cilium's refusal to
 * compute a policy at all.
 */
export function merge(a: L7Restriction, b: L7Restriction): L7Restriction | "conflict" {
  if (a.kind === "none") return b.kind === "none" ? a : withWildcard(b);
  if (b.kind === "none") return withWildcard(a);
  if (a.kind === "listener" || b.kind === "listener") {
    return a.kind === "listener" && b.kind === "listener" && a.name === b.name ? a : "conflict";
  }
  const tls = mergeTls(a, b);
  if (tls === "conflict") return "conflict";
  if (a.kind === "tls") return b.kind === "tls" ? { kind: "tls", ...tls } : ruled(withWildcard(b), tls);
  if (b.kind === "tls") return ruled(withWildcard(a), tls);
  return a.kind === b.kind ? ruled(withRules(a, b.rules), tls) : "conflict";
}

/** Cilium looks at requests inside TLS only where it ends the connection, and at DNS never inside TLS. */
function ruled(restriction: L7Restriction, tls: Tls): L7Restriction | "conflict" {
  if (tls.serverNames.length === 0 && tls.terminating === undefined && tls.originating === undefined)
    return restriction;
  if (restriction.kind !== "http" || (tls.serverNames.length > 0 && tls.terminating === undefined)) return "conflict";
  return { ...restriction, ...tls };
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
export function contextKey(restriction: L7Restriction): string {
  if (restriction.kind === "none" || restriction.kind === "listener") return "";
  return `${restriction.terminating ?? ""} ${restriction.originating ?? ""}`;
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

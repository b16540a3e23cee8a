/**
 * L7: what a rule still asks of a request after the port is open.
 *
 * We keep the rules as written and never judge a request by them (L2).
 */

/** Sorted keys, so that equal rules are equal text. */
export type CanonicalRule = string;

export type L7Restriction =
  | { readonly kind: "none" }
  | { readonly kind: "http" | "dns"; readonly rules: readonly CanonicalRule[] }
  /** TLS is inspected: only these names pass, all if the list is empty. */
  | { readonly kind: "tls"; readonly serverNames: readonly string[] }
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
  return { kind: restriction.kind, rules: [...new Set([...restriction.rules, ...more])] };
}

/**
 * Two allows of one peer and one port range, merged as Cilium merges them (S23). `conflict` is Cilium's refusal to
 * compute a policy at all.
 */
export function merge(a: L7Restriction, b: L7Restriction): L7Restriction | "conflict" {
  if (a.kind === "none") return b.kind === "none" ? a : withWildcard(b);
  if (b.kind === "none") return withWildcard(a);
  if (a.kind === "tls" && b.kind === "tls") {
    return { kind: "tls", serverNames: [...new Set([...a.serverNames, ...b.serverNames])] };
  }
  if (a.kind === "listener" && b.kind === "listener") return a.name === b.name ? a : "conflict";
  if ("rules" in a && "rules" in b && a.kind === b.kind) return withRules(a, b.rules);
  return "conflict";
}

/** Rules inside one element are a set. */
export function restrictionKey(restriction: L7Restriction): string {
  switch (restriction.kind) {
    case "none":
      return "";
    case "http":
    case "dns":
      return `${restriction.kind} ${[...new Set(restriction.rules)].sort().join(" ")}`;
    case "tls":
      return `tls ${[...restriction.serverNames].sort().join(" ")}`;
    case "listener":
      return `listener ${restriction.name}`;
  }
}

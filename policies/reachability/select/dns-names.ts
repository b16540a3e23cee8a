/**
 * DNS names: which names a toFQDNs selector means (S15).
 */

const letters = "[-a-zA-Z0-9_]";

/** Wildcards of whatever length, with or without the final dot: every name. */
const everyName = /^\*+\.?$/;

/** A selector without wildcards means the one name. */
export function isPattern(written: string): boolean {
  return written.includes("*");
}

/** Letters of either case, and a final dot or none, are one name. */
export function plainName(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, "");
}

function withFinalDot(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

function expression(pattern: string): RegExp {
  const lower = pattern.trim().toLowerCase();
  if (everyName.test(lower)) return new RegExp(`(^(${letters}+[.])+$)|(^[.]$)`);
  const escaped = withFinalDot(lower)
    .replaceAll(".", "[.]")
    .replace(/^\*{2,}\[\.\]/, `(${letters}+([.]${letters}+)#)[.]`)
    .replace(/\*+/g, `${letters}*`)
    // Held back so that the repetition is not itself taken for a wildcard.
    .replace("#", "*");
  return new RegExp(`^${escaped}$`);
}

const compiled = new Map<string, RegExp>();

/** `*` stays inside one label, a leading `**.` takes whole labels, and no pattern matches the name below its dot. */
export function matchesName(selector: { readonly pattern: string }, name: string): boolean {
  let pattern = compiled.get(selector.pattern);
  if (pattern === undefined) compiled.set(selector.pattern, (pattern = expression(selector.pattern)));
  return pattern.test(withFinalDot(name.toLowerCase()));
}

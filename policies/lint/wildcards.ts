/** Wildcards: patterns of names that let in more servers than a person thinks of. */
import { isPattern, plainName } from "../reachability/select/dns-names.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { listOf, textOf, type Seen } from "./seen.ts";

interface WrittenPattern {
  readonly pattern: string;
  readonly finding: (what: string, expected: string) => LintFinding;
}

/** `*` alone is a rule of its own. */
function patternsOf({ entries }: Seen): WrittenPattern[] {
  return entries.flatMap(({ manifest, fields, path, action }) =>
    // What stands in a deny Cilium drops, which is told while reading.
    (action === "deny" ? [] : listOf(fields, "toFQDNs")).flatMap((each, index): WrittenPattern[] => {
      const pattern = plainName(textOf(each, "matchPattern") ?? "");
      if (!isPattern(pattern) || /^\*+$/.test(pattern)) return [];
      const at = `${path}.toFQDNs[${String(index)}]`;
      return [{ pattern, finding: (what, expected) => ({ manifest, path: at, what, expected }) }];
    }),
  );
}

/** Whether the wildcard stands where names are registered: in the last two labels. */
function isRegistrable(pattern: string): boolean {
  return pattern
    .split(".")
    .slice(-2)
    .some((label) => label.includes("*"));
}

export const lookalikeName: LintRule = {
  code: "lint/lookalike-name",
  severity: "warning",
  finds: "a wildcard in the part of a name that anybody may register: `*example.com`, `*.com`",
  why: "`*example.com` matches notexample.com too, and no name below example.com",
  fix: "write `*.` before the name for what is one label below it, and `matchName` for the name itself",
  find: (seen) =>
    patternsOf(seen)
      .filter(({ pattern }) => isRegistrable(pattern))
      .map(({ pattern, finding }) =>
        finding(`\`${pattern}\` matches names that anybody may register`, "a pattern below a name that is registered"),
      ),
};

export const wildcardName: LintRule = {
  code: "lint/wildcard-name",
  severity: "note",
  finds: "`toFQDNs` with a pattern instead of exact names",
  why: "every server below the name is allowed, also those that others may make there, as under the names of a cloud",
  fix: "list the names with `matchName`",
  find: (seen) =>
    patternsOf(seen)
      .filter(({ pattern }) => !isRegistrable(pattern))
      .map(({ pattern, finding }) =>
        finding(`\`${pattern}\` allows every server of such a name, whoever runs it`, "exact names with `matchName`"),
      ),
};

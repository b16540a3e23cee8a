/** Exceptions: parts of a range that are taken out, and yet stay in. */
import { originText } from "../reachability/explain.ts";
import type { Rule } from "../reachability/model.ts";
import {
  containsAddress,
  containsCidr,
  formatCidr,
  parseAddress,
  parseCidr,
  type Cidr,
} from "../reachability/select/cidr.ts";
import type { CidrSelector } from "../reachability/select/selectors.ts";
import { isWholeWorld, scopeCovered, subjectCovered } from "./coverage.ts";
import { privateBlocks } from "./ranges.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import type { Seen } from "./seen.ts";

interface Excepting {
  readonly rule: Rule;
  readonly selector: CidrSelector;
}

function excepting({ world }: Seen): Excepting[] {
  return world.rules.flatMap((rule) => {
    if (rule.action === "deny" || rule.certainty === "doubtful" || rule.peers.kind === "nobody") return [];
    return rule.peers.selectors.flatMap((selector) =>
      selector.kind === "cidr" && selector.except.length > 0 ? [{ rule, selector }] : [],
    );
  });
}

export const exceptionReopened: LintRule = {
  code: "lint/exception-reopened",
  severity: "warning",
  finds: "an `except` of an allowed range that another allow of the same pods opens again as a whole",
  why: "an exception takes out of its own range only, and allows add up, so it keeps nothing out",
  fix: "except the range in the other allow as well, or deny it",
  find: (seen) =>
    excepting(seen).flatMap(({ rule, selector }): LintFinding[] => {
      const manifest = seen.manifestOf(rule.origin);
      const reopened = selector.except.flatMap((range) =>
        seen.world.rules.filter((other) => opens(other, rule, selector, range, seen)).map((by) => ({ range, by })),
      );
      const [first] = reopened;
      if (manifest === undefined || first === undefined) return [];
      const ranges = [...new Set(reopened.map(({ range }) => formatCidr(range)))].map((text) => `\`${text}\``);
      const by = [...new Set(reopened.map((each) => originText(each.by.origin)))];
      return [
        {
          manifest,
          path: rule.origin.path,
          what: `the exception ${ranges.join(", ")} keeps nothing out, because ${by.join(", ")} ${by.length === 1 ? "allows" : "allow"} it to the same pods`,
          expected: "the same exception wherever the range is allowed",
        },
      ];
    }),
};

function opens(other: Rule, rule: Rule, own: CidrSelector, range: Cidr, seen: Seen): boolean {
  if (other.action === "deny" || other.direction !== rule.direction || other.certainty === "doubtful") return false;
  if (other.peers.kind === "nobody" || !scopeCovered(rule.scope, other.scope)) return false;
  const wide = other.peers.selectors.some((selector) => {
    if (selector === own) return false;
    if (selector.kind !== "cidr") return isWholeWorld(selector);
    const kept = selector.except.some((each) => containsCidr(each, range) || containsCidr(range, each));
    return !kept && selector.cidrs.some((each) => containsCidr(each, range));
  });
  return wide && subjectCovered(rule.subject, other.subject, seen);
}

/** Where a cloud tells a machine who it is, and gives it credentials. */
const metadata = parseAddress("169.254.169.254");
const linkLocal = parseCidr("169.254.0.0/16");

export const metadataReachable: LintRule = {
  code: "lint/metadata-reachable",
  severity: "note",
  finds: "an allow of the world except private blocks that leaves 169.254.169.254 in",
  why: "there a cloud hands out the credentials of the node, so the internet is not all that is opened",
  fix: "add `169.254.0.0/16` to the exceptions",
  find: (seen) =>
    excepting(seen).flatMap(({ rule, selector }): LintFinding[] => {
      const manifest = seen.manifestOf(rule.origin);
      if (manifest === undefined || metadata === undefined || linkLocal === undefined) return [];
      if (!selector.cidrs.some((range) => containsAddress(range, metadata))) return [];
      if (!selector.except.some((each) => privateBlocks.some((block) => containsCidr(each, block)))) return [];
      if (selector.except.some((each) => containsAddress(each, metadata))) return [];
      return [
        {
          manifest,
          path: rule.origin.path,
          what: "this leaves out private blocks and not 169.254.169.254, where a cloud hands out the node's credentials",
          expected: "`169.254.0.0/16` among the exceptions",
        },
      ];
    }),
};

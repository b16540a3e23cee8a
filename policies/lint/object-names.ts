/** Object names: those that Kubernetes does not take. */
import { kindOf } from "../reachability/read/other-kinds.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { namesOf } from "./seen.ts";

/** RFC 1123, as Kubernetes asks it of an object's name. */
const objectName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const invalidName: LintRule = {
  code: "lint/invalid-name",
  severity: "warning",
  finds: "a policy or a CIDR group with a name that Kubernetes does not take, such as `allowWeb` or `allow_web`",
  why: "the API server refuses the object, so none of it exists",
  fix: "use small letters, digits, `-` and `.`",
  find: ({ manifests }) =>
    manifests.flatMap((manifest): LintFinding[] => {
      if (!/(NetworkPolicy|^CiliumCIDRGroup)$/.test(kindOf(manifest.object))) return [];
      const { name } = namesOf(manifest.object);
      if (name.length <= 253 && objectName.test(name)) return [];
      return [
        {
          manifest,
          path: "metadata.name",
          what: `the API server takes no object of the name \`${name}\``,
          expected: "at most 253 of `a`-`z`, `0`-`9`, `-` and `.`, starting and ending with a letter or a digit",
        },
      ];
    }),
};

/** Authentication: handshakes that never succeed. */
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, textOf } from "./seen.ts";

export const authenticationOff: LintRule = {
  code: "lint/authentication-off",
  severity: "note",
  finds: "`authentication.mode: required`, unless `--mesh-auth` says that the agents can do it",
  why: "where authentication is off in the agents, a connection that needs a handshake is dropped",
  fix: "turn mesh authentication on, or remove the field",
  find: ({ entries, meshAuthentication }) =>
    entries.flatMap(({ manifest, path, fields }): LintFinding[] => {
      if (meshAuthentication === "on" || textOf(fieldsOf(fields, "authentication"), "mode") !== "required") return [];
      return [
        {
          manifest,
          path: `${path}.authentication`,
          what: "this drops every connection unless authentication is on in the agents",
          expected: "a cluster with mesh authentication, which `--mesh-auth` tells",
        },
      ];
    }),
};

export const authenticationFails: LintRule = {
  code: "lint/authentication-fails",
  severity: "warning",
  finds: "`authentication.mode: test-always-fail`",
  why: "it is made for Cilium's own tests: the handshake never succeeds, so nothing passes",
  fix: "use `required`, or remove the field",
  find: ({ entries }) =>
    entries.flatMap(({ manifest, path, fields }): LintFinding[] => {
      if (textOf(fieldsOf(fields, "authentication"), "mode") !== "test-always-fail") return [];
      const what = "this handshake never succeeds, so the entry allows nothing";
      return [{ manifest, path: `${path}.authentication.mode`, what, expected: "`required`, or no field" }];
    }),
};

/** Requests: HTTP rules that keep nothing out, that no request fits, or that do more than record. */
import { httpPortsOf } from "./http.ts";
import { writing } from "./repairs.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { listOf, textOf } from "./seen.ts";

export const httpOfEverything: LintRule = {
  code: "lint/http-of-everything",
  severity: "note",
  finds: "an HTTP rule without any field: `http: [{}]`",
  why: "it matches every request, so the proxy reads them all and keeps none out; there is no limit of rates in a policy",
  fix: "remove the rules, or say which requests pass; limits of rates belong to the gateway",
  find: (seen) =>
    httpPortsOf(seen).flatMap(({ entry, path, rules }): LintFinding[] => {
      const index = rules.findIndex((rule) => Object.keys(rule).length === 0);
      if (index < 0) return [];
      return [
        {
          manifest: entry.manifest,
          path: `${path}.rules.http[${String(index)}]`,
          what: "this matches every request, so nothing is kept out",
          expected: "a method, a path, a host or a header, or no rules",
        },
      ];
    }),
};

const methods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

export const methodCase: LintRule = {
  code: "lint/method-case",
  severity: "warning",
  finds: "the method of an HTTP rule in small letters: `get`",
  why: "methods are compared letter by letter, and clients send capitals, so no request matches",
  fix: "write it in capitals",
  certain: "all",
  find: (seen) =>
    httpPortsOf(seen).flatMap(({ entry, path, rules }) =>
      rules.flatMap((rule, index): LintFinding[] => {
        const written = textOf(rule, "method") ?? "";
        const capitals = written.toUpperCase();
        if (written === capitals || !capitals.split("|").every((each) => methods.includes(each))) return [];
        const at = `${path}.rules.http[${String(index)}].method`;
        const what = `no request has the method \`${written}\`, because methods are written in capitals`;
        return [
          {
            manifest: entry.manifest,
            path: at,
            what,
            expected: `\`${capitals}\``,
            repair: writing(at, capitals),
          },
        ];
      }),
    ),
};

export const headerWithoutMismatch: LintRule = {
  code: "lint/header-without-mismatch",
  severity: "note",
  finds: "`headerMatches` without `mismatch`",
  why: "a request without the header, or with another value, is dropped: nothing is only recorded",
  fix: "write `mismatch: LOG` to let such requests pass and record them; keep it if they are to be dropped",
  find: (seen) =>
    httpPortsOf(seen).flatMap(({ entry, path, rules }) =>
      rules.flatMap((rule, index) =>
        listOf(rule, "headerMatches").flatMap((match, at): LintFinding[] => {
          if (textOf(match, "mismatch") !== undefined) return [];
          const name = textOf(match, "name") ?? "";
          return [
            {
              manifest: entry.manifest,
              path: `${path}.rules.http[${String(index)}].headerMatches[${String(at)}]`,
              what: `a request whose \`${name}\` does not match is dropped`,
              expected: "`mismatch` with LOG, ADD, DELETE or REPLACE, if it is to pass",
            },
          ];
        }),
      ),
    ),
};

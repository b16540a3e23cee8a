/** HTTP: rules that the proxy never gets to see, that match less than they seem to, or that tell a secret. */
import { rangeCovers } from "../reachability/judge/ports.ts";
import type { Fields } from "../reachability/read/fields.ts";
import { writing } from "./repairs.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, textOf, textsOf, type Entry, type Seen } from "./seen.ts";

/** One element of `toPorts` with HTTP rules. */
interface HttpPort {
  readonly entry: Entry;
  readonly fields: Fields;
  readonly path: string;
  readonly rules: readonly Fields[];
}

/** Elements of `toPorts` with HTTP rules, of allows. */
export function httpPortsOf({ entries }: Seen): HttpPort[] {
  return entries
    .filter(({ policy, action }) => policy.kind !== "NetworkPolicy" && action === "allow")
    .flatMap((entry) =>
      listOf(entry.fields, "toPorts").map((fields, index) => ({
        entry,
        fields,
        path: `${entry.path}.toPorts[${String(index)}]`,
        rules: listOf(fieldsOf(fields, "rules"), "http"),
      })),
    )
    .filter(({ rules }) => rules.length > 0);
}

/** Ports that clients speak TLS on by convention, and that are little used otherwise. */
const encrypted = [443, 6443, 8443] as const;

function encryptedPort(port: Fields): string | undefined {
  const written = String(port["port"]);
  if (written.toLowerCase() === "https") return written;
  const [first, end] = [Number(written), Number(port["endPort"] ?? 0)];
  const found = encrypted.find((number) => first > 0 && rangeCovers(first, end, number));
  return found === undefined ? undefined : String(found);
}

export const httpOnTlsPort: LintRule = {
  code: "lint/http-on-tls-port",
  severity: "warning",
  finds: "HTTP rules on 443, 6443, 8443 or `https` without `terminatingTLS`",
  why: "the proxy sees TLS and no request, so nothing matches and every call fails",
  fix: "allow the server by name with `serverNames`, or end TLS with `terminatingTLS` and `originatingTLS`",
  find: (seen) =>
    httpPortsOf(seen).flatMap(({ entry, fields, path }): LintFinding[] => {
      if (fields["terminatingTLS"] !== undefined) return [];
      const port = listOf(fields, "ports")
        .map(encryptedPort)
        .find((each) => each !== undefined);
      if (port === undefined) return [];
      return [
        {
          manifest: entry.manifest,
          path: `${path}.rules.http`,
          what: `HTTP rules on port \`${port}\`, where clients speak TLS: the proxy sees no request in it, so every call fails`,
          expected: "`serverNames` without `rules`, or `terminatingTLS` and `originatingTLS` beside them",
        },
      ];
    }),
};

export const pathNotPrefix: LintRule = {
  code: "lint/path-not-prefix",
  severity: "warning",
  finds: "an HTTP path that looks like a prefix or a glob: `/v1`, `/api/`, `/static/*`",
  why: "the expression has to match the whole path, query included, and `*` repeats the character before it",
  fix: "end it with `.*`",
  certain: "globs",
  find: (seen) =>
    httpPortsOf(seen).flatMap(({ entry, path, rules }) =>
      rules.flatMap((rule, index): LintFinding[] => {
        const written = textOf(rule, "path");
        const read = written === undefined ? undefined : misread(written);
        if (written === undefined || read === undefined) return [];
        return [
          {
            manifest: entry.manifest,
            path: `${path}.rules.http[${String(index)}].path`,
            what: `\`${written}\` matches ${read.matches}, because the expression has to match the whole path`,
            expected: `\`${read.meant}\` for everything below it`,
            // A folder or a version may be meant as the one path that it is; a glob never is.
            ...(written.endsWith("*")
              ? { repair: writing(`${path}.rules.http[${String(index)}].path`, read.meant) }
              : {}),
          },
        ];
      }),
    ),
};

/** Only spellings that nobody chooses for what they match. */
function misread(path: string): { readonly matches: string; readonly meant: string } | undefined {
  const glob = /^((?:\/[\w-]+)+)\/\*$/.exec(path)?.[1];
  if (glob !== undefined)
    return { matches: `\`${glob}\` with slashes behind it and nothing else`, meant: `${glob}/.*` };
  const folder = /^((?:\/[\w-]+)+)\/$/.exec(path)?.[1];
  if (folder !== undefined) return { matches: "this one path alone", meant: `${folder}/.*` };
  if (/^\/(api|v\d+|api\/v\d+)$/.test(path)) return { matches: "this one path alone", meant: `${path}/.*` };
  return undefined;
}

/** Names of headers that carry credentials. */
const credential = /^(proxy-)?authorization$|^cookie$|api-?key|subscription-key|token|secret|password/i;

export const literalSecret: LintRule = {
  code: "lint/literal-secret",
  severity: "warning",
  finds: "the value of a header that carries credentials, written out in an HTTP rule",
  why: "whoever may read policies reads the secret, and it stays in the history of the file",
  fix: "keep it in a Secret and name that in `headerMatches[].secret`",
  find: (seen) =>
    httpPortsOf(seen).flatMap(({ entry, path, rules }) =>
      rules.flatMap((rule, index) =>
        literalHeaders(rule).map(({ name, at }): LintFinding => ({
          manifest: entry.manifest,
          path: `${path}.rules.http[${String(index)}].${at}`,
          what: `the value of \`${name}\` is written out, for everybody to read who may read policies`,
          expected: "`headerMatches` with `secret`",
        })),
      ),
    ),
};

function literalHeaders(rule: Fields): { readonly name: string; readonly at: string }[] {
  // In `headers` the value stands behind the first blank; a name alone asks only for presence.
  const plain = textsOf(rule, "headers").map((text, index) => {
    const [name = "", value = ""] = text.split(/:?\s+(.*)/s);
    return { name, value, at: `headers[${String(index)}]` };
  });
  const matches = listOf(rule, "headerMatches").map((match, index) => ({
    name: textOf(match, "name") ?? "",
    value: textOf(match, "value") ?? "",
    at: `headerMatches[${String(index)}].value`,
  }));
  return [...plain, ...matches].filter(({ name, value }) => value !== "" && credential.test(name));
}

/**
 * Requests: whether one request passes what remains at L7. Verdicts never judge requests (L2); a repair must.
 */
import { RE2JS } from "re2js";

import { matchesName } from "../select/dns-names.ts";
import type { L7Restriction } from "../judge/l7.ts";
import type { L7Union } from "../model.ts";
import { isFields, type Fields } from "../read/fields.ts";

/** A request that a proxy saw. */
export type Request =
  | {
      readonly kind: "http";
      readonly method: string;
      readonly host: string;
      /** With its query, because that is what Envoy compares. */
      readonly path: string;
      readonly headers: readonly (readonly [name: string, value: string])[];
    }
  | { readonly kind: "dns"; readonly query: string };

/** `unknown`: the listener or the TLS inspection decides by what we do not see. */
export type Passing = "passes" | "fails" | "unknown";

/** An empty union restricts nothing. One element that lets the request pass is enough (S22). */
export function passing(request: Request, union: L7Union): Passing {
  const answers = union.map((element) => (element.kind === "anything" ? "passes" : byRestriction(request, element.by)));
  if (union.length === 0 || answers.includes("passes")) return "passes";
  return answers.includes("unknown") ? "unknown" : "fails";
}

function byRestriction(request: Request, restriction: L7Restriction): Passing {
  switch (restriction.kind) {
    case "none":
      return "passes";
    case "http":
    case "dns":
      if (restriction.rules.length === 0) return "passes";
      if (restriction.kind !== request.kind) return "fails";
      return restriction.rules.some((rule) => matches(request, JSON.parse(rule) as unknown)) ? "passes" : "fails";
    case "tls":
    case "listener":
      return "unknown";
  }
}

function matches(request: Request, rule: unknown): boolean {
  const fields = isFields(rule) ? rule : {};
  if (request.kind === "dns") return matchesQuery(request.query, fields);
  const { path, method, host, headers, headerMatches } = fields;
  return (
    whole(path, request.path) &&
    whole(method, request.method) &&
    whole(host, request.host) &&
    (!Array.isArray(headers) || headers.every((each) => carries(request, String(each)))) &&
    // A match may replace the header instead of refusing the request; what it compares may be a Secret.
    (!Array.isArray(headerMatches) || headerMatches.length === 0)
  );
}

function matchesQuery(query: string, { matchName, matchPattern }: Fields): boolean {
  return [matchName, matchPattern].some((pattern) => typeof pattern === "string" && matchesName({ pattern }, query));
}

/** Envoy compares the whole text with the expression. What is no expression matches nothing. */
function whole(expression: unknown, text: string): boolean {
  if (typeof expression !== "string" || expression === "") return true;
  try {
    return RE2JS.matches(expression, text);
  } catch {
    return false;
  }
}

/** `X-Name: value`, or a name alone that must be there. */
function carries({ headers }: Extract<Request, { kind: "http" }>, rule: string): boolean {
  const [name = "", ...rest] = rule.split(":");
  const value = rest.join(":").trim();
  return headers.some(
    ([key, given]) => key.toLowerCase() === name.trim().toLowerCase() && (rest.length === 0 || given === value),
  );
}

/** The rule that lets exactly this request pass, whatever its headers. */
export function ruleFor(request: Request): { readonly kind: "http" | "dns"; readonly rule: Fields } {
  if (request.kind === "dns") return { kind: "dns", rule: { matchName: request.query } };
  return { kind: "http", rule: { method: request.method, path: literal(request.path) } };
}

function literal(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

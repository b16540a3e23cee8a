/** Places: where a problem is, taken apart, and the line of the field instead of that of its object. */
import type { Problem } from "../../problems.ts";
import type { Place } from "../explain.ts";
import type { PolicyKind } from "../model.ts";

export interface Parts {
  /** `policies/dns.yaml:12`, the line of the object. */
  readonly source?: string;
  /** `CiliumNetworkPolicy dev/db`. */
  readonly object?: string;
  /** `spec.egress[0].toFQDNs`. */
  readonly field?: string;
}

/** The three parts of a place, as the reader of worlds writes them: `file:line › Kind namespace/name › field`. */
export function partsOf(where: string): Parts {
  const parts = where.split(separator);
  const [first = "", second, third] = parts;
  if (second === undefined) return { source: first };
  if (third === undefined) return { object: first, field: second };
  return { source: first, object: second, field: parts.slice(2).join(separator) };
}

const separator = " › ";

/** `file:line` of a field, if somebody knows it. */
export function fieldPlace(object: string, path: string, place: Place): string | undefined {
  const [kind = "", name = ""] = object.split(" ");
  const slash = name.indexOf("/");
  const policy = slash < 0 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
  return place({ policy: { kind: kind as PolicyKind, ...policy }, path });
}

/** The same problem with the line of its field. */
export function atItsField(problem: Problem, place: Place): Problem {
  const { source, object, field } = partsOf(problem.where);
  if (source === undefined || object === undefined || field === undefined) return problem;
  const at = fieldPlace(object, field, place);
  return at === undefined ? problem : { ...problem, where: [at, object, field].join(separator) };
}

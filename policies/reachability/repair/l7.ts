/**
 * L7: ways to let one request pass where the port is open and the rules on it lack it.
 */
import type { Rule } from "../model.ts";
import { isFields } from "../read/fields.ts";
import { entryFor, peersOf } from "./allow-cilium.ts";
import { entryPath, type Block } from "./blocks.ts";
import { at, type Edit } from "./edits.ts";
import { ruleFor, type Request } from "./requests.ts";
import { governed, placeText, type Candidate, type WantedSide } from "./side.ts";

/** `deciding` are the places of the entries that opened the port. */
export function requestCandidates(
  side: WantedSide,
  request: Request,
  deciding: readonly string[],
): readonly Candidate[] {
  const blocks = side.blocks.filter(
    (block) => block.policy.kind !== "NetworkPolicy" && governed(block, side) === "only the subject",
  );
  const speaks = (rule: Rule): boolean => deciding.includes(JSON.stringify(rule.origin));
  return [
    ...blocks.flatMap((block) => block.rules.filter(speaks).flatMap((rule) => extended(block, rule, side, request))),
    ...blocks.flatMap((block) => (block.rules.some(speaks) ? added(block, side, request) : [])),
  ];
}

function extended(block: Block, rule: Rule, side: WantedSide, request: Request): readonly Candidate[] {
  const path = entryPath(rule);
  const entry = at(block.spec, path.slice(block.path.length));
  const list = isFields(entry) && Array.isArray(entry["toPorts"]) ? (entry["toPorts"] as unknown[]) : [];
  const { kind, rule: value } = ruleFor(request);
  return list.flatMap((each, index): Candidate[] => {
    const rules = isFields(each) ? at(each, ["rules", kind]) : undefined;
    if (!Array.isArray(rules) || rules.length === 0) return [];
    const edit: Edit = {
      kind: "append",
      manifest: block.manifest,
      path: [...path, "toPorts", index, "rules", kind],
      value,
    };
    return [{ what: `let ${placeText(block.policy, path)} pass ${requestText(request)} as well`, edits: [edit] }];
  });
}

function added(block: Block, side: WantedSide, request: Request): readonly Candidate[] {
  const { kind, rule } = ruleFor(request);
  if (request.kind === "dns" && side.direction === "ingress") return [];
  return peersOf(side, block.policy)
    .filter(({ field }) => !field.endsWith("CIDRSet"))
    .map((peer) => {
      const entry = entryFor(peer, side);
      const [ports] = Array.isArray(entry["toPorts"]) ? (entry["toPorts"] as unknown[]) : [];
      const value = { ...entry, toPorts: [{ ...(isFields(ports) ? ports : {}), rules: { [kind]: [rule] } }] };
      const edit: Edit = { kind: "append", manifest: block.manifest, path: [...block.path, side.direction], value };
      return {
        what: `add an ${side.direction} entry for ${requestText(request)} to ${placeText(block.policy, block.path)}`,
        edits: [edit],
      };
    });
}

/** `GET /flights`, `the name api.github.com`. */
export function requestText(request: Request): string {
  return request.kind === "http" ? `${request.method} ${request.path}` : `the name ${request.query}`;
}

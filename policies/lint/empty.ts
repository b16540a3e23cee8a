/** Empty: lists without anything in them, which mean everyone, nobody or nothing at all, depending on where they stand. */
import { kindOf } from "../reachability/read/other-kinds.ts";
import { ruleLists } from "../reachability/read/policy-objects.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, specsOf, type Entry, type Seen } from "./seen.ts";

/** Fields of peers that are as if absent when they are empty; the others then select nobody. */
const asIfAbsent = /^(from|to)(FQDNs|Groups|Services)$/;

export const emptyList: LintRule = {
  code: "lint/empty-list",
  severity: "warning",
  finds:
    "an empty list of peers or ports: `toEndpoints: []`, `toFQDNs: []`, `ports: []`, or `to: []` in a NetworkPolicy",
  why: "it means nobody in most fields, everyone in `toFQDNs`, `toServices`, `toGroups` and NetworkPolicies, never what a filled list means",
  fix: "leave the whole entry out where there is nothing to list",
  find: ({ entries }) => entries.flatMap((entry) => (entry.rules.length === 0 ? [] : emptyLists(entry))),
};

function emptyLists({ manifest, policy, fields, path, action, direction }: Entry): LintFinding[] {
  const found = (at: string, what: string, expected: string): LintFinding => ({ manifest, path: at, what, expected });
  const verb = action === "allow" ? "allows" : "denies";
  const side = direction === "ingress" ? "from" : "to";
  const whole = "an entry with peers, or no entry";
  if (policy.kind === "NetworkPolicy") {
    return isEmpty(fields[side]) ? [found(`${path}.${side}`, `an empty list here ${verb} everyone`, whole)] : [];
  }
  const peers = Object.keys(fields).filter((key) => /^(from|to)[A-Z]/.test(key) && key !== "toPorts");
  const named = peers.some((key) => !isEmpty(fields[key]));
  const empty = peers.filter((key) => isEmpty(fields[key]));
  const closing = empty.filter((key) => !asIfAbsent.test(key));
  const open = empty.filter((key) => asIfAbsent.test(key));
  return [
    ...closing.map((key) => found(`${path}.${key}`, `an empty list here ${verb} nobody`, whole)),
    // Without ports an entry that names nobody has nothing to say to anybody.
    ...(closing.length > 0 || named || fields["toPorts"] === undefined
      ? []
      : open.map((key) => found(`${path}.${key}`, `an empty list here ${verb} everyone on these ports`, whole))),
    ...listOf(fields, "toPorts").flatMap((each, index) =>
      isEmpty(each["ports"])
        ? [
            found(
              `${path}.toPorts[${String(index)}].ports`,
              `an empty list here ${verb} no port`,
              "ports, or no `toPorts` for every port",
            ),
          ]
        : [],
    ),
  ];
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

export const emptyDirection: LintRule = {
  code: "lint/empty-direction",
  severity: "warning",
  finds: "`ingress: []` or `egress: []` in a Cilium policy that speaks of the other direction",
  why: "in a NetworkPolicy it closes the direction, in Cilium's kinds it says nothing, so the direction stays as it was",
  fix: "write `[{}]` to close the direction, or leave the field out",
  find: (seen) =>
    ciliumSpecs(seen).flatMap(({ manifest, spec, specPath }) =>
      ruleLists.flatMap(({ field, direction }): LintFinding[] => {
        // With `enableDefaultDeny` it is told there.
        if (!isEmpty(spec[field]) || fieldsOf(spec, "enableDefaultDeny")[direction] === true) return [];
        if (ruleLists.every((each) => listOf(spec, each.field).length === 0)) return [];
        const what = `an empty list says nothing here: ${direction} stays as other policies leave it`;
        return [
          { manifest, path: `${specPath}.${field}`, what, expected: "`[{}]` to close the direction, or no field" },
        ];
      }),
    ),
};

export const defaultDenyWithoutEntry: LintRule = {
  code: "lint/default-deny-without-entry",
  severity: "warning",
  finds: "`enableDefaultDeny` set to true for a direction in which the policy has no entry",
  why: "default deny comes from entries: without one the direction stays open",
  fix: "add an entry for the direction; `[{}]` closes it and opens nothing",
  find: (seen) =>
    ciliumSpecs(seen).flatMap(({ manifest, spec, specPath }) =>
      (["ingress", "egress"] as const).flatMap((direction): LintFinding[] => {
        if (fieldsOf(spec, "enableDefaultDeny")[direction] !== true) return [];
        const own = ruleLists.filter((each) => each.direction === direction);
        if (own.some(({ field }) => listOf(spec, field).length > 0)) return [];
        return [
          {
            manifest,
            path: `${specPath}.enableDefaultDeny.${direction}`,
            what: `this closes nothing, because the policy has no ${direction} entry`,
            expected: `an entry in \`${direction}\` or \`${direction}Deny\`, \`{}\` if nothing is to be opened`,
          },
        ];
      }),
    ),
};

function ciliumSpecs({ manifests }: Seen) {
  return manifests
    .filter(({ object }) => /^Cilium(Clusterwide)?NetworkPolicy$/.test(kindOf(object)))
    .flatMap((manifest) => specsOf(manifest.object).map((each) => ({ manifest, ...each })));
}

/**
 * CIDR groups: ranges kept in an object of their own, to which policies refer by name.
 */
import { containsCidr, parseCidr, type Cidr } from "../select/cidr.ts";
import { identityLabels, ownPrefix, type IdentityLabels } from "../select/labels.ts";
import { selectsLabels, withSource, type Expression, type LabelSelector } from "../select/selectors.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";

export interface CidrGroup {
  readonly cidrs: readonly Cidr[];
  readonly labels: IdentityLabels;
}

/** Each CiliumCIDRGroup by its name. */
export type CidrGroups = ReadonlyMap<string, CidrGroup>;

/** The source of a group's labels in Cilium's identities. */
const source = "cidrgroup";

/** Cilium skips a range that it cannot read and keeps the others. */
export function readCidrGroup(object: Fields, reading: Reading): readonly [string, CidrGroup] {
  const metadata = isFields(object["metadata"]) ? object["metadata"] : {};
  const spec = reading.fields(object["spec"], "spec") ?? {};
  reading.only(spec, "spec", ["externalCIDRs"]);
  const written = reading.texts(spec["externalCIDRs"], "spec.externalCIDRs") ?? [];
  const ranges = written.flatMap((text, index) => {
    const range = parseCidr(text);
    if (range !== undefined) return [range];
    reading.refuse(`spec.externalCIDRs[${String(index)}]`, `\`${text}\` is no range`, "a range such as 10.0.0.0/8");
    return [];
  });
  // Cilium's own labels do not count, as on pods.
  const labels = [...reading.labels(metadata["labels"], "metadata.labels")].filter(
    ([key]) => !key.startsWith(ownPrefix),
  );
  return [
    reading.text(metadata["name"], "metadata.name") ?? "",
    { cidrs: ranges, labels: identityLabels(labels.map(([key, value]) => ({ source, key, value }))) },
  ];
}

/** A range with exceptions that stands for a selector on groups. */
export interface SelectedRanges {
  readonly cidrs: readonly Cidr[];
  readonly except: readonly Cidr[];
}

/**
 * An address carries the labels of every group it is in, so each requirement is met by addresses, not by groups: one
 * that asks for a label by all ranges of the groups that have it, and one that asks for none by all the rest of the
 * world (S28). Undefined where no group among the manifests has what is asked for.
 */
export function selectGroups(selector: LabelSelector, groups: CidrGroups): SelectedRanges | undefined {
  if (groups.size === 0) return undefined;
  const matching = (expression: Expression): Cidr[] => {
    const asked = { matchLabels: new Map<string, string>(), matchExpressions: [expression] };
    return [...groups.values()].flatMap(({ cidrs, labels }) => (selectsLabels(asked, labels) ? cidrs : []));
  };
  const { matchLabels, matchExpressions } = withSource(selector, source);
  const wanted: Expression[] = [...matchLabels].map(([key, value]) => ({ key, operator: "In", values: [value] }));
  const except: Cidr[] = [];
  for (const each of matchExpressions) {
    if (each.operator === "NotIn") except.push(...matching({ ...each, operator: "In" }));
    else if (each.operator === "DoesNotExist") except.push(...matching({ ...each, operator: "Exists" }));
    else wanted.push(each);
  }
  const found = wanted.map(matching);
  if (found.some((ranges) => ranges.length === 0)) return undefined;
  return { cidrs: found.reduce(commonRanges, everywhere), except };
}

const everywhere: readonly Cidr[] = ["0.0.0.0/0", "::/0"].flatMap((text) => parseCidr(text) ?? []);

/** Of two ranges, one is in the other or they have nothing in common. */
function commonRanges(some: readonly Cidr[], others: readonly Cidr[]): readonly Cidr[] {
  return some.flatMap((one) =>
    others.flatMap((other) => (containsCidr(one, other) ? [other] : containsCidr(other, one) ? [one] : [])),
  );
}

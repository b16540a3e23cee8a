/**
 * CIDR groups: ranges kept in an object of their own, to which policies refer by name.
 */
import { parseCidr, type Cidr } from "../cidr.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";

/** The ranges of each CiliumCIDRGroup, by its name. */
export type CidrGroups = ReadonlyMap<string, readonly Cidr[]>;

/** Cilium skips a range that it cannot read and keeps the others. */
export function readCidrGroup(object: Fields, reading: Reading): readonly [string, readonly Cidr[]] {
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
  return [reading.text(metadata["name"], "metadata.name") ?? "", ranges];
}

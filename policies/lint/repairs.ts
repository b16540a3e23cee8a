/** Repairs: what takes away a finding of reading, where only one thing can be meant. Rules of lint bring their own. */
import type { Problem } from "../problems.ts";
import { parseCidrOrAddress } from "../reachability/select/cidr.ts";
import { isFields, type Fields, type Manifest } from "../reachability/read/fields.ts";
import { policyOf } from "../reachability/read/policy-objects.ts";
import { placeOf } from "../reachability/read/world.ts";
import { at, pathOf } from "../reachability/repair/edits.ts";
import type { Repair } from "./rule.ts";

/** Another value in place of the one that stands there. */
export function writing(path: string, value: unknown): Repair {
  return { says: `write \`${String(value)}\``, edits: [{ kind: "put", path: pathOf(path), value }] };
}

/** Undefined where more than one thing may be meant. */
export function repairOfReading(
  { code, where }: Problem,
  manifests: readonly Manifest[],
): (Repair & { readonly manifest: Manifest }) | undefined {
  const find = readingRepairs[code];
  if (find === undefined) return undefined;
  const manifest = manifests.find((each) => where.startsWith(`${placeOf(each)} › `));
  if (manifest === undefined || policyOf(manifest.object) === undefined) return undefined;
  const field = where.slice(`${placeOf(manifest)} › `.length);
  const repair = find(manifest.object, field);
  return repair === undefined ? undefined : { manifest, ...repair };
}

type Find = (object: Fields, field: string) => Repair | undefined;

const readingRepairs: Readonly<Record<string, Find>> = {
  /** A port of Cilium's kinds is a text. */
  "cilium/refused": (object, field) => {
    const value = at(object, pathOf(field));
    const isPort = /\.ports\[\d+\]\.port$/.test(field) && field.includes(".toPorts[");
    return isPort && typeof value === "number" && Number.isInteger(value) ? quoting(field, String(value)) : undefined;
  },
  "reachability/protocol-spelling": (object, field) => {
    const value = at(object, pathOf(field));
    return typeof value === "string" ? writing(field, value.toUpperCase()) : undefined;
  },
  "reachability/bare-address": (object, field) => {
    const value = at(object, pathOf(field));
    const range = typeof value === "string" ? parseCidrOrAddress(value) : undefined;
    return range === undefined ? undefined : writing(field, `${String(value)}/${String(range.bits)}`);
  },
  /** With ports it would depend on the port of the API server, which the Service hides. */
  "reachability/service-not-found": (object, field) => {
    const [, entryPath] = /^(.*\.egress\[\d+\])\.toServices\[0\]/.exec(field) ?? [];
    const entry = entryPath === undefined ? undefined : at(object, pathOf(entryPath));
    if (entryPath === undefined || !isFields(entry) || entry["toPorts"] !== undefined) return undefined;
    const services: unknown = entry["toServices"];
    if (!Array.isArray(services) || services.length !== 1 || !isApiServer(services[0])) return undefined;
    return {
      says: "write `toEntities: [kube-apiserver]`",
      edits: [
        { kind: "remove", path: pathOf(`${entryPath}.toServices`) },
        { kind: "put", path: pathOf(`${entryPath}.toEntities`), value: ["kube-apiserver"] },
      ],
    };
  },
};

function quoting(field: string, value: string): Repair {
  return { says: `write \`"${value}"\``, edits: [{ kind: "put", path: pathOf(field), value }] };
}

function isApiServer(service: unknown): boolean {
  const named = isFields(service) ? service["k8sService"] : undefined;
  return isFields(named) && named["serviceName"] === "kubernetes" && named["namespace"] === "default";
}

/**
 * policies/types: what an object of a kind may hold, generated from the CustomResourceDefinitions of the pinned add-ons,
 * so that a field those do not know does not compile.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { compile, type JSONSchema } from "json-schema-to-typescript";
import { format } from "prettier";
import { parse } from "yaml";

import type { KindSource } from "./kinds.ts";
import { named, type Definitions, type Schema } from "./schema.ts";

type Definition = NonNullable<JSONSchema["definitions"]>;

interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly scope: "Cluster" | "Namespaced";
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The text of one committed file. `module` is the folder of the add-on's Go module. */
export async function policyTypesText(source: KindSource, module: string, version: string): Promise<string> {
  const definitions: Definitions = new Map();
  const kinds = source.definitions.map((file) => {
    const text = readFileSync(join(module, source.folder, file), "utf8");
    return kindInterface(parse(text) as CustomResourceDefinition, definitions);
  });
  const all: JSONSchema = { type: "object", definitions: Object.fromEntries(definitions) as Definition };
  const types = await compile(all, "Unused", {
    bannerComment: "",
    format: false,
    unreachableDefinitions: true,
    additionalProperties: false,
  });
  return await format(
    [
      `/** Kinds of ${source.module} ${version}, written by \`npm run types\` from its CustomResourceDefinitions. */`,
      metadata,
      ...kinds,
      ours(types),
    ].join("\n\n"),
    { parser: "typescript", printWidth: 120 },
  );
}

function kindInterface({ spec }: CustomResourceDefinition, definitions: Definitions): string {
  const { kind } = spec.names;
  const version = newest(spec.versions);
  const fields = version?.schema.openAPIV3Schema.properties ?? {};
  const own = (["spec", "specs"] as const).flatMap((field) => {
    const schema = fields[field];
    if (schema === undefined) return [];
    const { $ref, items } = named(schema, field === "specs" ? `${kind}Specs` : `${kind}Spec`, definitions);
    const type = nameOf($ref) ?? `readonly ${nameOf(items?.$ref) ?? "unknown"}[]`;
    return [`readonly ${field}?: ${type};`];
  });
  const place = spec.scope === "Namespaced" ? " & { readonly namespace?: string }" : "";
  return `export type ${kind} = {
    readonly apiVersion: "${spec.group}/${version?.name ?? ""}";
    readonly kind: "${kind}";
    readonly metadata: ObjectMetadata${place};
    ${own.join("\n")}
  };`;
}

/** The stable version where there is one: what is stored may still be an older form. */
function newest(versions: CustomResourceDefinition["spec"]["versions"]): (typeof versions)[number] | undefined {
  const served = versions.filter((version) => version.served);
  return served.find(({ name }) => /^v\d+$/.test(name)) ?? served.find(({ storage }) => storage);
}

const metadata = `export type ObjectMetadata = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};`;

function nameOf(ref: string | undefined): string | undefined {
  return ref?.slice("#/definitions/".length);
}

/**
 * What the generator writes, as we write it: without where it found each type, nothing to be changed, and aliases in
 * place of interfaces, because only those are plain data to the compiler.
 */
function ours(types: string): string {
  return types
    .replaceAll(/\/\*\*[\s\S]*?\*\/\n?/g, "")
    .replace(/export interface Unused \{\s*\}/, "")
    .replaceAll(/export interface (\w+) \{/g, "export type $1 = {")
    .replaceAll(/^(\[?["\w][^\n]*?\]?\??: )/gm, "readonly $1")
    .replaceAll(/: ([^\n:]+)\[\]$/gm, ": readonly $1[]");
}

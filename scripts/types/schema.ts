/**
 * An OpenAPI schema of a CustomResourceDefinition, made ready for a generator of types: without prose, with every
 * object that has fields named once.
 */

/** What of a schema says something about the form of an object. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/** Named schemas, in the order in which they were met. */
export type Definitions = Map<string, Schema>;

/** The schema with every object below it replaced by a reference into `definitions`. */
export function named(schema: Schema, name: string, definitions: Definitions): Schema {
  if (schema["x-kubernetes-int-or-string"] === true) return { anyOf: [{ type: "integer" }, { type: "string" }] };
  if (schema.enum !== undefined) return { enum: schema.enum };
  if (schema.items !== undefined) return { type: "array", items: named(schema.items, singular(name), definitions) };
  if (schema.properties !== undefined) return reference(objectSchema(schema, name, definitions), name, definitions);
  if (typeof schema.additionalProperties === "object") {
    return { type: "object", additionalProperties: named(schema.additionalProperties, singular(name), definitions) };
  }
  if (schema.type === "object" || schema["x-kubernetes-preserve-unknown-fields"] === true) {
    return { type: "object", additionalProperties: true };
  }
  return schema.type === undefined ? {} : { type: schema.type };
}

function objectSchema(schema: Schema, name: string, definitions: Definitions): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([key, each]): [string, Schema] => [
    key,
    named(each, key, definitions),
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(schema.required === undefined ? {} : { required: schema.required }),
    additionalProperties: schema["x-kubernetes-preserve-unknown-fields"] === true,
  };
}

/** Equal objects share a name, whatever field they stand in; another object of the same name gets a number. */
function reference(schema: Schema, field: string, definitions: Definitions): Schema {
  const text = JSON.stringify(schema);
  const wanted = isLabelSelector(schema) ? "LabelSelector" : field.charAt(0).toUpperCase() + field.slice(1);
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}${String(count)}`;
    const known = definitions.get(name);
    if (known === undefined) definitions.set(name, schema);
    if (known === undefined || JSON.stringify(known) === text) return { $ref: `#/definitions/${name}` };
  }
}

function isLabelSelector({ properties = {} }: Schema): boolean {
  return Object.keys(properties).sort().join() === "matchExpressions,matchLabels";
}

function singular(name: string): string {
  if (name === "dns") return name;
  if (name.endsWith("ches")) return name.slice(0, -2);
  if (name.endsWith("ies")) return `${name.slice(0, -3)}y`;
  return /[^s]s$/.test(name) ? name.slice(0, -1) : name;
}

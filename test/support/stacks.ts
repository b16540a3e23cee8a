/** Stacks: the configurations whose resources are committed as goldens. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { kubeconfigOf } from "./answers.ts";
import { fencesIn, textOf } from "./documents.ts";

export interface StackCase {
  /** Name of the stack, and of its golden. */
  readonly stack: string;
  /** By full key: text as it is, everything else as JSON, as Pulumi hands it over. */
  readonly config: Readonly<Record<string, string>>;
  /** Full keys of secrets. */
  readonly secrets: readonly string[];
}

const projectFolder = join(import.meta.dirname, "../..");

export const stackCases: readonly StackCase[] = [
  committed("kind"),
  committed("kwok"),
  committed("aks"),
  // What `pulumi stack init prod --copy-config-from aks` gives: nothing in it says which stack it is.
  { ...committed("aks"), stack: "prod" },
  written(
    "existing",
    {
      target: "existing",
      existing: { podCidr: "10.1.0.0/16", apiServerHost: "api.theirs.example", apiServerPort: 6443 },
      namespaces: { dev: {}, uat: {} },
    },
    { kubeconfig: kubeconfigOf("https://api.theirs.example:6443") },
  ),
  // The very example that people read.
  fromText("tenants", fencesIn(textOf("docs/tenants.md"), "yaml")[0] ?? ""),
];

/** A stack that exists in tests only. */
export function written(
  stack: string,
  settings: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>> = {},
): StackCase {
  const config = Object.entries({ ...settings, ...secrets }).map(([key, value]) => [`platform:${key}`, asText(value)]);
  return {
    stack,
    config: Object.fromEntries(config) as Record<string, string>,
    secrets: Object.keys(secrets).map((key) => `platform:${key}`),
  };
}

/** A stack whose file is committed: the very configuration people run. */
export function committed(stack: string): StackCase {
  return fromText(stack, readFileSync(join(projectFolder, `Pulumi.${stack}.yaml`), "utf8"));
}

/** What stands in a stack file. */
function fromText(stack: string, text: string): StackCase {
  const file = parse(text) as { config: Record<string, unknown> };
  const config = Object.entries(file.config).map(([key, value]) => [key, asText(value)]);
  return { stack, config: Object.fromEntries(config) as Record<string, string>, secrets: [] };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

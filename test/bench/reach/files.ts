/** Generated worlds as files, in the two notations that people keep manifests in. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { dump } from "js-yaml";

import type { GeneratedWorld, KubernetesObject } from "./generate.ts";

/** `json` is one List for each part of the world; `yaml` is one stream of documents for each. */
export type Notation = "json" | "yaml";

/** Write a world into a folder, which is made: `namespaces`, `workloads` and `policies`, each a file. */
export function write(world: GeneratedWorld, folder: string, notation: Notation): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, objects] of Object.entries(world) as [string, readonly KubernetesObject[]][]) {
    writeFileSync(join(folder, `${name}.${notation}`), notation === "json" ? list(objects) : documents(objects));
  }
}

function list(items: readonly KubernetesObject[]): string {
  return `${JSON.stringify({ apiVersion: "v1", kind: "List", items })}\n`;
}

function documents(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => dump(object, { noRefs: true })).join("---\n");
}

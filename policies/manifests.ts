/** Manifests: YAML files of a bundle as plain objects. The only place in policies that touches the disk. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import type { Manifest } from "./bundle.ts";
import { isFields } from "./reachability/read/fields.ts";

/** One object per file, in the order asked for. */
export function manifestsIn(folder: string, ...files: readonly string[]): readonly Manifest[] {
  return files.map((file) => parseManifest(readFileSync(join(folder, file), "utf8"), join(folder, file)));
}

/** A file of ours that is no Kubernetes object is our mistake, not the user's: it throws. */
export function parseManifest(text: string, where: string): Manifest {
  const content: unknown = parse(text);
  if (!isManifest(content)) throw new Error(`${where} holds no object with apiVersion, kind, metadata.name and spec`);
  return content;
}

function isManifest(content: unknown): content is Manifest {
  if (!isFields(content) || !isFields(content["metadata"])) return false;
  return (
    typeof content["apiVersion"] === "string" &&
    typeof content["kind"] === "string" &&
    typeof content["metadata"]["name"] === "string" &&
    isFields(content["spec"])
  );
}

/** The same object in a namespace: templates name none, so that `kubectl apply -n` works on them as well. */
export function placedIn(namespace: string): (template: Manifest) => Manifest {
  return (template) => ({ ...template, metadata: { ...template.metadata, namespace } });
}

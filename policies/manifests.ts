/** Manifests: YAML files of a bundle as plain objects. The only place in policies that touches the disk. */
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

import { parse } from "yaml";

import type { Manifest } from "./bundle.ts";
import { isFields } from "./reachability/read/fields.ts";
import { isWorkload } from "./reachability/read/workloads.ts";

/** One object per file, in the order asked for. */
export function manifestsIn(folder: string, ...files: readonly string[]): readonly Manifest[] {
  return files.map((file) => {
    const [path, text] = [join(folder, file), readFileSync(join(folder, file), "utf8")];
    const manifest = parseManifest(text, path);
    sources.set(manifest.spec, `${relative(project, path).replaceAll(sep, "/")}:${String(firstLine(text))}`);
    return manifest;
  });
}

/** What makes pods in a file that `kubectl apply -n <namespace> -f` takes: one List, in which a part may be said once. */
export function workloadsIn(folder: string, file: string, namespace: string): readonly Manifest[] {
  const path = join(folder, file);
  const content: unknown = parse(readFileSync(path, "utf8"));
  const items = isFields(content) && Array.isArray(content["items"]) ? content["items"] : [];
  const found = items.filter(isManifest).filter(({ kind }) => isWorkload(kind));
  if (found.length === 0) throw new Error(`${path} is no List with a workload`);
  return found.map(placedIn(namespace));
}

const project = join(import.meta.dirname, "..");

/** By the part of an object that stays the same wherever it is placed. */
const sources = new WeakMap<Manifest["spec"], string>();

/** `policies/baseline/allow-dns.yaml:4`: where an object stands in a file, letter by letter. Undefined for any other. */
export function sourceOf({ spec }: Manifest): string | undefined {
  return sources.get(spec);
}

/** Of the object itself, behind comments. */
function firstLine(text: string): number {
  return text.split("\n").findIndex((line) => !/^(#.*|---\s*|\s*)$/.test(line)) + 1;
}

/** A file of ours that is no Kubernetes object is our mistake, not the user's: it throws. */
export function parseManifest(text: string, where: string): Manifest {
  const manifest = asManifest(parse(text));
  if (manifest === undefined) throw new Error(`${where} holds no object with apiVersion, kind, metadata.name and spec`);
  return manifest;
}

/** A value as the object it is; undefined where it is none. */
export function asManifest(content: unknown): Manifest | undefined {
  return isManifest(content) ? content : undefined;
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

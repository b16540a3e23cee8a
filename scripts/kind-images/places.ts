/** Where built images lie, and which of them are there. Only looks: some milliseconds. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { kubernetesVersion } from "../../components/versions.ts";
import { builtName, hashOf, readBuildInput, requiredVersion } from "../tools/build-input.ts";
import { recipesFor, type ToolName } from "../tools/recipes.ts";
import { workplace, type Workplace } from "../tools/tool-paths.ts";
import { archived, imageKey, imageTools, type BuiltImage, type BuiltImageName, type ImageInputs } from "./images.ts";

/** Archives and root filesystems inside the cache. */
export function imagesFolder(at: Pick<Workplace, "cache">): string {
  return join(at.cache, "images");
}

/** What the images of this clone are made from. */
export function imageInputs(at: Workplace = workplace()): ImageInputs {
  const tools = new Map<ToolName, string>();
  for (const recipe of recipesFor(imageTools)) {
    const name = builtName(readBuildInput(recipe, at.root, at.packages, at.platform));
    for (const tool of Object.keys(recipe.binaries) as ToolName[]) tools.set(tool, name);
  }
  const kind = requiredVersion(readFileSync(join(at.root, "tools/kind/go.mod"), "utf8"), "sigs.k8s.io/kind") ?? "";
  return { tools, makers: hashOf([kind, ...makers(at.root)]), architecture: at.platform.arch };
}

/** Files whose change makes other images. */
function makers(root: string): string[] {
  const folder = join(root, "tools/kind-images");
  const data = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const code = ["archive", "cilium-root", "node-root", "preload"].map((name) =>
    join(root, `scripts/kind-images/${name}.ts`),
  );
  return [...data, ...code].sort().flatMap((path) => [path.slice(root.length), readFileSync(path, "utf8")]);
}

/** Name of the node image in the container engine of this machine: ours, never upstream's. */
export function builtNodeImage(inputs: ImageInputs): string {
  return `cilium-platform/kind-node:v${kubernetesVersion}-${nodeHash(inputs)}`;
}

function nodeHash(inputs: ImageInputs): string {
  const node = archived.find(({ name }) => name === "node");
  return node === undefined ? "" : imageKey(node, inputs).replace(/^node-/, "");
}

/** File of an image's archive. */
export function archiveFile(image: BuiltImage, inputs: ImageInputs, at: Pick<Workplace, "cache">): string {
  return join(imagesFolder(at), `${imageKey(image, inputs)}.tar`);
}

/** Long enough for a clone of another version to have been forgotten. */
const staleDays = 7;

/** Archives that no image of this clone is in and that are old: each version takes two gigabytes. */
export function staleArchives(
  files: readonly { readonly name: string; readonly writtenMs: number }[],
  current: readonly string[],
  now: number,
): string[] {
  return files
    .filter(({ name }) => name.endsWith(".tar") && !current.includes(name))
    .filter(({ writtenMs }) => now - writtenMs > staleDays * 24 * 3600 * 1000)
    .map(({ name }) => name);
}

/** Archive files of the named images, whether they are there or not. */
export function archiveFiles(names: readonly BuiltImageName[], at: Workplace = workplace()): string[] {
  const inputs = imageInputs(at);
  return archived.filter(({ name }) => names.includes(name)).map((image) => archiveFile(image, inputs, at));
}

/** Names of those that are not there. */
export function missingImages(at: Workplace = workplace()): BuiltImageName[] {
  const inputs = imageInputs(at);
  return archived.filter((image) => !existsSync(archiveFile(image, inputs, at))).map(({ name }) => name);
}

/**
 * What a build depends on, and nothing else: two clones with equal input share one binary in the cache, and a changed
 * pin never finds an old one.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Platform } from "./platform.ts";
import { folderOf, type Recipe, type ToolName } from "./recipes.ts";

/** Settings of the Go command that change what it makes. */
export const goEnvironment = { GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "" } as const;

/** Arguments of `go build` up to the output and the packages. */
export function buildFlags(recipe: Recipe, version: string, goMod: string): string[] {
  const required = (module: string): string | undefined => requiredVersion(goMod, module);
  const variables = Object.entries(recipe.variables(version, required)).map(([name, value]) =>
    value.includes(" ") ? `-X '${name}=${value}'` : `-X ${name}=${value}`,
  );
  return [
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    ...(recipe.tags === undefined ? [] : ["-tags", recipe.tags]),
    "-ldflags",
    ["-s", "-w", ...variables].join(" "),
  ];
}

/** Version of a required module, from the text of a go.mod. */
export function requiredVersion(goMod: string, module: string): string | undefined {
  for (const line of goMod.split("\n")) {
    const [first, second, third] = line.trim().split(/\s+/);
    if (first === module && second?.startsWith("v") === true) return second;
    if (first === "require" && second === module) return third;
  }
  return undefined;
}

/** Everything a recipe needs to be built or found: read from the clone, some milliseconds for all of them. */
export interface BuildInput {
  readonly recipe: Recipe;
  /** The folder of its go.mod in this clone. */
  readonly folder: string;
  /** Version of the Go module, with its `v`. */
  readonly moduleVersion: string;
  /** Version the tool calls itself, without `v`. */
  readonly version: string;
  /** Arguments of `go build` up to the output and the packages. */
  readonly flags: readonly string[];
  /** Hash over files, flags and platform. */
  readonly hash: string;
}

/** Read the input of one recipe from a clone. `packages` are the pinned versions of package.json. */
export function readBuildInput(
  recipe: Recipe,
  root: string,
  packages: Readonly<Record<string, string>>,
  platform: Platform,
): BuildInput {
  const folder = join(root, folderOf(recipe));
  const files = sourceFiles(folder);
  const goMod = files.find((file) => file.path === "go.mod")?.text ?? "";
  const moduleVersion = isOwn(goMod, recipe.module) ? "vown" : requiredVersion(goMod, recipe.module);
  if (moduleVersion === undefined) throw new Error(`${folderOf(recipe)}/go.mod does not require ${recipe.module}`);
  const version =
    recipe.versionFromPackage === undefined ? moduleVersion.slice(1) : packages[recipe.versionFromPackage];
  if (version === undefined) throw new Error(`package.json does not pin ${recipe.versionFromPackage ?? ""}`);
  const flags = buildFlags(recipe, version, goMod);
  const hash = hashOf([
    ...files.flatMap((file) => [file.path, file.text]),
    ...flags,
    ...Object.entries(goEnvironment).flat(),
    platform.os,
    platform.arch,
  ]);
  return { recipe, folder, moduleVersion, version, flags, hash };
}

/** A program of ours has no version: the hash of its files tells one from another. */
function isOwn(goMod: string, module: string): boolean {
  return goMod.split("\n").includes(`module ${module}`);
}

/** Folder name of a tool in the cache: version and origin can be read off it. */
export function builtName(input: Pick<BuildInput, "recipe" | "version" | "hash">): string {
  return `${input.recipe.name}-${input.version}-${input.hash}`;
}

/** The same for a download: the version says all there is to say of its content. */
export function officialName(input: Pick<BuildInput, "recipe" | "version">, platform: Platform): string {
  return `${input.recipe.name}-${input.version}-official-${platform.os}-${platform.arch}`;
}

/** Short, and each part kept apart from the next. */
export function hashOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${String(part.length)}:${part}`);
  return hash.digest("hex").slice(0, 12);
}

function sourceFiles(folder: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(go\.(mod|sum)|.*\.go)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: path.slice(folder.length + 1), text: readFileSync(path, "utf8") }));
}

/** The packages of a build: one output folder takes several, a single binary is named by us. */
export function buildTargets(recipe: Recipe, output: string): string[] {
  const binaries = Object.entries(recipe.binaries) as [ToolName, string][];
  const [only] = binaries;
  if (binaries.length === 1 && only !== undefined) return ["-o", join(output, only[0]), only[1]];
  return ["-o", `${output}/`, ...binaries.map(([, target]) => target)];
}

/** Binaries that Go names after their folder and we do not, as [Go's name, ours]. */
export function linkedNames(recipe: Pick<Recipe, "binaries">): [string, ToolName][] {
  const binaries = Object.entries(recipe.binaries) as [ToolName, string][];
  if (binaries.length === 1) return [];
  return binaries
    .map(([name, target]): [string, ToolName] => [target.slice(target.lastIndexOf("/") + 1), name])
    .filter(([linked, name]) => linked !== name);
}

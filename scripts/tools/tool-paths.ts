/**
 * toolPaths: which tools are in the cache, and where. Only looks, so that a run with everything present costs some
 * milliseconds.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { cacheFolder, type Environment } from "../../components/charts/cache.ts";
import { builtName, officialName, readBuildInput, type BuildInput } from "./build-input.ts";
import { homeBin, homeFolder, homeIsComplete, type HomeParts } from "./pulumi-home.ts";
import { platformOf, type Platform } from "./platform.ts";
import { officialWay } from "./official-files.ts";
import { recipesFor, type Recipe, type ToolName } from "./recipes.ts";

/** Where a tool may come from. `auto` prefers what is there, then the official download, then a build. */
export type Mode = "auto" | "official" | "build";

export interface ToolPaths {
  /** Absolute path of each tool that was asked for and is there. */
  readonly path: Readonly<Partial<Record<ToolName, string>>>;
  /** Asked for and not there. Tools that kwokctl brings itself are neither here nor in `path`. */
  readonly missing: readonly ToolName[];
  /** Value for PULUMI_HOME; absent unless both CLI and Kubernetes provider were asked for and are there. */
  readonly pulumiHome?: string;
}

/** What the rest of this folder needs to know of clone, machine and cache. */
export interface Workplace {
  readonly root: string;
  readonly platform: Platform;
  readonly cache: string;
  readonly tools: string;
  readonly scratch: string;
  readonly homes: string;
  readonly packages: Readonly<Record<string, string>>;
}

/** This clone on this machine. */
export function workplace(
  env: Environment = process.env,
  root: string = join(import.meta.dirname, "..", ".."),
): Workplace {
  const cache = cacheFolder(env);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return {
    root,
    platform: platformOf(process.platform, process.arch),
    cache,
    tools: join(cache, "tools"),
    scratch: join(cache, "scratch"),
    homes: join(cache, "pulumi-home"),
    packages: manifest.dependencies,
  };
}

/** One recipe in the cache: under which name, and whether kwokctl is to bring it instead. */
export interface Placed {
  readonly input: BuildInput;
  /** Folder name below `<cache>/tools`; absent when it is not there. */
  readonly name?: string;
  readonly byKwokctl: boolean;
}

/** Find one recipe. `officialKwokctl`: the kwokctl at hand is the official one. */
export function place(recipe: Recipe, at: Workplace, mode: Mode, officialKwokctl: boolean): Placed {
  const input = readBuildInput(recipe, at.root, at.packages, at.platform);
  const way = officialWay(recipe.name, at.platform);
  const kwokctlBrings = way?.kind === "kwokctl" && officialKwokctl;
  const official = way === undefined || way.kind === "kwokctl" ? undefined : officialName(input, at.platform);
  const name = candidates(mode, builtName(input), official).find((candidate) =>
    existsSync(join(at.tools, candidate, "bin")),
  );
  const byKwokctl = name === undefined && kwokctlBrings;
  return { input, byKwokctl, ...(name === undefined ? {} : { name }) };
}

/** Which folders count, the one that wins first. A tool without an official download may always be built. */
export function candidates(mode: Mode, built: string, official: string | undefined): string[] {
  if (official === undefined || mode === "build") return [built];
  return mode === "official" ? [official] : [official, built];
}

/** Does a folder of the cache hold a download? Its name says so. */
export function isOfficial(name: string | undefined): boolean {
  return name?.includes("-official-") === true;
}

/** Find every recipe that the named tools come from. */
export function placeAll(names: readonly ToolName[], at: Workplace, mode: Mode): Placed[] {
  const wanted = recipesFor(names);
  const kwok = wanted.find((recipe) => recipe.name === "kwok");
  const kwokctl = kwok === undefined ? undefined : place(kwok, at, mode, false).name;
  return wanted.map((recipe) => place(recipe, at, mode, isOfficial(kwokctl)));
}

/** Paths of the named tools, as far as they are there. */
export function toolPaths(names: readonly ToolName[], mode: Mode = "auto", at: Workplace = workplace()): ToolPaths {
  const placed = placeAll(names, at, mode);
  const path: Partial<Record<ToolName, string>> = {};
  const missing: ToolName[] = [];
  for (const { input, name, byKwokctl } of placed) {
    for (const tool of names.filter((wanted) => wanted in input.recipe.binaries)) {
      if (name !== undefined) path[tool] = join(at.tools, name, "bin", tool);
      else if (!byKwokctl) missing.push(tool);
    }
  }
  const parts = homeParts(placed, at);
  if (parts === undefined) return { path, missing };
  const pulumiHome = homeFolder(at.homes, parts);
  if (!homeIsComplete(pulumiHome, parts.pulumiVersion)) {
    return { path, missing: [...missing, "pulumi"] };
  }
  // The CLI is started from its home, with its companions beside it.
  path.pulumi = join(homeBin(pulumiHome, parts.pulumiVersion), "pulumi");
  return { path, missing, pulumiHome };
}

/** The parts of the Pulumi home; undefined unless both CLI and provider are there. */
export function homeParts(placed: readonly Placed[], at: Workplace): HomeParts | undefined {
  const [pulumi, provider] = (["pulumi", "pulumi-kubernetes"] as const).map((recipe) =>
    placed.find(({ input }) => input.recipe.name === recipe),
  );
  if (pulumi?.name === undefined || provider?.name === undefined) return undefined;
  return {
    pulumiVersion: pulumi.input.version,
    providerVersion: provider.input.version,
    pulumiName: pulumi.name,
    providerName: provider.name,
    tools: at.tools,
    root: at.root,
  };
}

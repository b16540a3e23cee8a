/**
 * downloadTool: the official form of one tool, verified, put into the cache in one step.
 *
 * What is fetched by the vendor's own means (the CLI through its npm package, the provider through the CLI) is fetched
 * into a home of its own and taken from there, so that an interrupted download is never mistaken for a tool.
 */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

import * as tar from "tar";

import { ChecksumError, downloadFile, downloadText } from "../../components/charts/download.ts";
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import type { BuildInput } from "./build-input.ts";
import {
  officialFiles,
  officialSites,
  officialWay,
  publishedChecksum,
  type OfficialFile,
  type Sites,
} from "./official-files.ts";
import { fetchOperator } from "./operator-image.ts";
import { publish } from "./publish.ts";
import type { Workplace } from "./tool-paths.ts";

export interface DownloadPlace {
  /** Folder name below `<cache>/tools`. */
  readonly name: string;
  readonly at: Workplace;
  /** The Pulumi CLI, for plugins. */
  readonly pulumi?: string | undefined;
  readonly sites?: Sites;
}

/** Download into `<cache>/tools/<name>/bin`. The caller holds the lock of that folder. */
export async function downloadTool(input: BuildInput, place: DownloadPlace): Promise<void> {
  const { at, sites = officialSites } = place;
  mkdirSync(at.scratch, { recursive: true });
  const scratch = mkdtempSync(join(at.scratch, `${input.recipe.name}-`));
  const bin = join(scratch, "finished", "bin");
  mkdirSync(bin, { recursive: true });
  try {
    await fetchInto(bin, input, place, sites, scratch);
    publish(join(scratch, "finished"), join(at.tools, place.name));
  } catch (error) {
    throw new ProblemsError([downloadProblem(input.recipe.name, input.version, error)]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function fetchInto(
  bin: string,
  input: BuildInput,
  { at, pulumi }: DownloadPlace,
  sites: Sites,
  scratch: string,
): Promise<void> {
  const { name } = input.recipe;
  const way = officialWay(name, at.platform);
  switch (way?.kind) {
    case "files":
      for (const file of officialFiles(name, input.version, at.platform, sites)) {
        await fetchFile(file, bin, join(at.cache, "partial"), scratch);
      }
      return;
    case "shim":
      await runShim(bin, input.version, at.root, scratch);
      return;
    case "plugin":
      await installPlugin(bin, input.version, pulumi, scratch);
      return;
    case "image":
      await fetchOperator(bin, at, sites, scratch);
      return;
    case "kwokctl":
    case undefined:
      throw new Error(`${name} has no download of its own`);
  }
}

/** What a failed download is told as. A wrong checksum is told apart: it must not be got round by building. */
export function downloadProblem(tool: string, version: string, error: unknown): Problem {
  const what = error instanceof Error ? error.message : String(error);
  if (error instanceof ChecksumError) {
    return {
      code: "tools/download-checksum",
      where: `${tool} ${version}`,
      what,
      expected: "exactly the file that upstream released",
      fix: "do not go on: find out what stands between you and the download site",
    };
  }
  return {
    code: "tools/download-failed",
    where: `${tool} ${version}`,
    what,
    expected: "the official download to succeed",
    fix: "run the same command again (it goes on where it stopped), or use --tools=build",
  };
}

/** Is it the content that was wrong, and not the way to it? */
export function isWrongContent(error: ProblemsError): boolean {
  return error.problems.some(({ code }) => code === "tools/download-checksum");
}

async function fetchFile(file: OfficialFile, bin: string, partial: string, scratch: string): Promise<void> {
  const name = basename(file.url);
  const sha256 = file.sha256 ?? publishedChecksum(await downloadText(file.checksumUrl), name);
  if (sha256 === undefined) throw new Error(`no checksum is published for ${file.url}`);
  // Outside of scratch, so that the next run goes on with what has arrived.
  const received = join(partial, `${sha256}-${name}`);
  await downloadFile(file.url, received, { sha256 });
  const target = join(bin, file.tool);
  if (file.member === undefined) renameSync(received, target);
  else {
    await tar.extract({ file: received, cwd: scratch, filter: (path) => path === file.member });
    renameSync(join(scratch, file.member), target);
    rmSync(received, { force: true });
  }
  chmodSync(target, 0o755);
}

/** The CLI through the npm package of its vendor, which installs into `$PULUMI_HOME/versions/<version>`. */
async function runShim(bin: string, version: string, root: string, scratch: string): Promise<void> {
  const home = join(scratch, "home");
  const installed = join(home, "versions", version, "bin");
  // The vendor's script copies into this folder without making it.
  mkdirSync(installed, { recursive: true });
  const shim = join(root, "node_modules", "pulumi", "run.js");
  await runQuietly(process.execPath, [shim, "version"], { PULUMI_HOME: home, PULUMI_VERSION: version });
  rmSync(bin, { recursive: true });
  renameSync(installed, bin);
}

async function installPlugin(bin: string, version: string, pulumi: string | undefined, scratch: string): Promise<void> {
  if (pulumi === undefined) throw new Error("the provider is installed by the Pulumi CLI, and that is not there");
  const home = join(scratch, "home");
  mkdirSync(home);
  await runQuietly(pulumi, ["plugin", "install", "resource", "kubernetes", version], { PULUMI_HOME: home });
  const plugin = "pulumi-resource-kubernetes";
  renameSync(join(home, "plugins", `resource-kubernetes-v${version}`, plugin), join(bin, plugin));
}

/** Run a command; what it says is shown only when it fails. */
async function runQuietly(command: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const quiet = { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "" };
  const child = spawn(command, args, { env: { ...process.env, ...quiet, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-4_096);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0)
    throw new Error(`${basename(command)} ${args.join(" ")}: ${said.trim().split("\n").slice(-3).join("; ")}`);
}

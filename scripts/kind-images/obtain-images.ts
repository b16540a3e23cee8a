/**
 * obtainImages: the images of a kind cluster, built from the Go module proxy and Debian's archive where no container registry
 * answers. Whatever is finished stays in the cache, so that an interrupted run goes on from there.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { imageValues } from "../../components/images.ts";
import { charts, kubernetesVersion } from "../../components/versions.ts";
import { ProblemsError } from "../../policies/problems.ts";
import { goEnvironment, requiredVersion } from "../tools/build-input.ts";
import { findGo, runGo, type Go } from "../tools/go.ts";
import { downloadModule } from "../tools/go-module.ts";
import { untilInterrupted } from "../tools/interruption.ts";
import { withLock } from "../tools/lock.mjs";
import { obtainTools } from "../tools/obtain.ts";
import { elapsed, withHeartbeat, type Log } from "../tools/progress.ts";
import { runQueue, type Job } from "../tools/queue.ts";
import { workplace, type ToolPaths, type Workplace } from "../tools/tool-paths.ts";
import type { ToolName } from "../tools/recipes.ts";
import { writeArchive } from "./archive.ts";
import { assembleCilium } from "./cilium-root.ts";
import { command, type CommandOptions } from "./command.ts";
import {
  archived,
  imageTools,
  kubeadmNames,
  preloaded,
  rootKey,
  type BuiltImage,
  type BuiltImageName,
  type ImageInputs,
  type RootName,
} from "./images.ts";
import { assembleNode, copyIptables } from "./node-root.ts";
import { archiveFile, builtNodeImage, imageInputs, imagesFolder, missingImages, staleArchives } from "./places.ts";
import { machineProblems, obtainPackages } from "./machine.ts";
import { preload } from "./preload.ts";
import { makeRoot } from "./roots.ts";

interface Run {
  readonly at: Workplace;
  readonly inputs: ImageInputs;
  readonly tools: ToolPaths;
  readonly log: Log;
  readonly scratch: string;
  readonly commands: CommandOptions;
}

/** Have every archive. Throws {@link ProblemsError} where this machine cannot build them. */
export async function obtainImages(log: Log, at: Workplace = workplace()): Promise<void> {
  if (missingImages(at).length === 0) return;
  const refused = machineProblems(at.platform);
  if (refused.length > 0) throw new ProblemsError(refused);
  const start = performance.now();
  const lock = join(at.cache, "locks", "images.lock");
  const onWait = (pid: number | undefined): void => {
    log(`images: waiting for process ${String(pid ?? "?")}, which is building them`);
  };
  await withLock(
    lock,
    async () => {
      await untilInterrupted(async (signal) => {
        await buildMissing(log, at, signal);
      });
    },
    { onWait },
  );
  log(`images: complete in ${elapsed((performance.now() - start) / 1000)}, in ${imagesFolder(at)}`);
}

async function buildMissing(log: Log, at: Workplace, signal: AbortSignal): Promise<void> {
  const missing = missingImages(at);
  if (missing.length === 0) return;
  const folder = imagesFolder(at);
  mkdirSync(folder, { recursive: true });
  mkdirSync(at.scratch, { recursive: true });
  const scratch = mkdtempSync(join(at.scratch, "images-"));
  const inputs = imageInputs(at);
  const commands: CommandOptions = { logFile: join(folder, "build.log"), signal };
  rmSync(commands.logFile, { force: true });
  log(`images: building ${missing.join(", ")}`);
  try {
    await obtainPackages(["debootstrap"], commands);
    // Debian's archive and the compiler wait for different things.
    const [tools] = await Promise.all([
      obtainTools(imageTools, { mode: "build", log, at }),
      obtainRoots(missing.includes("cilium") ? ["node", "cilium"] : ["node"], { at, inputs, log, scratch, commands }),
    ]);
    const run: Run = { at, inputs, tools, log, scratch, commands };
    const jobs = archived.filter(({ name }) => missing.includes(name)).map((image) => job(image, run));
    const problems = await runQueue(jobs, 2, log);
    if (problems.length > 0) throw new ProblemsError(problems);
    removeStale(folder, inputs, at);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function removeStale(folder: string, inputs: ImageInputs, at: Workplace): void {
  const files = readdirSync(folder).map((name) => ({ name, writtenMs: statSync(join(folder, name)).mtimeMs }));
  const current = archived.map((image) => basename(archiveFile(image, inputs, at)));
  for (const name of staleArchives(files, current, Date.now())) rmSync(join(folder, name));
}

async function obtainRoots(names: readonly RootName[], run: Omit<Run, "tools">): Promise<void> {
  const wanted = names.filter((name) => !existsSync(rootPlace(name, run)));
  const problems = await runQueue(
    wanted.map((name) => ({
      title: `root filesystem ${name}`,
      work: () => makeRoot(name, rootPlace(name, run), run.scratch, run.commands),
    })),
    2,
    run.log,
  );
  if (problems.length > 0) throw new ProblemsError(problems);
}

function rootPlace(name: RootName, { at, inputs }: Pick<Run, "at" | "inputs">): string {
  return join(imagesFolder(at), rootKey(name, inputs));
}

function job(image: BuiltImage, run: Run): Job {
  return { title: `image ${image.name}`, work: () => buildImage(image, run) };
}

async function buildImage(image: BuiltImage, run: Run): Promise<void> {
  const root = join(run.scratch, image.name);
  if (image.root === undefined) mkdirSync(root);
  else await command("cp", ["-a", rootPlace(image.root, run), root], run.commands);
  copyBinaries(image, root, run);
  if (image.name === "cilium") await layCilium(root, run);
  if (image.name === "node") await layNode(root, run);
  const file = archiveFile(image, run.inputs, run.at);
  const names = [image.name === "node" ? builtNodeImage(run.inputs) : podImageName(image)];
  await archive(file, root, image, names, run);
  rmSync(root, { recursive: true, force: true });
}

/** In one step, so that nobody ever loads half an image. */
async function archive(
  file: string,
  root: string,
  image: BuiltImage,
  names: readonly string[],
  run: Pick<Run, "inputs" | "log" | "commands">,
): Promise<void> {
  const unfinished = `${file}.${String(process.pid)}`;
  await withHeartbeat(
    run.log,
    (seconds) => `image ${image.name}: writing the archive, ${elapsed(seconds)}`,
    () =>
      writeArchive(
        unfinished,
        root,
        { names, architecture: run.inputs.architecture, settings: image.settings },
        run.commands.signal,
      ),
  );
  renameSync(unfinished, file);
}

function copyBinaries(image: BuiltImage, root: string, { tools }: Pick<Run, "tools">): void {
  for (const [tool, place] of Object.entries(image.binaries) as [ToolName, string][]) {
    const source = tools.path[tool];
    if (source === undefined) throw new Error(`${tool} was obtained and is not there`);
    mkdirSync(dirname(join(root, place)), { recursive: true });
    copyFileSync(source, join(root, place));
  }
}

const { repositories } = imageValues.cilium;

/** The repositories that the pinned chart renders to. */
const podRepositories: Readonly<Partial<Record<BuiltImageName, string>>> = {
  cilium: repositories["image.repository"] ?? "",
  "cilium-operator": `${repositories["operator.image.repository"] ?? ""}-generic`,
  "hubble-relay": repositories["hubble.relay.image.repository"] ?? "",
};

/** The name that the pinned chart renders to when digests are left out. */
function podImageName({ name }: BuiltImage): string {
  const repository = podRepositories[name];
  if (repository === undefined) throw new Error(`${name} is no image of a chart`);
  return `${repository}:v${charts.cilium.appVersion}`;
}

async function layCilium(root: string, run: Run): Promise<void> {
  const go = findGo(["cilium-agent"]);
  const module = await moduleFolder(go, "cilium-agent", "github.com/cilium/cilium", run);
  assembleCilium(root, module, join(rootPlace("node", run), "usr/lib/cni/loopback"));
  await command("chmod", ["-R", "u+w", join(root, "var/lib/cilium")], run.commands);
}

async function moduleFolder(go: Go, tool: string, module: string, { at }: Pick<Run, "at">): Promise<string> {
  const folder = join(at.root, "tools", tool);
  const version = requiredVersion(readFileSync(join(folder, "go.mod"), "utf8"), module);
  if (version === undefined) throw new Error(`tools/${tool}/go.mod does not require ${module}`);
  return await downloadModule(go, folder, module, version);
}

async function layNode(root: string, run: Run): Promise<void> {
  const { at, tools, commands } = run;
  const version = `v${kubernetesVersion}`;
  const listed = await command(
    tools.path.kubeadm ?? "kubeadm",
    ["config", "images", "list", "--kubernetes-version", version],
    commands,
  );
  const names = kubeadmNames(listed);
  const pauseImage = names.get("pause");
  if (pauseImage === undefined) throw new Error("kubeadm lists no pause image");
  const go = findGo(["pause"]);
  const kind = join(await moduleFolder(go, "kind", "sigs.k8s.io/kind", run), "images/base/files");
  const wrapper = join(at.root, "tools/kind-images/runc-wrapper");
  await assembleNode(root, kind, wrapper, { kubernetesVersion: version, pauseImage }, commands);

  const archives: string[] = [];
  for (const image of preloaded) {
    const name = names.get(image.name);
    if (name === undefined) throw new Error(`kubeadm asks for no image ${image.name}`);
    const layer = join(run.scratch, `node-${image.name}`);
    mkdirSync(layer);
    copyBinaries(image, layer, run);
    if (image.name === "pause") await buildPause(go, join(layer, "pause"), run);
    if (image.programs === "iptables") await copyIptables(rootPlace("node", run), layer, commands);
    const file = `${layer}.tar`;
    await archive(file, layer, image, [name], run);
    rmSync(layer, { recursive: true });
    archives.push(file);
  }
  await preload(root, archives, commands);
  for (const file of archives) rmSync(file);
}

/** A few lines of our own, without any module. */
async function buildPause(go: Go, output: string, { at, commands }: Run): Promise<void> {
  const { ok, output: said } = await runGo(
    go,
    ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", output, "."],
    { cwd: join(at.root, "tools/kind-images/pause"), platform: at.platform, signal: commands.signal },
  );
  if (!ok) throw new Error(`pause was not built (${goEnvironment.GOTOOLCHAIN} Go): ${said.slice(-5).join(" | ")}`);
}

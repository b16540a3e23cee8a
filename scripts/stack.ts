/**
 * The verbs on a stack: up, preview, refresh, down. They fill in what is missing (tools, charts, backend, stack), clear
 * what a killed run left, and then let Pulumi do its work.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { buildsImages } from "../components/built-images.ts";
import { kubeconfigFile, stackFolder } from "../components/cluster/state-folder.ts";
import { type KwokClusterInputs, lostComponents, wake } from "../components/cluster/kwok-lifecycle.ts";
import { lifetimeOf } from "../components/cluster/lifetime.ts";
import type { Target } from "../components/settings.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { kubernetesVersion } from "../components/versions.ts";
import { UserError } from "../policies/problems.ts";
import { readStackCommand, type StackCommand } from "./command-line.ts";
import { ask, type Engine, run, stackOptions } from "./pulumi/engine.ts";
import { chooseBackend, givenBackend, pulumiEnvironment } from "./pulumi/environment.ts";
import {
  breakDeadLocks,
  endOrphansOf,
  recover,
  removeTornSidecar,
  removeUnfinished,
  runMark,
} from "./pulumi/recover.ts";
import {
  clusterNameOf,
  saltOf,
  stackFileName,
  targetOf,
  withTrackedFileKept,
  workingCopy,
} from "./pulumi/stack-file.ts";
import { summary } from "./pulumi/summary.ts";
import { prepare } from "./setup.ts";

const project = "platform";

type Verb = "up" | "preview" | "refresh" | "down" | "recover";

export async function stackCommand(verb: Verb, args: readonly string[]): Promise<number> {
  const started = Date.now();
  const command = readStackCommand(args);
  const projectDir = process.cwd();
  const target = await targetOf(command.stack, projectDir);
  const shared = lifetimeOf(target) === "lasting";
  if (shared && verb !== "preview" && command.confirmed === "no" && !process.stdin.isTTY) {
    throw new UserError(`${verb} on ${target} asks for confirmation, and nobody is at the keyboard\n  fix: say --yes`);
  }
  const engine = await openEngine(command, target, projectDir);
  return await withTrackedFileKept(join(projectDir, stackFileName(command.stack)), async () => {
    await openStack(engine, target, verb);
    switch (verb) {
      case "up":
        return await up(engine, target, command, started);
      case "preview":
        return await run(engine, ["preview", ...stackOptions(engine), "--diff", ...command.pulumiArgs]);
      case "refresh":
        return await run(engine, [
          "refresh",
          ...stackOptions(engine),
          ...confirmation(command, target),
          ...command.pulumiArgs,
        ]);
      case "down":
        return await down(engine, target, command);
      case "recover":
        // Where the project keeps the state, opening the stack has recovered it already.
        if (engine.configFile === undefined) {
          const url = engine.env["PULUMI_BACKEND_URL"] ?? "";
          if (url.startsWith("file:///")) await mendState(stateFileOf(url, command.stack));
          for (const line of await recover(engine, await kubeconfigOutput(engine))) say(line);
        }
        return 0;
    }
  });
}

/**
 * `npm run pulumi -- <stack> <words>`: the CLI itself, in the environment of a stack. For what has no verb of its own, such
 * as `config set --secret`, which writes to the tracked stack file as it always does.
 */
export async function pulumiCommand(args: readonly string[]): Promise<number> {
  const localState = args.includes("--local-state") ? "yes" : "no";
  const [stack, ...words] = args.filter((arg) => arg !== "--local-state");
  if (stack === undefined || words.length === 0) {
    throw new UserError("pulumi: which stack, and which words?\n  expected npm run pulumi -- kwok stack output");
  }
  const command: StackCommand = { stack, tools: "auto", confirmed: "no", localState, pulumiArgs: words };
  const projectDir = process.cwd();
  const target = await targetOf(stack, projectDir);
  const engine = await openEngine(command, target, projectDir);
  return await withTrackedFileKept(join(projectDir, stackFileName(stack)), async () => {
    await openStack(engine, target, "preview");
    return await run(engine, [words[0] ?? "", "--stack", stack, ...words.slice(1)]);
  });
}

/** Local clusters are throw-aways: nobody is asked. A shared one is confirmed in Pulumi's own dialogue. */
function confirmation(command: StackCommand, target: Target): string[] {
  if (target === "kwok" || target === "kind") return ["--yes", "--skip-preview"];
  return command.confirmed === "yes" ? ["--yes"] : [];
}

/** The CLI, its environment and the files of a stack, with everything it needs obtained. */
export async function openEngine(command: StackCommand, target: Target, projectDir: string): Promise<Engine> {
  const backend = chooseBackend({
    target,
    projectDir,
    localState: command.localState,
    env: process.env,
    given: await givenBackend(projectDir, process.env),
  });
  const tools = await prepare(target, command.tools);
  const env = await pulumiEnvironment({
    backend,
    projectDir,
    env: process.env,
    // A backend of the person's own comes with a login, and that lies in their own Pulumi home. A folder needs none.
    ...((backend.kind === "project" || process.env["PULUMI_BACKEND_URL"]?.startsWith("file://") === true) &&
    tools.pulumiHome !== undefined
      ? { pulumiHome: tools.pulumiHome }
      : {}),
  });
  const cli = tools.path.pulumi ?? "pulumi";
  const containers = target === "kind" ? await containerEngine(command.stack, projectDir) : {};
  const folder = stackFolder(command.stack, projectDir);
  return {
    cli,
    stack: command.stack,
    projectDir,
    env: { ...env, ...containers, PATH: `${dirname(cli)}:${env["PATH"] ?? ""}`, [runMark]: folder },
    ...(backend.kind === "project"
      ? { configFile: relative(projectDir, join(folder, stackFileName(command.stack))) }
      : {}),
  };
}

/** A stack of built images may stand in the container engine of our own; any other in the one the person has. */
async function containerEngine(stack: string, projectDir: string): Promise<Readonly<Record<string, string>>> {
  if (!buildsImages(settingsOfStackFile(projectDir, stack))) return {};
  const { engineEnvironment, findEngine } = await import("./kind-images/engine.ts");
  const engine = await findEngine();
  if (engine === undefined) throw new UserError("no container engine answers\n  fix: npm run engine -- start");
  return engineEnvironment(engine);
}

/** The stack exists, its working copy is current, and nothing of a killed run stands in the way. */
async function openStack(engine: Engine, target: Target, verb: Verb): Promise<void> {
  const { configFile, stack, projectDir, env } = engine;
  if (configFile === undefined) {
    if (verb === "up") await ask(engine, ["stack", "select", "--create", stack]);
    return;
  }
  const tracked = join(projectDir, stackFileName(stack));
  await mkdir(dirname(configFile), { recursive: true, mode: 0o700 });
  const text = await readFile(tracked, "utf8");
  const copy = await readFile(configFile, "utf8").catch(() => undefined);
  const url = env["PULUMI_BACKEND_URL"] ?? "";
  const state = stateFileOf(url, stack);
  const exists = (await readFile(state).catch(() => undefined)) !== undefined;
  if (exists) {
    const broken = await breakDeadLocks(url, project, stack);
    // Not earlier, and not without need: an engine that lives reads it.
    const wanted = workingCopy(text, copy);
    if (copy !== wanted) await writeWhole(configFile, wanted);
    if (broken > 0) {
      await endOrphansOf(engine);
      await removeUnfinished(state);
      say("the lock of an earlier run is broken: its process is dead");
    }
    await mendState(state);
    if (broken > 0 || (await mentionsPending(state))) {
      // Only a cluster that runs can be told to forget a release.
      if (target === "kwok" && verb !== "down") await wakeKwok(engine);
      const kubeconfig = await readFile(kubeconfigFile(stack, projectDir), "utf8").catch(() => undefined);
      for (const line of await recover(engine, kubeconfig)) say(line);
    }
    return;
  }
  await ask(engine, ["stack", "init", stack, "--no-select"]);
  const salt = saltOf(await readFile(tracked, "utf8"));
  await writeWhole(configFile, workingCopy(text, salt));
}

/** Where a file backend keeps the state of a stack. */
function stateFileOf(backendUrl: string, stack: string): string {
  return join(fileURLToPath(backendUrl), ".pulumi", "stacks", project, `${stack}.json`);
}

async function mendState(stateFile: string): Promise<void> {
  if (await removeTornSidecar(stateFile)) say(`${stateFile}.attrs was torn by an earlier run: it is removed`);
}

/** The file has what it had or all of this, whenever we are killed. */
async function writeWhole(file: string, text: string): Promise<void> {
  const scratch = `${file}.${String(process.pid)}`;
  await writeFile(scratch, text);
  await rename(scratch, file);
}

/** The kubeconfig a stack says of itself; absent before its cluster is there. */
async function kubeconfigOutput(engine: Engine): Promise<string | undefined> {
  const outputs = ["stack", "output", "kubeconfig", "--show-secrets", "--stack", engine.stack];
  return await ask(engine, outputs).catch(() => undefined);
}

/** A cheap look into the state file, so that an ordinary run does not start a second engine to ask. */
async function mentionsPending(stateFile: string): Promise<boolean> {
  return /"pending_operations":\s*\[\s*\{/.test(await readFile(stateFile, "utf8"));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function up(engine: Engine, target: Target, command: StackCommand, started: number): Promise<number> {
  if (target === "kwok") await wakeKwok(engine);
  const code = await run(engine, [
    "up",
    ...stackOptions(engine),
    ...confirmation(command, target),
    ...command.pulumiArgs,
  ]);
  if (code !== 0) {
    const lost = target === "kwok" ? await lostComponents(await kwokInputs(engine)) : [];
    if (lost.length > 0) {
      say(
        `the control plane of ${engine.stack} has lost ${lost.join(", ")}\n  fix: run up again, which starts it again`,
      );
    }
    return code;
  }
  const outputs = JSON.parse(await ask(engine, ["stack", "output", "--json", "--stack", engine.stack])) as {
    versions: Record<string, string>;
    leftOut: Record<string, string>;
    promises: Record<string, string>;
    nodes: string;
    kubeconfigFile?: string;
    addresses: Record<string, string>;
  };
  process.stdout.write(
    summary({
      stack: engine.stack,
      target,
      seconds: (Date.now() - started) / 1000,
      versions: outputs.versions,
      leftOut: outputs.leftOut,
      promises: outputs.promises,
      addresses: outputs.addresses,
      simulated: outputs.nodes === "simulated",
      ...(outputs.kubeconfigFile === undefined ? {} : { kubeconfig: outputs.kubeconfigFile }),
    }),
  );
  return 0;
}

/** A cluster whose processes ended with the machine is started again before Pulumi finds nobody at home. */
async function wakeKwok(engine: Engine): Promise<void> {
  if ((await wake(await kwokInputs(engine))) === "woken") {
    say(`the control plane of ${engine.stack} was stopped: it is started again`);
  }
}

/** What tells a simulated cluster from others; how many nodes it has does not. */
async function kwokInputs({ projectDir, stack }: Engine): Promise<KwokClusterInputs> {
  const text = await readFile(join(projectDir, stackFileName(stack)), "utf8");
  return { name: clusterNameOf(text, stack), stack, kubernetesVersion, nodes: 0 };
}

const protectedByDefault =
  "the resource group, the cluster and the public prefixes of an AKS stack are protected unless it says otherwise\n" +
  "  fix: set aks.protect to false, run up, then down";

/** Destroy everything and forget the stack: afterwards neither process nor port nor state is left. */
async function down(engine: Engine, target: Target, command: StackCommand): Promise<number> {
  const code = await run(engine, [
    "destroy",
    ...stackOptions(engine),
    ...confirmation(command, target),
    ...command.pulumiArgs,
  ]);
  if (code !== 0 && target === "aks") say(protectedByDefault);
  if (code !== 0 || engine.configFile === undefined) return code;
  await ask(engine, ["stack", "rm", engine.stack, "--yes", "--preserve-config"]);
  await rm(stackFolder(engine.stack, engine.projectDir), { recursive: true, force: true });
  say(`${engine.stack} is gone`);
  return 0;
}

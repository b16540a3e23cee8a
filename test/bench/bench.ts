/**
 * `npm run bench`: what the platform costs beside the nearest thing without it.
 *
 * Preview: the whole kwok stack without a change, beside a program that makes nothing and loads the same SDKs; same CLI,
 * same mode, same backend. In: start of CLI, language host, program, provider processes. Out: npm and the wrappers.
 *
 * Up: charts, namespaces, policies and gates on a control plane that is there, beside the same charts with the same
 * values installed one after another by the helm CLI on an equal control plane, with the same waits for Cilium. Out: the
 * making of the control plane, on both sides.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { ciliumCrds } from "../../components/cilium/crds.ts";
import { lifecycle as operator } from "../../components/cilium/operator-lifecycle.ts";
import { lifecycle as ready } from "../../components/cilium/ready-lifecycle.ts";
import { lifecycle as kwok } from "../../components/cluster/kwok-lifecycle.ts";
import { requireTool } from "../../components/cluster/local-tools.ts";
import { kubernetesVersion } from "../../components/versions.ts";
import { UserError } from "../../policies/problems.ts";
import { readStackCommand } from "../../scripts/command-line.ts";
import { ask, type Engine, stackOptions } from "../../scripts/pulumi/engine.ts";
import { prepare } from "../../scripts/setup.ts";
import { openEngine } from "../../scripts/stack.ts";
import { type Checkpoint, Project } from "../e2e/support/project.ts";
import { alternate, type Contender, header, row, type Sample, time } from "./measure.ts";

const previewLimit = 1.5;
const upLimit = 0.8;

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

export async function bench(args: readonly string[]): Promise<number> {
  const rounds = Number(/^--rounds=(\d+)$/.exec(args[0] ?? "")?.[1] ?? 5);
  await prepare("kwok", "auto", ["helm"]);
  const project = new Project();
  try {
    log("bringing up the stack that is measured");
    const first = await project.script("up");
    if (first.code !== 0) throw new UserError(first.output);
    // The lifecycle modules and the CLI both work in the project's folder.
    process.chdir(project.dir);
    const engine = await openEngine(readStackCommand(["kwok"]), "kwok", project.dir);
    const preview = row(
      "preview without a change",
      await alternate([platformPreview(engine), await emptyPreview(engine)], rounds, log),
      previewLimit,
    );
    const releases = releasesOf(project.checkpoint("kwok"));
    const up = row(
      "up on a control plane that is there",
      await alternate([platformUp(engine, project), helmInstalls(engine, releases)], Math.min(rounds, 3), log),
      upLimit,
    );
    process.stdout.write(`${[header, preview, up].join("\n")}\n`);
    return 0;
  } finally {
    await project.script("down");
    await project.remove();
  }
}

function platformPreview(engine: Engine): Contender {
  const command = [engine.cli, "preview", ...stackOptions(engine), "--expect-no-changes"] as const;
  return { name: "platform preview", run: () => time(command, { cwd: engine.projectDir, env: engine.env }) };
}

/** The yardstick is a project of its own beside the copy, with the same runtime options and the same node_modules. */
async function emptyPreview(engine: Engine): Promise<Contender> {
  const folder = join(engine.projectDir, ".platform", "bench-empty");
  mkdirSync(join(folder, "scripts"), { recursive: true });
  cpSync(join(import.meta.dirname, "empty", "index.ts"), join(folder, "index.ts"));
  // The runtime options are the same; the provider of the platform is no part of an empty program.
  const { plugins: _ofThePlatform, ...project } = parse(
    readFileSync(join(engine.projectDir, "Pulumi.yaml"), "utf8"),
  ) as Record<string, unknown>;
  writeFileSync(join(folder, "Pulumi.yaml"), stringify(project));
  cpSync(join(engine.projectDir, "scripts", "require-node.mjs"), join(folder, "scripts", "require-node.mjs"));
  cpSync(join(engine.projectDir, "package.json"), join(folder, "package.json"));
  symlinkSync(join(engine.projectDir, "node_modules"), join(folder, "node_modules"));
  const empty: Engine = { cli: engine.cli, stack: "empty", projectDir: folder, env: engine.env };
  writeFileSync(join(folder, "Pulumi.empty.yaml"), "config: {}\n");
  await ask(empty, ["stack", "init", "empty"]);
  await ask(empty, ["up", "--yes", "--skip-preview", "--stack", "empty"]);
  const command = [engine.cli, "preview", "--stack", "empty", "--expect-no-changes"] as const;
  return { name: "empty preview", run: () => time(command, { cwd: folder, env: engine.env }) };
}

function platformUp(engine: Engine, project: Project): Contender {
  const up = [engine.cli, "up", ...stackOptions(engine), "--yes", "--skip-preview"] as const;
  const options = { cwd: engine.projectDir, env: engine.env };
  return {
    name: "platform up",
    run: async () => {
      await ask(engine, ["destroy", ...stackOptions(engine), "--yes", "--skip-preview"]);
      const targets = ["**Stack::platform-kwok", "**KwokCluster::cluster", "**control-plane"];
      await time([...up, ...targets.flatMap((urn) => ["--target", urn])], options);
      if (project.checkpoint("kwok")?.resources?.some(({ urn }) => urn.includes("cilium-release")) === true) {
        throw new Error("the control plane alone was to be made");
      }
      return await time(up, options);
    },
  };
}

interface InstalledRelease {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly values: unknown;
}

/** The releases of the measured stack as the engine knows them, Cilium first. */
function releasesOf(checkpoint: Checkpoint | undefined): InstalledRelease[] {
  const found = (checkpoint?.resources ?? [])
    .filter(({ type }) => type === "kubernetes:helm.sh/v3:Release")
    .map(({ inputs }) => inputs as unknown as InstalledRelease);
  return [...found.filter(({ name }) => name === "cilium"), ...found.filter(({ name }) => name !== "cilium")];
}

function helmInstalls(engine: Engine, releases: readonly InstalledRelease[]): Contender {
  const inputs = { name: "platform-helm", stack: "helm", kubernetesVersion, nodes: 3 };
  return {
    name: "helm one after another",
    run: async () => {
      const { outs } = await kwok.create(inputs);
      const folder = join(engine.projectDir, ".platform", "helm");
      const { kubeconfig } = outs;
      const started = Date.now();
      let cpuSeconds = 0;
      for (const { name, namespace, chart, values } of releases) {
        const valuesFile = join(folder, `${name}.json`);
        writeFileSync(valuesFile, JSON.stringify(values));
        const sample: Sample = await time(
          [
            ...[requireTool("helm"), "install", name, chart, "--namespace", namespace, "--create-namespace"],
            ...["--values", valuesFile, "--wait", "--timeout", "300s", "--kubeconfig", join(folder, "kubeconfig")],
          ] as unknown as [string, ...string[]],
          { cwd: engine.projectDir, env: engine.env },
        );
        cpuSeconds += sample.cpuSeconds;
        if (name === "cilium") {
          await operator.create({ stack: inputs.stack, clusterName: inputs.name, kubeconfig, revision: 1 });
          await ready.create({ kubeconfig, revision: 1, crds: ciliumCrds({}), timeoutSeconds: 120 });
        }
      }
      const wallSeconds = (Date.now() - started) / 1000;
      await kwok.delete(inputs.name, outs);
      return { wallSeconds, cpuSeconds };
    },
  };
}

/**
 * Makes and removes a kind cluster through the kind CLI, whatever container engine it finds.
 *
 * Cluster names are shared by everybody on the machine: a cluster is only ever reclaimed when this stack wrote down,
 * before it began, that it was about to make that name.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { UserError } from "../../policies/problems.ts";
import { archiveFiles, imagesFolder } from "../../scripts/kind-images/places.ts";
import { workplace } from "../../scripts/tools/tool-paths.ts";
import { isFree } from "./free-ports.ts";
import { requireTool } from "./local-tools.ts";
import { clusterUid } from "./kube-client.ts";
import type { Lifecycle } from "../provider/lifecycle.ts";
import { runCommand, runOrFail } from "./processes.ts";
import { registriesFolder } from "./pull-through-hosts.ts";
import { kubeconfigFile, stackFolder } from "./state-folder.ts";

export interface KindClusterInputs {
  readonly name: string;
  readonly stack: string;
  /** kind.x-k8s.io/v1alpha4, as text. */
  readonly config: string;
  /** By digest; one that was built here by a name of ours. */
  readonly nodeImage: string;
  /** Archives of images that are loaded into the nodes, by file name in the cache; absent where nodes pull their images. */
  readonly archives?: readonly string[];
  /** Text of `hosts.toml` by registry, for the nodes to read at every pull. Empty without caches. */
  readonly registryHosts: Readonly<Record<string, string>>;
}

export interface KindClusterOutputs extends KindClusterInputs {
  readonly kubeconfig: string;
  readonly uid: string;
}

async function kind(args: readonly string[], stdin?: string): Promise<string> {
  return await runOrFail(requireTool("kind"), args, {
    timeoutSeconds: 900,
    ...(stdin === undefined ? {} : { stdin }),
  });
}

async function isListed(name: string): Promise<boolean> {
  return (await kind(["get", "clusters"])).split("\n").includes(name);
}

function markFile(inputs: KindClusterInputs): string {
  return join(stackFolder(inputs.stack), `kind-${inputs.name}.owner.json`);
}

/** Host ports a kind configuration asks for. */
export function hostPortsOf(config: string): number[] {
  const parsed = parse(config) as {
    networking?: { apiServerPort?: number };
    nodes?: { extraPortMappings?: { hostPort: number }[] }[];
  };
  const mapped = (parsed.nodes ?? []).flatMap((node) => (node.extraPortMappings ?? []).map(({ hostPort }) => hostPort));
  return parsed.networking?.apiServerPort === undefined ? mapped : [parsed.networking.apiServerPort, ...mapped];
}

async function observe(inputs: KindClusterInputs): Promise<KindClusterOutputs> {
  const kubeconfig = await kind(["get", "kubeconfig", "--name", inputs.name]);
  await writeFile(kubeconfigFile(inputs.stack), kubeconfig, { mode: 0o600 });
  const { name, stack, config, nodeImage, archives, registryHosts } = inputs;
  const loaded = archives === undefined ? {} : { archives };
  return { name, stack, config, nodeImage, ...loaded, registryHosts, kubeconfig, uid: await clusterUid(kubeconfig) };
}

/** The folder itself stays: the nodes hold it mounted. */
async function writeRegistryHosts({ stack, registryHosts }: KindClusterInputs): Promise<void> {
  const folder = registriesFolder(stack);
  await mkdir(folder, { recursive: true });
  const dropped = (await readdir(folder)).filter((registry) => registryHosts[registry] === undefined);
  await Promise.all(dropped.map((registry) => rm(join(folder, registry), { recursive: true })));
  for (const [registry, text] of Object.entries(registryHosts)) {
    await mkdir(join(folder, registry), { recursive: true });
    await writeFile(join(folder, registry, "hosts.toml"), text);
  }
}

/** The engine of this machine holds the node image, under a name of ours. */
async function haveNodeImage(name: string): Promise<void> {
  const known = await runCommand("docker", ["image", "inspect", name], { timeoutSeconds: 60 });
  if (known.code === 0) return;
  const [file = ""] = archiveFiles(["node"]);
  await runOrFail("docker", ["load", "--input", file], { timeoutSeconds: 600 });
}

/** Side by side: one archive is unpacked while the next is read. */
async function loadArchives({ name, archives = [] }: KindClusterInputs): Promise<void> {
  const folder = imagesFolder(workplace());
  await Promise.all(archives.map((file) => kind(["load", "image-archive", join(folder, file), "--name", name])));
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Load as soon as every node takes images: kubeadm mostly waits, and the images of pods take as long as it does. */
async function loadMeanwhile(inputs: KindClusterInputs, made: Promise<unknown>): Promise<void> {
  if (inputs.archives === undefined) return;
  const ended = made.then(
    () => "made" as const,
    () => "failed" as const,
  );
  let state = await Promise.race([ended, takesImages(inputs)]);
  while (state === "not yet") {
    await new Promise((resolve) => setTimeout(resolve, 250));
    state = await Promise.race([ended, takesImages(inputs)]);
  }
  if (state !== "failed") await loadArchives(inputs);
}

/** Do all nodes of the configuration exist, each with a containerd that answers? */
async function takesImages({ name, config }: KindClusterInputs): Promise<"yes" | "not yet"> {
  const wanted = (parse(config) as { nodes?: unknown[] }).nodes?.length ?? 1;
  const nodes = (await kind(["get", "nodes", "--name", name])).split("\n").filter((node) => node !== "");
  if (nodes.length < wanted) return "not yet";
  const answers = await Promise.all(
    nodes.map((node) => runCommand("docker", ["exec", node, "ctr", "version"], { timeoutSeconds: 20 })),
  );
  return answers.every(({ code }) => code === 0) ? "yes" : "not yet";
}

async function remove(inputs: KindClusterInputs): Promise<void> {
  // kind edits the kubeconfig it is given; without this it would be the person's own.
  const scratch = join(stackFolder(inputs.stack), "kind-kubeconfig");
  await kind(["delete", "cluster", "--name", inputs.name, "--kubeconfig", scratch]);
  await Promise.all([markFile(inputs), kubeconfigFile(inputs.stack), scratch].map((file) => rm(file, { force: true })));
  await rm(registriesFolder(inputs.stack), { recursive: true, force: true });
}

export const lifecycle: Lifecycle<KindClusterInputs, KindClusterOutputs> = {
  async diff(_id, olds, news) {
    const replaces = (["name", "stack", "config", "nodeImage"] as const).filter((key) => olds[key] !== news[key]);
    const told = JSON.stringify(olds.registryHosts) === JSON.stringify(news.registryHosts);
    const loaded = JSON.stringify(olds.archives) === JSON.stringify(news.archives);
    return await Promise.resolve({ changes: replaces.length > 0 || !told || !loaded, replaces });
  },

  async create(inputs) {
    await mkdir(stackFolder(inputs.stack), { recursive: true, mode: 0o700 });
    if (await isListed(inputs.name)) {
      const marked = await readFile(markFile(inputs), "utf8").catch(() => undefined);
      if (marked === undefined) {
        throw new UserError(
          `a kind cluster named ${inputs.name} exists and this stack did not make it; ` +
            `choose another clusterName, or remove it with: kind delete cluster --name ${inputs.name}`,
        );
      }
      await remove(inputs);
    }
    const taken = await Promise.all(
      hostPortsOf(inputs.config).map(async (port) => ((await isFree(port)) ? [] : [port])),
    );
    if (taken.flat().length > 0) {
      throw new UserError(`ports in use on this machine: ${taken.flat().join(", ")}; free them or choose others`);
    }
    if (Object.keys(inputs.registryHosts).length > 0) await writeRegistryHosts(inputs);
    await writeFile(markFile(inputs), JSON.stringify({ stack: inputs.stack, cluster: inputs.name }), { mode: 0o600 });
    const scratch = join(stackFolder(inputs.stack), "kind-kubeconfig");
    try {
      if (inputs.archives !== undefined) await haveNodeImage(inputs.nodeImage);
      // No --wait: without a network plugin the nodes are not Ready before Cilium is.
      const made = kind(
        [
          ...["create", "cluster", "--name", inputs.name, "--image", inputs.nodeImage],
          ...["--config", "-", "--kubeconfig", scratch],
        ],
        inputs.config,
      );
      // What kind could not make it removes, and what is loaded into that fails as well: the cause is told, not what follows.
      const [creation, loading] = await Promise.allSettled([made, loadMeanwhile(inputs, made)]);
      for (const result of [creation, loading]) if (result.status === "rejected") throw asError(result.reason);
      return { id: inputs.name, outs: await observe(inputs) };
    } catch (error) {
      const logs = join(stackFolder(inputs.stack), "kind-logs");
      const exported = await runCommand(requireTool("kind"), ["export", "logs", logs, "--name", inputs.name], {
        timeoutSeconds: 120,
      });
      // What cannot be removed now is reclaimed by the next run, since its mark stays; this error tells more.
      await remove(inputs).catch(() => undefined);
      if (exported.code === 0 && error instanceof Error) error.message += `\nlogs of the nodes: ${logs}`;
      throw error;
    }
  },

  async read(_id, props) {
    if (!(await isListed(props.name))) return undefined;
    // Listed but stopped counts as gone only if it does not answer either.
    return await observe(props).catch(() => undefined);
  },

  async update(_id, _olds, news) {
    await writeRegistryHosts(news);
    await loadArchives(news);
    return { outs: await observe(news) };
  },

  async delete(_id, props) {
    await remove(props);
  },
};

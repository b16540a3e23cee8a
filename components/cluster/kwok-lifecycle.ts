/**
 * Makes and removes a control plane with simulated nodes: real etcd, API server, controller manager and scheduler as
 * processes on the loopback interface, run by kwokctl.
 *
 * Everything lies in the stack's folder, so that the folder itself says whose cluster it is: what stands there with our
 * mark is ours to reclaim, what stands there without it is somebody's and is refused.
 */
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { stringify } from "yaml";

import { UserError } from "../../policies/problems.ts";
import { findTool, requireTool } from "./local-tools.ts";
import { freePorts } from "./free-ports.ts";
import { clusterUid, readyNodes } from "./kube-client.ts";
import type { Lifecycle } from "../provider/lifecycle.ts";
import { processesNaming, runOrFail, stopProcessesNaming } from "./processes.ts";
import { kubeconfigFile, kwokClusterFolder, stackFolder } from "./state-folder.ts";

export interface KwokClusterInputs {
  readonly name: string;
  readonly stack: string;
  readonly kubernetesVersion: string;
  readonly nodes: number;
}

export interface KwokClusterOutputs extends KwokClusterInputs {
  /** Complete: certificates inside, no paths. */
  readonly kubeconfig: string;
  /** UID of the namespace kube-system: a new cluster has a new one. */
  readonly uid: string;
}

function folders(inputs: KwokClusterInputs) {
  const stackDir = stackFolder(inputs.stack);
  const workdir = join(stackDir, "kwok");
  const cluster = kwokClusterFolder(inputs.stack, inputs.name);
  return { stackDir, workdir, cluster, mark: join(workdir, `${inputs.name}.owner.json`) };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Seconds for which a node is taken for alive after its last sign of life. */
const nodeLeaseSeconds = 20;

/** kwokctl multiplies what it is told about signs of life by this, unless it is told otherwise. */
const kwokctlHeartbeatFactor = 5;

/** What kwokctl chooses when it is not told: the highest that is free, the same for everybody who asks at that moment. */
const ports = [
  "etcdPort",
  "etcdPeerPort",
  "kubeApiserverPort",
  "kubeControllerManagerPort",
  "kubeSchedulerPort",
  "kwokControllerPort",
] as const;

async function kwokctlConfiguration(): Promise<string> {
  const free = await freePorts(ports.length);
  return stringify({
    apiVersion: "config.kwok.x-k8s.io/v1alpha1",
    kind: "KwokctlConfiguration",
    options: {
      // Everything on loopback: etcd speaks without a password here, and kwokctl would show it to the whole network.
      bindAddress: "127.0.0.1",
      ...Object.fromEntries(ports.map((port, index) => [port, free[index]])),
      // A controller that was started again lets no pod begin before the leases of the one before it have run out: with
      // kwokctl's 200 s no chart is ready in time.
      nodeLeaseDurationSeconds: nodeLeaseSeconds / kwokctlHeartbeatFactor,
    },
  });
}

async function kwokctl(inputs: KwokClusterInputs, args: readonly string[]): Promise<string> {
  const { workdir } = folders(inputs);
  return await runOrFail(requireTool("kwokctl"), [...args, "--name", inputs.name], {
    env: { ...process.env, KWOK_WORKDIR: workdir },
    timeoutSeconds: 300,
  });
}

const components = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller"];

async function stoppedComponents(inputs: KwokClusterInputs): Promise<string[]> {
  const { cluster } = folders(inputs);
  const running = await processesNaming(`${cluster}/`);
  return components.filter(
    (component) => !running.some(({ args }) => args.startsWith(join(cluster, "bin", component))),
  );
}

/** Whether every process of the control plane runs. */
export async function isRunning(inputs: KwokClusterInputs): Promise<boolean> {
  return (await stoppedComponents(inputs)).length === 0;
}

/** Processes that a control plane has lost which was made to its end: without them Helm waits in vain, and does not say why. */
export async function lostComponents(inputs: KwokClusterInputs): Promise<string[]> {
  return (await isComplete(inputs)) ? await stoppedComponents(inputs) : [];
}

/** Whose the cluster folder is, and whether the making of it came to its end. */
interface Mark {
  readonly stack: string;
  readonly cluster: string;
  readonly made: "begun" | "complete";
}

async function writeMark(inputs: KwokClusterInputs, made: Mark["made"]): Promise<void> {
  const mark: Mark = { stack: inputs.stack, cluster: inputs.name, made };
  await writeFile(folders(inputs).mark, JSON.stringify(mark), { mode: 0o600 });
}

/** A cluster that a killed run left half made cannot be started, only be made anew. A mark may be half written too. */
async function isComplete(inputs: KwokClusterInputs): Promise<boolean> {
  const text = await readFile(folders(inputs).mark, "utf8").catch(() => "");
  try {
    return (JSON.parse(text) as Partial<Mark>).made === "complete";
  } catch {
    return false;
  }
}

/** After a restart of the machine the data is there and the processes are not: start them again. */
export async function wake(inputs: KwokClusterInputs): Promise<"running" | "woken" | "absent"> {
  if (!(await isComplete(inputs))) return "absent";
  if (await isRunning(inputs)) return "running";
  const { cluster } = folders(inputs);
  await stopProcessesNaming(`${cluster}/`, "at once");
  // kwokctl takes a number in a file for a running process, and after a restart the number is somebody else's.
  await rm(join(cluster, "pids"), { recursive: true, force: true });
  await mkdir(join(cluster, "pids"));
  await kwokctl(inputs, ["start", "cluster", "--wait", "60s"]);
  return "woken";
}

async function selfContainedKubeconfig(inputs: KwokClusterInputs): Promise<string> {
  const { cluster } = folders(inputs);
  const text = await readFile(join(cluster, "kubeconfig.yaml"), "utf8");
  const server = /server: (\S+)/.exec(text)?.[1];
  if (server === undefined) throw new UserError(`${join(cluster, "kubeconfig.yaml")} names no server`);
  const pem = async (file: string): Promise<string> => (await readFile(join(cluster, "pki", file))).toString("base64");
  const [ca, crt, key] = await Promise.all([pem("ca.crt"), pem("admin.crt"), pem("admin.key")]);
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: inputs.name, cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: inputs.name, user: { "client-certificate-data": crt, "client-key-data": key } }],
    contexts: [{ name: inputs.name, context: { cluster: inputs.name, user: inputs.name } }],
    "current-context": inputs.name,
  });
}

async function observe(inputs: KwokClusterInputs): Promise<KwokClusterOutputs> {
  const kubeconfig = await selfContainedKubeconfig(inputs);
  await writeFile(kubeconfigFile(inputs.stack), kubeconfig, { mode: 0o600 });
  return {
    name: inputs.name,
    stack: inputs.stack,
    kubernetesVersion: inputs.kubernetesVersion,
    nodes: inputs.nodes,
    kubeconfig,
    uid: await clusterUid(kubeconfig),
  };
}

/** What a killed run left: ours only with our mark. */
async function reclaim(inputs: KwokClusterInputs): Promise<void> {
  const { cluster, mark } = folders(inputs);
  if (!(await exists(cluster))) return;
  if (!(await exists(mark))) {
    throw new UserError(
      `${cluster} holds a cluster that this stack did not make; remove it with: ` +
        `KWOK_WORKDIR=${folders(inputs).workdir} kwokctl delete cluster --name ${inputs.name}`,
    );
  }
  await remove(inputs);
}

async function remove(inputs: KwokClusterInputs): Promise<void> {
  const { cluster, mark } = folders(inputs);
  // Not kwokctl's own delete: it needs a complete kwok.yaml, which a killed create has not written yet. The operator
  // beside the cluster ends with it too.
  await stopProcessesNaming(`${cluster}/`, "at once");
  await rm(cluster, { recursive: true, force: true });
  await rm(mark, { force: true });
  await rm(kubeconfigFile(inputs.stack), { force: true });
}

async function make(inputs: KwokClusterInputs): Promise<KwokClusterOutputs> {
  const { stackDir, workdir } = folders(inputs);
  await writeMark(inputs, "begun");
  const configFile = join(stackDir, "kwokctl.yaml");
  await writeFile(configFile, await kwokctlConfiguration());
  const binaries: Record<string, string | undefined> = {
    "--etcd-binary": findTool("etcd"),
    "--kube-apiserver-binary": findTool("kube-apiserver"),
    "--kube-controller-manager-binary": findTool("kube-controller-manager"),
    "--kube-scheduler-binary": findTool("kube-scheduler"),
    "--kwok-controller-binary": findTool("kwok"),
  };
  await kwokctl(inputs, [
    "create",
    "cluster",
    "--config",
    configFile,
    "--runtime",
    "binary",
    ...Object.entries(binaries).flatMap(([flag, path]) => (path === undefined ? [] : [flag, path])),
    "--kubeconfig",
    join(workdir, "kubeconfig"),
    "--wait",
    "60s",
  ]);
  // Before anything is written: without an etcd of its own the API server may have found somebody else's.
  await refuseLoss(inputs);
  await kwokctl(inputs, ["scale", "node", "--replicas", String(inputs.nodes)]);
  const outs = await observe(inputs);
  await untilNodesReady(inputs, outs.kubeconfig);
  await writeMark(inputs, "complete");
  return outs;
}

/** kwokctl starts the processes and asks the API server alone; the others may have ended meanwhile. */
async function refuseLoss(inputs: KwokClusterInputs): Promise<void> {
  const lost = await stoppedComponents(inputs);
  if (lost.length === 0) return;
  const said = await Promise.all(lost.map(async (name) => `  ${name}: ${await lastLogLine(inputs, name)}`));
  throw new UserError(`the control plane of ${inputs.stack} did not stay up:\n${said.join("\n")}`);
}

/** Nodes are Ready by the work of the controller whose loss nobody else would notice: pods would never begin. */
async function untilNodesReady(inputs: KwokClusterInputs, kubeconfig: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await readyNodes(kubeconfig)) < inputs.nodes) {
    await refuseLoss(inputs);
    if (Date.now() > deadline) throw new UserError(`the nodes of ${inputs.stack} are not Ready after 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await refuseLoss(inputs);
}

async function logOf(inputs: KwokClusterInputs, component: string): Promise<string> {
  return await readFile(join(folders(inputs).cluster, "logs", `${component}.log`), "utf8").catch(() => "");
}

async function lastLogLine(inputs: KwokClusterInputs, component: string): Promise<string> {
  return (await logOf(inputs, component)).trim().split("\n").at(-1)?.slice(-500) ?? "";
}

/** Whether somebody took a port between its choice and its use. */
async function portWasTaken(inputs: KwokClusterInputs): Promise<boolean> {
  const logs = await Promise.all(components.map((component) => logOf(inputs, component)));
  return logs.some((text) => text.includes("address already in use"));
}

export const lifecycle: Lifecycle<KwokClusterInputs, KwokClusterOutputs> = {
  async diff(_id, olds, news) {
    const replaces = (["name", "stack", "kubernetesVersion"] as const).filter((key) => olds[key] !== news[key]);
    return await Promise.resolve({ changes: replaces.length > 0 || olds.nodes !== news.nodes, replaces });
  },

  async create(inputs) {
    await mkdir(folders(inputs).workdir, { recursive: true, mode: 0o700 });
    // A cluster of somebody else is refused here, before anything is ours to remove.
    await reclaim(inputs);
    for (let tries = 1; ; tries++) {
      try {
        return { id: inputs.name, outs: await make(inputs) };
      } catch (error) {
        const taken = await portWasTaken(inputs);
        await remove(inputs);
        if (!taken || tries === 3) throw error;
      }
    }
  },

  async read(_id, props) {
    return (await isRunning(props)) ? await observe(props) : undefined;
  },

  async update(_id, _olds, news) {
    await kwokctl(news, ["scale", "node", "--replicas", String(news.nodes)]);
    return { outs: await observe(news) };
  },

  async delete(_id, props) {
    await remove(props);
  },
};

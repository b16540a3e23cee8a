/**
 * Runs the real cilium-operator as a process beside a control plane whose pods are only simulated.
 *
 * The chart's own operator Deployment is Ready by decree there and does nothing; this process is what registers
 * Cilium's CRDs and judges every policy. It reads the very `cilium-config` that the chart rendered, so that which kinds
 * exist follows the stack's values and not a second list of flags.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../../policies/problems.ts";
import { freePorts } from "../cluster/free-ports.ts";
import { requireTool } from "../cluster/local-tools.ts";
import { configMapData } from "../cluster/kube-client.ts";
import type { Lifecycle } from "../provider/lifecycle.ts";
import { processesNaming, startBeside, stopProcessesNaming } from "../cluster/processes.ts";
import { operatorFolder } from "../cluster/state-folder.ts";

export interface OperatorProcessInputs {
  readonly stack: string;
  readonly clusterName: string;
  readonly kubeconfig: string;
  /** Revision of the Cilium release whose configuration it reads. */
  readonly revision: number;
}

function files(inputs: OperatorProcessInputs) {
  // Inside the cluster's folder: whoever removes the cluster ends every process that names it.
  const folder = operatorFolder(inputs.stack, inputs.clusterName);
  return {
    folder,
    configDir: join(folder, "config"),
    kubeconfig: join(folder, "kubeconfig"),
    logFile: join(folder, "log"),
  };
}

async function start(inputs: OperatorProcessInputs): Promise<void> {
  const { configDir, kubeconfig, logFile } = files(inputs);
  const config = await configMapData(inputs.kubeconfig, "kube-system", "cilium-config");
  if (config === undefined)
    throw new UserError("kube-system/cilium-config does not exist: the Cilium release is missing");
  await stopProcessesNaming(configDir, "gently");
  await rm(configDir, { recursive: true, force: true });
  await mkdir(configDir, { recursive: true, mode: 0o700 });
  await Promise.all(Object.entries(config).map(([key, value]) => writeFile(join(configDir, key), value)));
  await writeFile(kubeconfig, inputs.kubeconfig, { mode: 0o600 });
  // Two stacks side by side must not meet on the operator's fixed default.
  const [port] = await freePorts(1);
  await startBeside(
    requireTool("cilium-operator-generic"),
    [
      `--config-dir=${configDir}`,
      `--k8s-kubeconfig-path=${kubeconfig}`,
      "--k8s-namespace=kube-system",
      `--operator-api-serve-addr=127.0.0.1:${String(port)}`,
      // What would listen beyond the loopback interface, or on a fixed port, stays off.
      "--enable-metrics=false",
      "--enable-gops=false",
    ],
    logFile,
  );
}

async function isRunning(inputs: OperatorProcessInputs): Promise<boolean> {
  return (await processesNaming(files(inputs).configDir)).length > 0;
}

export const lifecycle: Lifecycle<OperatorProcessInputs, OperatorProcessInputs> = {
  async diff(_id, olds, news) {
    const replaces = (["stack", "clusterName"] as const).filter((key) => olds[key] !== news[key]);
    const changes = replaces.length > 0 || olds.revision !== news.revision || !(await isRunning(olds));
    return { changes, replaces };
  },
  async create(inputs) {
    await start(inputs);
    return { id: `${inputs.clusterName}/cilium-operator`, outs: inputs };
  },
  async read(_id, props) {
    return (await isRunning(props)) ? props : undefined;
  },
  async update(_id, _olds, news) {
    await start(news);
    return { outs: news };
  },
  async delete(_id, props) {
    const { folder, configDir } = files(props);
    await stopProcessesNaming(configDir, "gently");
    await rm(folder, { recursive: true, force: true });
  },
};

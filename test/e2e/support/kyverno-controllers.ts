/**
 * Kyverno's admission and background controllers as processes beside a control plane whose pods are simulated, with the
 * arguments, the settings and the rights that the chart gives them in the cluster.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  AppsV1Api,
  AuthenticationV1TokenRequest,
  CoreV1Api,
  KubeConfig,
  type V1Container,
} from "@kubernetes/client-node";

import { freePorts } from "../../../components/cluster/free-ports.ts";
import { kyvernoNamespace } from "../../../policies/names.ts";
import { toolPaths } from "../../../scripts/tools/tool-paths.ts";

const { path } = toolPaths(["kyverno", "background-controller"]);

/** Both are there. */
export const kyvernoControllersThere = path.kyverno !== undefined && path["background-controller"] !== undefined;

/** Deployments of the chart. */
const controllers = ["kyverno-admission-controller", "kyverno-background-controller"] as const;

export class KyvernoControllers {
  private readonly processes: ChildProcess[] = [];
  private readonly config = new KubeConfig();
  private readonly folder: string;

  /** `folder` takes their credentials and logs. */
  constructor(kubeconfig: string, folder: string) {
    this.config.loadFromString(kubeconfig);
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  async start(): Promise<void> {
    const [webhooks, ...metrics] = await freePorts(3);
    const port = String(webhooks);
    await this.run("kyverno-admission-controller", path.kyverno ?? "", [
      `--metricsPort=${String(metrics[0])}`,
      `--serverIP=127.0.0.1:${port}`,
      "--webhookServerHost=127.0.0.1",
      `--webhookServerPort=${port}`,
      // What is refused here is refused by a policy, and what passes was judged.
      "--forceFailurePolicyIgnore=false",
    ]);
    await this.run("kyverno-background-controller", path["background-controller"] ?? "", [
      `--metricsPort=${String(metrics[1])}`,
    ]);
  }

  /** What they said last, for whoever waits for them in vain. */
  said(): string {
    return controllers
      .map((name) => {
        const lines = readFileSync(this.logOf(name), "utf8").split("\n");
        return [`${name}:`, ...lines.filter((line) => !line.includes("Caches populated")).slice(-15)].join("\n  ");
      })
      .join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.processes.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGKILL");
        await gone;
      }),
    );
  }

  private async run(deployment: (typeof controllers)[number], command: string, args: readonly string[]): Promise<void> {
    const found = await this.config
      .makeApiClient(AppsV1Api)
      .readNamespacedDeployment({ namespace: kyvernoNamespace, name: deployment });
    const pod = found.spec?.template.spec;
    const [container] = pod?.containers ?? [];
    if (container === undefined) throw new Error(`${deployment} runs nothing`);
    const child = spawn(
      command,
      [
        ...(container.args ?? []),
        `--kubeconfig=${await this.kubeconfigOf(pod?.serviceAccountName ?? "")}`,
        // Ports of which the chart knows that they are free: in a pod of their own.
        "--controllerRuntimeMetricsAddress=0",
        "--metricsHost=127.0.0.1",
        ...args,
      ],
      {
        env: { PATH: process.env["PATH"], HOME: this.folder, ...settingsOf(container, deployment) },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const log = createWriteStream(this.logOf(deployment));
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.processes.push(child);
  }

  private logOf(deployment: string): string {
    return join(this.folder, `${deployment}.log`);
  }

  /** A kubeconfig that may do what the pod may. */
  private async kubeconfigOf(serviceAccount: string): Promise<string> {
    const body = Object.assign(new AuthenticationV1TokenRequest(), {
      spec: { audiences: [], expirationSeconds: 3600 },
    });
    const { status } = await this.config
      .makeApiClient(CoreV1Api)
      .createNamespacedServiceAccountToken({ namespace: kyvernoNamespace, name: serviceAccount, body });
    const theirs = new KubeConfig();
    const cluster = this.config.getCurrentCluster();
    if (cluster === null) throw new Error("the kubeconfig names no cluster");
    theirs.loadFromClusterAndUser(cluster, { name: serviceAccount, token: status?.token ?? "" });
    const file = join(this.folder, `${serviceAccount}.kubeconfig`);
    writeFileSync(file, theirs.exportConfig(), { mode: 0o600 });
    return file;
  }
}

/** The environment of a container, as its kubelet would fill it in. */
function settingsOf({ env = [] }: V1Container, pod: string): Record<string, string> {
  const fields: Readonly<Record<string, string>> = { "metadata.namespace": kyvernoNamespace, "metadata.name": pod };
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [name, value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""] ?? ""]),
  );
}

/**
 * `npm run doctor -- <stack> [--pod <namespace>/<name>]`: whether Cilium runs and took every policy, and on real nodes what its
 * agents say of themselves, their endpoints and drops. Any cluster: `--kubeconfig FILE` in place of a stack. It only reads,
 * and ends with 1 if something is not as it should be; each such line names the command to ask next.
 */
import { parseArgs } from "node:util";

import { judgeStack } from "../components/candidate.ts";
import { whyNoAnswer } from "../components/cluster/kube-client.ts";
import { isMap } from "../components/helm-values.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { UserError } from "../policies/problems.ts";
import { kubeconfigOf } from "./cluster-policies/kubeconfig.ts";
import { examineAgents, lately, type AgentSaid } from "./doctor/agents.ts";
import { drift } from "./doctor/drift.ts";
import type { Examined } from "./doctor/examined.ts";
import { examinePod } from "./doctor/pod.ts";
import { whoSees } from "./drops.ts";
import { words } from "./words.ts";

const usage = "<stack> or --kubeconfig FILE, and --pod <namespace>/<name>";

export async function doctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = words("doctor", usage, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kubeconfig: { type: "string" }, pod: { type: "string" } },
    }),
  );
  const [stack, another] = positionals;
  if (another !== undefined) throw new UserError(`doctor: expected ${usage}`);
  const { pod, ...where } = values;
  const kubeconfig = await kubeconfigOf({ ...where, ...(stack === undefined ? {} : { stack }) }, process.cwd());
  const looked = await look(kubeconfig);
  const examined = [
    ...(pod === undefined ? [] : await lookAtPod(kubeconfig, pod)),
    ...(stack === undefined || looked.config === undefined ? [] : [driftOf(stack, looked.config)]),
    ...(looked.agents.length === 0 ? [] : examineAgents(await askAgents(kubeconfig, looked.agents))),
    ...examine(looked),
  ];
  process.stdout.write(doctorText(examined));
  return examined.every(({ wrong }) => wrong === undefined) ? 0 : 1;
}

function driftOf(stack: string, config: Readonly<Record<string, string>>): Examined {
  const { values } = judgeStack(stack, settingsOfStackFile(process.cwd(), stack));
  return drift(values("cilium", { apiServerHost: undefined }), config);
}

/** Objects as the API server tells them, by kind. */
export interface Looked {
  /** Of the ConfigMap cilium-config. */
  readonly config?: Readonly<Record<string, string>>;
  readonly daemonSets: readonly unknown[];
  readonly deployments: readonly unknown[];
  readonly definitions: readonly unknown[];
  readonly policies: readonly unknown[];
}

/** By the client of any kind, which hands objects over as they are. */
async function look(kubeconfig: string): Promise<Looked & { readonly agents: readonly Agent[] }> {
  const { CoreV1Api, CustomObjectsApi, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  const itemsOf = (list: unknown): readonly unknown[] => {
    const items = at(list, "items");
    return Array.isArray(items) ? items : [];
  };
  const own = async (plural: string): Promise<readonly unknown[]> =>
    itemsOf(await api.listNamespacedCustomObject({ ...apps, namespace: ciliumNamespace, plural }));
  const all = async (group: string, version: string, plural: string): Promise<readonly unknown[]> =>
    itemsOf(
      await api.listClusterCustomObject({ group, version, plural }).catch((error: unknown) => {
        if ((error as { code?: unknown } | null)?.code === 404) return undefined;
        throw error;
      }),
    );
  try {
    const [configMap, nodes, pods, daemonSets, deployments, definitions, ...policies] = await Promise.all([
      core.readNamespacedConfigMap({ namespace: ciliumNamespace, name: "cilium-config" }).catch(() => undefined),
      core.listNode(),
      core.listNamespacedPod({ namespace: ciliumNamespace, labelSelector: "k8s-app=cilium" }),
      own("daemonsets"),
      own("deployments"),
      all("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
      all("cilium.io", "v2", "ciliumnetworkpolicies"),
      all("cilium.io", "v2", "ciliumclusterwidenetworkpolicies"),
    ]);
    const simulated = new Set(
      nodes.items.flatMap(({ metadata }) =>
        metadata?.annotations?.[simulatedNode] === undefined ? [] : [metadata.name ?? ""],
      ),
    );
    return {
      ...(configMap?.data === undefined ? {} : { config: configMap.data }),
      agents: pods.items.flatMap(({ metadata, spec, status }) => {
        const node = spec?.nodeName ?? "";
        return status?.phase !== "Running" || simulated.has(node) ? [] : [{ name: metadata?.name ?? "", node }];
      }),
      daemonSets,
      deployments,
      definitions,
      policies: policies.flat(),
    };
  } catch (error) {
    throw new UserError(whyNoAnswer(error));
  }
}

/** kwok writes it on nodes of its own: nothing can be asked in a pod there. */
const simulatedNode = "kwok.x-k8s.io/node";

interface Agent {
  readonly name: string;
  readonly node: string;
}

/** What an agent's command prints; empty where it fails, and told as that by whoever reads it. */
async function inAgent(kubeconfig: string, agent: string, command: readonly string[]): Promise<string> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const { execIn } = await import("./probe/exec.ts");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const where = { namespace: ciliumNamespace, pod: agent, container: "cilium-agent" };
  return await execIn(config, where, command, { seconds: 20 }).then(
    ({ stdout }) => stdout,
    () => "",
  );
}

const droppedLately = ["hubble", "observe", "--verdict", "DROPPED", "--since", lately, "-o", "jsonpb"];

async function askAgents(kubeconfig: string, agents: readonly Agent[]): Promise<readonly AgentSaid[]> {
  return await Promise.all(
    agents.map(async ({ name, node }) => {
      const [status, endpoints, drops] = await Promise.all(
        [["cilium-dbg", "status", "-o", "json"], ["cilium-dbg", "endpoint", "list", "-o", "json"], droppedLately].map(
          async (command) => await inAgent(kubeconfig, name, command),
        ),
      );
      return { node, status: status ?? "", endpoints: endpoints ?? "", drops: drops ?? "" };
    }),
  );
}

async function lookAtPod(kubeconfig: string, pod: string): Promise<readonly Examined[]> {
  const [namespace, name, ...more] = pod.split("/");
  if (namespace === undefined || name === undefined || more.length > 0) {
    throw new UserError(`--pod: names no pod\n  expected ${usage}`);
  }
  const { node, agent, endpoint: id } = await whoSees(kubeconfig, { namespace, name });
  const [endpoint, names, drops] = await Promise.all(
    [
      ["cilium-dbg", "endpoint", "get", String(id), "-o", "json"],
      ["cilium-dbg", "fqdn", "cache", "list", "-e", String(id), "-o", "json"],
      [...droppedLately, "--pod", pod],
    ].map(async (command) => await inAgent(kubeconfig, agent, command)),
  );
  return examinePod({ pod, node, agent, id, endpoint: endpoint ?? "", names: names ?? "", drops: drops ?? "" });
}

const apps = { group: "apps", version: "v1" } as const;
const ciliumNamespace = "kube-system";

/** What must be there: Envoy has run beside the agents, as a DaemonSet of its own, since 1.16, unless it is switched off. */
const agents = ["cilium", "cilium-envoy"];

function agentsBy(config: Looked["config"]): readonly string[] {
  return config?.["external-envoy-proxy"] === "false" ? agents.filter((name) => name !== "cilium-envoy") : agents;
}

const operator = "cilium-operator";
const others = ["hubble-relay", "hubble-ui"];

export function examine({ config, daemonSets, deployments, definitions, policies }: Looked): readonly Examined[] {
  const named = (objects: readonly unknown[], name: string): unknown => objects.find((each) => nameOf(each) === name);
  const own = definitions.filter((each) => nameOf(each).endsWith(".cilium.io"));
  const waiting = own.filter((each) => conditionOf(each, "Established") !== "True").map(nameOf);
  const invalid = policies.filter((each) => conditionOf(each, "Valid") !== "True");
  return [
    ...agentsBy(config).map((name) => rolledOut(`DaemonSet ${name}`, named(daemonSets, name))),
    rolledOut(`Deployment ${operator}`, named(deployments, operator)),
    ...others.flatMap((name) => {
      const found = named(deployments, name);
      return found === undefined ? [] : [rolledOut(`Deployment ${name}`, found)];
    }),
    {
      what: `${String(own.length)} kinds of Cilium`,
      ...(own.length === 0 ? { wrong: "none is there" } : {}),
      ...(waiting.length === 0 ? {} : { wrong: `not Established: ${waiting.join(", ")}` }),
    },
    {
      what: `${String(policies.length)} policies`,
      ...(invalid.length === 0 ? {} : { wrong: `not Valid: ${invalid.map(invalidText).join("; ")}` }),
    },
  ];
}

function rolledOut(what: string, found: unknown): Examined {
  const status = at(found, "status");
  if (!isMap(status)) return { what, wrong: "is not there" };
  const number = (key: string): number => (typeof status[key] === "number" ? status[key] : 0);
  const isDaemonSet = "desiredNumberScheduled" in status;
  const wanted = isDaemonSet ? number("desiredNumberScheduled") : Number(at(at(found, "spec"), "replicas") ?? 1);
  const ready = isDaemonSet ? number("numberReady") : number("readyReplicas");
  return ready >= wanted && wanted > 0
    ? { what: `${what} ${String(ready)} of ${String(wanted)}` }
    : { what: `${what} ${String(ready)} of ${String(wanted)}`, wrong: "not all are ready" };
}

function at(object: unknown, key: string): unknown {
  return isMap(object) ? object[key] : undefined;
}

function nameOf(object: unknown): string {
  const metadata = at(object, "metadata");
  const [namespace, name] = [at(metadata, "namespace"), at(metadata, "name")];
  return [namespace, name].filter((part) => typeof part === "string" && part !== ciliumNamespace).join("/");
}

function conditionsOf(object: unknown): readonly unknown[] {
  const conditions = at(at(object, "status"), "conditions");
  return Array.isArray(conditions) ? conditions : [];
}

function conditionOf(object: unknown, type: string): unknown {
  return at(
    conditionsOf(object).find((each) => at(each, "type") === type),
    "status",
  );
}

/** In the operator's words, which has judged none that bears no condition. */
function invalidText(policy: unknown): string {
  const message = at(
    conditionsOf(policy).find((each) => at(each, "type") === "Valid"),
    "message",
  );
  return `${nameOf(policy)} (${typeof message === "string" ? message : "not judged yet"})`;
}

export function doctorText(examined: readonly Examined[]): string {
  return examined
    .map(({ what, wrong, next }) => {
      if (wrong === undefined) return `ok   ${what}\n`;
      return `BAD  ${what}: ${wrong}\n${next === undefined ? "" : `     next: ${next}\n`}`;
    })
    .join("");
}

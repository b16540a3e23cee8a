/**
 * `npm run drops -- <stack> <namespace>/<pod>`: the packets of one pod that are dropped, as they are, told by the agent on
 * the pod's node. Any cluster: `--kubeconfig FILE` in place of a stack. Ends with an interrupt.
 */
import { parseArgs } from "node:util";

import { whyNoAnswer } from "../components/cluster/kube-client.ts";
import { isMap } from "../components/helm-values.ts";
import { UserError } from "../policies/problems.ts";
import { kubeconfigOf } from "./cluster-policies/kubeconfig.ts";
import { words } from "./words.ts";

const usage = "<stack> <namespace>/<pod>, or --kubeconfig FILE <namespace>/<pod>";

export async function drops(args: readonly string[]): Promise<number> {
  const { values, positionals } = words("drops", usage, () =>
    parseArgs({ args: [...args], allowPositionals: true, options: { kubeconfig: { type: "string" } } }),
  );
  const [stack, pod] = values.kubeconfig === undefined ? positionals : [undefined, ...positionals];
  const [namespace, name, ...more] = (pod ?? "").split("/");
  if (namespace === undefined || name === undefined || more.length > 0) {
    throw new UserError(`drops: names no pod\n  expected ${usage}`);
  }
  const kubeconfig = await kubeconfigOf({ ...values, ...(stack === undefined ? {} : { stack }) }, process.cwd());
  const { agent, node, command } = await whoSees(kubeconfig, { namespace, name });
  process.stderr.write(`${agent} on ${node}: ${command.join(" ")}\n`);
  return await run(kubeconfig, agent, command);
}

export interface Seen {
  readonly node: string;
  /** Pod of the agent there. */
  readonly agent: string;
  /** Number of the pod's endpoint there. */
  readonly endpoint: number;
  /** What the agent is asked, in its container. */
  readonly command: readonly string[];
}

const agentNamespace = "kube-system";

/** Only the agent on a pod's node sees its packets, and knows the pod by the number of its endpoint. */
export async function whoSees(
  kubeconfig: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Seen> {
  const { CoreV1Api, CustomObjectsApi, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  try {
    const pod = await core.readNamespacedPod({ namespace, name });
    const node = pod.spec?.nodeName;
    if (node === undefined || node === "") throw new UserError(`${namespace}/${name} is on no node yet`);
    if (pod.spec?.hostNetwork === true) {
      throw new UserError(`${namespace}/${name} uses the network of its node: to policies it is the node ${node}`);
    }
    const agents = await core.listNamespacedPod({
      namespace: agentNamespace,
      labelSelector: "k8s-app=cilium",
      fieldSelector: `spec.nodeName=${node}`,
    });
    const agent = agents.items[0]?.metadata?.name;
    if (agent === undefined) throw new UserError(`no agent runs on ${node}, where ${namespace}/${name} is`);
    const endpoint: unknown = await config
      .makeApiClient(CustomObjectsApi)
      .getNamespacedCustomObject({ group: "cilium.io", version: "v2", plural: "ciliumendpoints", namespace, name })
      .catch((error: unknown) => {
        if ((error as { code?: unknown } | null)?.code !== 404) throw error;
        throw new UserError(
          `${namespace}/${name} is no endpoint of Cilium: it is older than the agent on ${node}\n` +
            "  fix: delete the pod, so that it is made anew",
        );
      });
    const status = isMap(endpoint) ? endpoint["status"] : undefined;
    const id = isMap(status) ? status["id"] : undefined;
    if (typeof id !== "number") throw new UserError(`${namespace}/${name}: its endpoint has no number yet`);
    return {
      node,
      agent,
      endpoint: id,
      command: ["cilium-dbg", "monitor", "--type", "drop", "--related-to", String(id)],
    };
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(whyNoAnswer(error));
  }
}

async function run(kubeconfig: string, agent: string, command: readonly string[]): Promise<number> {
  const { Exec, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  return await new Promise((resolve, reject) => {
    new Exec(config)
      .exec(
        agentNamespace,
        agent,
        "cilium-agent",
        [...command],
        process.stdout,
        process.stderr,
        null,
        false,
        ({ status }) => {
          resolve(status === "Success" ? 0 : 1);
        },
      )
      .catch((error: unknown) => {
        reject(new UserError(whyNoAnswer(error)));
      });
  });
}

/** Cluster: what a run reads of a cluster, puts into it, and takes away again. */
import type * as Client from "@kubernetes/client-node";

import { whyNoAnswer } from "../../components/cluster/kube-client.ts";
import { isMap } from "../../components/helm-values.ts";
import type { Manifest } from "../../policies/reachability/index.ts";
import { UserError } from "../../policies/problems.ts";
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import { execIn, type Executed } from "./exec.ts";
import { anchor, ownNamespace, runLabel, type Run, type WrittenPod, type WrittenService } from "./manifests.ts";
import { agentQuestion, readAgentState, type AgentState } from "./realized.ts";

const agentNamespace = "kube-system";

export interface ClusterNode {
  readonly name: string;
  readonly address: string;
  readonly architecture: string;
  readonly ready: "yes" | "no";
  /** As the provider names it: `kind://docker/<cluster>/<node>`. */
  readonly providerId: string;
}

/** All that a verdict or a plan depends on. */
export interface ClusterState {
  readonly nodes: readonly ClusterNode[];
  readonly namespaces: ReadonlySet<string>;
  /** Namespaces, Services, endpoint slices, policies and CIDR groups, as they are. */
  readonly objects: readonly Fields[];
  /** Pods that run, as objects. */
  readonly pods: readonly Fields[];
  /** Of the ConfigMap cilium-config. */
  readonly config: Readonly<Record<string, string>>;
  readonly apiServers: readonly { readonly address: string; readonly port: number }[];
  /** Pod of the agent by its node. */
  readonly agents: ReadonlyMap<string, string>;
  /** Pods of cluster DNS that answer. */
  readonly dns: number;
}

/** Group, versions to try, plural, kind. */
const readKinds = [
  ["discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"],
  ["networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"],
  ["cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy"],
  ["cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"],
  ["cilium.io", "v2", "ciliumcidrgroups", "CiliumCIDRGroup"],
  ["cilium.io", "v2alpha1", "ciliumcidrgroups", "CiliumCIDRGroup"],
  ["policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies", "ClusterNetworkPolicy"],
] as const;

export class ProbedCluster {
  readonly config: Client.KubeConfig;
  readonly #client: typeof Client;
  readonly #core: Client.CoreV1Api;

  private constructor(client: typeof Client, config: Client.KubeConfig) {
    this.#client = client;
    this.config = config;
    this.#core = config.makeApiClient(client.CoreV1Api);
  }

  static async at(kubeconfig: string): Promise<ProbedCluster> {
    const client = await import("@kubernetes/client-node");
    const config = new client.KubeConfig();
    config.loadFromString(kubeconfig);
    return new ProbedCluster(client, config);
  }

  async state(): Promise<ClusterState> {
    try {
      return await this.#state();
    } catch (error) {
      throw error instanceof UserError ? error : new UserError(whyNoAnswer(error));
    }
  }

  async #state(): Promise<ClusterState> {
    const custom = this.config.makeApiClient(this.#client.CustomObjectsApi);
    const all = async (group: string, version: string, plural: string, kind: string): Promise<readonly Fields[]> => {
      const list: unknown = await custom.listClusterCustomObject({ group, version, plural }).catch((error: unknown) => {
        if ((error as { code?: unknown } | null)?.code === 404) return undefined;
        throw error;
      });
      const items = isMap(list) && Array.isArray(list["items"]) ? (list["items"] as unknown[]) : [];
      return items.filter(isFields).map((item) => ({ ...item, apiVersion: `${group}/${version}`, kind }));
    };
    const [nodes, namespaces, pods, services, configMap, ...read] = await Promise.all([
      this.#core.listNode(),
      this.#core.listNamespace(),
      this.#core.listPodForAllNamespaces(),
      this.#core.listServiceForAllNamespaces(),
      this.#core.readNamespacedConfigMap({ namespace: agentNamespace, name: "cilium-config" }).catch(() => undefined),
      ...readKinds.map(([group, version, plural, kind]) => all(group, version, plural, kind)),
    ]);
    if (configMap === undefined) throw new UserError("the cluster has no cilium-config: it does not run Cilium");
    const plain = (object: object, kind: string): Fields => ({ ...object, apiVersion: "v1", kind });
    const slices = read[0] ?? [];
    // A kind of two versions is listed by both.
    const listed = new Map(read.flat().map((each) => [keyOf(each), each]));
    const running = pods.items.filter(
      ({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === "Running",
    );
    return {
      nodes: nodes.items.map(({ metadata, spec, status }) => ({
        name: metadata?.name ?? "",
        address:
          status?.addresses?.find(({ type, address }) => type === "InternalIP" && !address.includes(":"))?.address ??
          "",
        architecture: status?.nodeInfo?.architecture ?? "",
        ready: status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true ? "yes" : "no",
        providerId: spec?.providerID ?? "",
      })),
      namespaces: new Set(
        namespaces.items.flatMap(({ metadata }) =>
          metadata?.name === undefined || metadata.deletionTimestamp !== undefined ? [] : [metadata.name],
        ),
      ),
      objects: [
        ...namespaces.items.map((each) => plain(each, "Namespace")),
        ...services.items.map((each) => plain(each, "Service")),
        ...listed.values(),
      ],
      pods: running.map((each) => plain(each, "Pod")),
      config: configMap.data ?? {},
      apiServers: apiServersIn(slices),
      agents: new Map(
        running.flatMap(({ metadata, spec }) =>
          metadata?.namespace === agentNamespace && metadata.labels?.["k8s-app"] === "cilium"
            ? [[spec?.nodeName ?? "", metadata.name ?? ""] as const]
            : [],
        ),
      ),
      dns: running.filter(
        ({ metadata, status }) =>
          metadata?.labels?.["k8s-app"] === "kube-dns" &&
          metadata.labels[runLabel] === undefined &&
          status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
      ).length,
    };
  }

  async createNamespace(run: Run): Promise<void> {
    const body: unknown = ownNamespace(run);
    await this.#core.createNamespace({ body: body as Client.V1Namespace });
  }

  /** The owner of all that a run puts into a namespace, and the accounts it needs there. Returns the owner's UID. */
  async prepareNamespace(run: Run, namespace: string, accounts: readonly string[]): Promise<string> {
    const owner: unknown = anchor(run, namespace);
    const [made] = await Promise.all([
      this.#core.createNamespacedConfigMap({ namespace, body: owner as Client.V1ConfigMap }),
      ...accounts.map(async (name) => {
        const body: unknown = { metadata: { name, namespace, labels: { [runLabel]: run.id } } };
        await this.#core
          .createNamespacedServiceAccount({ namespace, body: body as Client.V1ServiceAccount })
          .catch(ifThere);
      }),
    ]);
    return made.metadata?.uid ?? "";
  }

  /** What admission says against it, or nothing. */
  async createPod(pod: WrittenPod): Promise<string | undefined> {
    return await this.#refusal(
      this.#core.createNamespacedPod({ namespace: pod.metadata.namespace, body: pod as unknown as Client.V1Pod }),
    );
  }

  async createService(service: WrittenService): Promise<Client.V1Service | string> {
    const body: unknown = service;
    try {
      return await this.#core.createNamespacedService({
        namespace: service.metadata.namespace,
        body: body as Client.V1Service,
      });
    } catch (error) {
      return refusedText(error);
    }
  }

  async #refusal(made: Promise<unknown>): Promise<string | undefined> {
    try {
      await made;
      return undefined;
    } catch (error) {
      return refusedText(error);
    }
  }

  /** Everything with the run's label that has the pods' own state. */
  async podsOf(run: Run): Promise<readonly Client.V1Pod[]> {
    return (await this.#core.listPodForAllNamespaces({ labelSelector: `${runLabel}=${run.id}` })).items;
  }

  async logOf(namespace: string, name: string): Promise<string> {
    return await this.#core.readNamespacedPodLog({ namespace, name }).catch(() => "");
  }

  async executeIn(
    namespace: string,
    pod: string,
    command: readonly string[],
    stdin: string,
    seconds: number,
  ): Promise<Executed> {
    return await execIn(this.config, { namespace, pod, container: "prober" }, command, { stdin, seconds });
  }

  async executeInAgent(agent: string, command: readonly string[], seconds = 20): Promise<Executed> {
    return await execIn(this.config, { namespace: agentNamespace, pod: agent, container: "cilium-agent" }, command, {
      seconds,
    });
  }

  async agentStates(agents: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, AgentState>> {
    const asked = await Promise.all(
      [...agents].map(async ([node, agent]) => {
        const { code, stdout, stderr } = await this.executeInAgent(agent, agentQuestion);
        if (code !== 0) throw new UserError(`the agent on ${node} does not tell its endpoints: ${stderr.trim()}`);
        return [node, readAgentState(stdout)] as const;
      }),
    );
    return new Map(asked);
  }

  /** Removes what carries the run's label: in every namespace, whoever made it. Returns what is still there. */
  async remove(selector: string): Promise<readonly string[]> {
    const core = this.#core;
    const [pods, services, configMaps, accounts, namespaces] = await Promise.all([
      core.listPodForAllNamespaces({ labelSelector: selector }),
      core.listServiceForAllNamespaces({ labelSelector: selector }),
      core.listConfigMapForAllNamespaces({ labelSelector: selector }),
      core.listServiceAccountForAllNamespaces({ labelSelector: selector }),
      core.listNamespace({ labelSelector: selector }),
    ]);
    const of = ({ metadata }: { readonly metadata?: Client.V1ObjectMeta }): { name: string; namespace: string } => ({
      name: metadata?.name ?? "",
      namespace: metadata?.namespace ?? "",
    });
    await Promise.all([
      ...pods.items.map((each) => core.deleteNamespacedPod({ ...of(each), gracePeriodSeconds: 0 }).catch(ifGone)),
      ...services.items.map((each) => core.deleteNamespacedService(of(each)).catch(ifGone)),
      ...configMaps.items.map((each) => core.deleteNamespacedConfigMap(of(each)).catch(ifGone)),
      ...accounts.items.map((each) => core.deleteNamespacedServiceAccount(of(each)).catch(ifGone)),
      ...namespaces.items.map((each) => core.deleteNamespace({ name: of(each).name }).catch(ifGone)),
    ]);
    return [pods, services, configMaps, accounts, namespaces].flatMap(({ items }) =>
      items.map((each) => [of(each).namespace, of(each).name].filter((part) => part !== "").join("/")),
    );
  }
}

export function selectorOf(run: Run): string {
  return `${runLabel}=${run.id}`;
}

function ifThere(error: unknown): undefined {
  if ((error as { code?: unknown } | null)?.code !== 409) throw error;
  return undefined;
}

function ifGone(error: unknown): undefined {
  // A namespace that is being removed answers with a conflict.
  if (![404, 409].includes((error as { code?: number } | null)?.code ?? 0)) throw error;
  return undefined;
}

/** Refusals are the cluster's own answer; that it does not answer is an error. */
function refusedText(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code !== "number") throw error;
  return whyNoAnswer(error)
    .replace(/^the API server answers with /, "")
    .split("\n")
    .slice(0, 3)
    .join(" ");
}

function keyOf({ kind, metadata }: Fields): string {
  const { namespace, name } = isFields(metadata) ? metadata : {};
  return JSON.stringify([kind, namespace, name]);
}

function apiServersIn(slices: readonly Fields[]): ClusterState["apiServers"] {
  const slice = slices.find((each) => {
    const { namespace, name } = isFields(each["metadata"]) ? each["metadata"] : {};
    return namespace === "default" && name === "kubernetes";
  });
  const list = (field: string): readonly Fields[] => {
    const found = slice?.[field];
    return Array.isArray(found) ? found.filter(isFields) : [];
  };
  const [port] = list("ports").map((each) => Number(each["port"]));
  return list("endpoints").flatMap((each) =>
    (Array.isArray(each["addresses"]) ? each["addresses"] : []).map((address) => ({
      address: String(address),
      port: port ?? 6443,
    })),
  );
}

/** Reads policies of files in place of those of the cluster. */
export function withPolicies(state: ClusterState, manifests: readonly Manifest[]): ClusterState {
  const policies = new Set([
    "NetworkPolicy",
    "CiliumNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "CiliumCIDRGroup",
  ]);
  const isPolicy = ({ kind }: Fields): boolean => typeof kind === "string" && policies.has(kind);
  return {
    ...state,
    objects: [
      ...state.objects.filter((each) => !isPolicy(each)),
      ...manifests.map(({ object }) => object).filter(isPolicy),
    ],
  };
}

/** What the tests ask the API server of a cluster, in the words of the tests. */
import { setTimeout as sleep } from "node:timers/promises";

import {
  ApiException,
  ApiextensionsV1Api,
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  NetworkingV1Api,
  PatchStrategy,
  V1Container,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1SubjectAccessReview,
} from "@kubernetes/client-node";

const policies = { group: "cilium.io", version: "v2", plural: "ciliumnetworkpolicies" } as const;

interface PolicyStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** As it stands in a file, which names no namespace. */
export interface PlainObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}

export class Cluster {
  private readonly config = new KubeConfig();

  constructor(kubeconfig: string) {
    this.config.loadFromString(kubeconfig);
  }

  async uid(): Promise<string> {
    const namespace = await this.config.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
    return namespace.metadata?.uid ?? "";
  }

  async namespaces(): Promise<string[]> {
    const found = await this.config.makeApiClient(CoreV1Api).listNamespace();
    return found.items.map(({ metadata }) => metadata?.name ?? "");
  }

  /** `<namespace>/<release>` → status of its newest revision. */
  async releases(): Promise<Record<string, string>> {
    const secrets = await this.config
      .makeApiClient(CoreV1Api)
      .listSecretForAllNamespaces({ labelSelector: "owner=helm" });
    const newest = new Map<string, { revision: number; status: string }>();
    for (const { metadata } of secrets.items) {
      const name = `${metadata?.namespace ?? ""}/${metadata?.labels?.["name"] ?? ""}`;
      const revision = Number(metadata?.labels?.["version"]);
      if ((newest.get(name)?.revision ?? 0) < revision) {
        newest.set(name, { revision, status: metadata?.labels?.["status"] ?? "" });
      }
    }
    return Object.fromEntries([...newest].map(([name, { status }]) => [name, status]));
  }

  async definitions(): Promise<{ name: string; established: boolean }[]> {
    const found = await this.config.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
    return found.items.map(({ metadata, status }) => ({
      name: metadata?.name ?? "",
      established: status?.conditions?.some((one) => one.type === "Established" && one.status === "True") === true,
    }));
  }

  async configMap(namespace: string, name: string): Promise<Record<string, string>> {
    return (await this.config.makeApiClient(CoreV1Api).readNamespacedConfigMap({ namespace, name })).data ?? {};
  }

  /** Status of the condition Valid, as soon as the operator has written it: after a crash its lease must run out first. */
  async policyValidity(namespace: string, name: string): Promise<string> {
    const api = this.config.makeApiClient(CustomObjectsApi);
    for (let tries = 0; tries < 300; tries++) {
      const policy = (await api.getNamespacedCustomObject({ ...policies, namespace, name })) as PolicyStatus;
      const valid = policy.status?.conditions?.find(({ type }) => type === "Valid");
      if (valid !== undefined) return valid.status;
      await sleep(200);
    }
    return "not judged within 60 s";
  }

  /** Every CiliumNetworkPolicy by the status of its condition Valid, once the operator has judged them all. */
  async policyValidities(): Promise<Readonly<Record<string, number>>> {
    const api = this.config.makeApiClient(CustomObjectsApi);
    for (let tries = 0; ; tries++) {
      const { items } = (await api.listClusterCustomObject(policies)) as { readonly items: readonly PolicyStatus[] };
      const statuses = items.map(({ status }) => status?.conditions?.find(({ type }) => type === "Valid")?.status);
      if (tries === 300 || statuses.every((status) => status !== undefined)) return counted(statuses);
      await sleep(200);
    }
  }

  /** Address of a Service of the type LoadBalancer, or why it got none, as soon as the operator has decided. */
  async loadBalancer(namespace: string, name: string): Promise<string> {
    const api = this.config.makeApiClient(CoreV1Api);
    const spec = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] };
    await this.apply(namespace, [{ apiVersion: "v1", kind: "Service", metadata: { name }, spec }]);
    for (let tries = 0; tries < 300; tries++) {
      const { status } = await api.readNamespacedService({ namespace, name });
      const condition = status?.conditions?.find(({ type }) => type === "cilium.io/IPAMRequestSatisfied");
      const address = status?.loadBalancer?.ingress?.[0]?.ip;
      if (address !== undefined) return address;
      if (condition?.status === "False") return condition.reason;
      await sleep(200);
    }
    return "not decided within 60 s";
  }

  async nodesWith(label: string): Promise<string[]> {
    const found = await this.config.makeApiClient(CoreV1Api).listNode({ labelSelector: label });
    return found.items.map(({ metadata }) => metadata?.name ?? "");
  }

  /** As `kubectl apply --namespace` would, of a file that is one List. */
  async apply(namespace: string, items: readonly PlainObject[]): Promise<void> {
    const api = KubernetesObjectApi.makeApiClient(this.config);
    for (const item of items) {
      await api.create(Object.assign({}, item, { metadata: Object.assign({ namespace }, item.metadata) }));
    }
  }

  /** Names of the Deployments of a namespace with all their pods available. */
  async availableDeployments(namespace: string, count: number): Promise<string[]> {
    const api = this.config.makeApiClient(AppsV1Api);
    for (let tries = 0; ; tries++) {
      const { items } = await api.listNamespacedDeployment({ namespace });
      const names = items
        .filter(({ spec, status }) => status?.availableReplicas === spec?.replicas)
        .map(({ metadata }) => metadata?.name ?? "");
      if (tries === 300 || names.length === count) return names.sort();
      await sleep(200);
    }
  }

  async applyPolicy(namespace: string, name: string, ports: readonly object[]): Promise<void> {
    await this.config.makeApiClient(CustomObjectsApi).createNamespacedCustomObject({
      ...policies,
      namespace,
      body: {
        apiVersion: "cilium.io/v2",
        kind: "CiliumNetworkPolicy",
        metadata: { namespace, name },
        spec: { endpointSelector: {}, ingress: [{ toPorts: [{ ports }] }] },
      },
    });
  }

  /** Make a pod and wait until it is Ready; returns after how many seconds, or that it never was. */
  async podIsReady(namespace: string, name: string): Promise<number | "not within 60 s"> {
    const api = this.config.makeApiClient(CoreV1Api);
    const container = Object.assign(new V1Container(), { name, image: "registry.invalid/nothing:1" });
    const body = Object.assign(new V1Pod(), {
      metadata: Object.assign(new V1ObjectMeta(), { name }),
      spec: Object.assign(new V1PodSpec(), { containers: [container] }),
    });
    await api.createNamespacedPod({ namespace, body });
    const begin = Date.now();
    while (Date.now() - begin < 60_000) {
      const { status } = await api.readNamespacedPod({ namespace, name });
      if (status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true) {
        return (Date.now() - begin) / 1000;
      }
      await sleep(200);
    }
    return "not within 60 s";
  }

  async deletePolicy(namespace: string, name: string): Promise<void> {
    await this.config.makeApiClient(CustomObjectsApi).deleteNamespacedCustomObject({ ...policies, namespace, name });
  }

  /** An object of any kind, as the API server gives it. */
  async object(apiVersion: string, kind: string, namespace: string, name: string): Promise<Record<string, unknown>> {
    const api = KubernetesObjectApi.makeApiClient(this.config);
    return { ...(await api.read({ apiVersion, kind, metadata: { namespace, name } })) };
  }

  async create(object: object): Promise<void> {
    await KubernetesObjectApi.makeApiClient(this.config).create(object);
  }

  /** `tried`: judged by everybody, and not done. */
  async delete(object: object, how: "done" | "tried" = "done"): Promise<void> {
    const api = KubernetesObjectApi.makeApiClient(this.config);
    await api.delete(object, undefined, how === "tried" ? "All" : undefined);
  }

  /** What the object says is merged into what is there; null takes a field away. */
  async patch(object: object): Promise<void> {
    const api = KubernetesObjectApi.makeApiClient(this.config);
    await api.patch(object, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
  }

  /** All of a namespace, in one request. */
  async deleteNetworkPolicies(namespace: string): Promise<void> {
    await this.config.makeApiClient(NetworkingV1Api).deleteCollectionNamespacedNetworkPolicy({ namespace });
  }

  /** What the API server said when it refused. */
  messageOf(error: unknown): string {
    if (!(error instanceof ApiException)) throw error;
    const { body } = error as { readonly body: unknown };
    const status = (typeof body === "string" ? JSON.parse(body) : body) as { readonly message?: string };
    return status.message ?? JSON.stringify(status);
  }

  /** What the API server would answer somebody of a group. */
  async groupMay(
    group: string,
    asked: Readonly<Record<"verb" | "group" | "resource" | "namespace", string>>,
  ): Promise<boolean> {
    const spec = { user: "somebody", groups: [group], resourceAttributes: { ...asked } };
    const api = this.config.makeApiClient(AuthorizationV1Api);
    const body = Object.assign(new V1SubjectAccessReview(), { spec });
    return (await api.createSubjectAccessReview({ body })).status?.allowed === true;
  }

  /** Whether the API server answers at all. */
  async answers(): Promise<boolean> {
    return await this.uid().then(
      () => true,
      (error: unknown) => error instanceof ApiException,
    );
  }
}

function counted(words: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word ?? "not judged"] = (counts[word ?? "not judged"] ?? 0) + 1;
  return counts;
}

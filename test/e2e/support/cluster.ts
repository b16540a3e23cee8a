/** What the tests ask the API server of a cluster, in the words of the tests. */
import { setTimeout as sleep } from "node:timers/promises";

import {
  ApiextensionsV1Api,
  ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
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

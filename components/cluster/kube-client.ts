/**
 * The few questions the program asks an API server directly, with whatever credentials a kubeconfig names.
 *
 * Only lifecycle modules use it: the client is loaded when a question is asked, never at import.
 */
import type * as Client from "@kubernetes/client-node";

async function connect(kubeconfig: string): Promise<{ client: typeof Client; config: Client.KubeConfig }> {
  const client = await import("@kubernetes/client-node");
  const config = new client.KubeConfig();
  config.loadFromString(kubeconfig);
  return { client, config };
}

/** UID of the namespace kube-system: the identity of a cluster. */
export async function clusterUid(kubeconfig: string): Promise<string> {
  const { client, config } = await connect(kubeconfig);
  const namespace = await config.makeApiClient(client.CoreV1Api).readNamespace({ name: "kube-system" });
  return namespace.metadata?.uid ?? "";
}

/** Data of a ConfigMap; undefined when there is none. */
export async function configMapData(
  kubeconfig: string,
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> {
  const { client, config } = await connect(kubeconfig);
  try {
    return (await config.makeApiClient(client.CoreV1Api).readNamespacedConfigMap({ namespace, name })).data ?? {};
  } catch (error) {
    if (error instanceof client.ApiException && error.code === 404) return undefined;
    throw error;
  }
}

/** What is still missing before Cilium's agents are rolled out, in words; undefined when nothing is. */
export async function missingOfRollout(kubeconfig: string): Promise<string | undefined> {
  const { client, config } = await connect(kubeconfig);
  const found = await config
    .makeApiClient(client.AppsV1Api)
    .readNamespacedDaemonSet({ namespace: "kube-system", name: "cilium" })
    .catch((error: unknown) => {
      if (error instanceof client.ApiException && error.code === 404) return undefined;
      throw error;
    });
  if (found === undefined) return "agents: the DaemonSet kube-system/cilium does not exist";
  const { metadata, status } = found;
  const desired = status?.desiredNumberScheduled ?? 0;
  const updated = status?.updatedNumberScheduled ?? 0;
  const available = status?.numberAvailable ?? 0;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return "the new agents are not scheduled yet";
  if (desired > 0 && updated >= desired && available >= desired) return undefined;
  return `agents: ${String(updated)} of ${String(desired)} up to date, ${String(available)} available`;
}

/** How many nodes say that they are Ready. */
export async function readyNodes(kubeconfig: string): Promise<number> {
  const { client, config } = await connect(kubeconfig);
  const nodes = await config.makeApiClient(client.CoreV1Api).listNode();
  return nodes.items.filter(
    ({ status }) => status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true,
  ).length;
}

/** Whether a CustomResourceDefinition exists and its condition Established is true. */
export async function isEstablished(kubeconfig: string, name: string): Promise<boolean> {
  const { client, config } = await connect(kubeconfig);
  try {
    const crd = await config.makeApiClient(client.ApiextensionsV1Api).readCustomResourceDefinition({ name });
    return crd.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true;
  } catch (error) {
    if (error instanceof client.ApiException && error.code === 404) return false;
    throw error;
  }
}

/**
 * Remove Helm's records of a release, so that its name can be used again; the objects stay and are adopted by the next
 * install, since they carry the release's own annotations. Returns how many records were removed.
 */
export async function forgetRelease(
  kubeconfig: string,
  release: { readonly name: string; readonly namespace: string; readonly forget: "all" | "unfinished" },
): Promise<number> {
  const { client, config } = await connect(kubeconfig);
  const core = config.makeApiClient(client.CoreV1Api);
  const records = await core.listNamespacedSecret({
    namespace: release.namespace,
    labelSelector: `owner=helm,name=${release.name}`,
  });
  const unwanted = records.items.filter(({ metadata }) => {
    const status = metadata?.labels?.["status"] ?? "";
    return release.forget === "all" || status.startsWith("pending-") || status === "uninstalling";
  });
  for (const { metadata } of unwanted) {
    await core.deleteNamespacedSecret({ namespace: release.namespace, name: metadata?.name ?? "" });
  }
  return unwanted.length;
}

/** Take the aggregation rule off every ClusterRole with these labels, so that nothing writes it again once deleted. */
export async function withoutAggregation(kubeconfig: string, selector: string): Promise<void> {
  const { client, config } = await connect(kubeconfig);
  const rbac = config.makeApiClient(client.RbacAuthorizationV1Api);
  const roles = await rbac.listClusterRole({ labelSelector: selector });
  for (const role of roles.items.filter(({ aggregationRule }) => aggregationRule !== undefined)) {
    await rbac.patchClusterRole(
      { name: role.metadata?.name ?? "", body: { aggregationRule: null } },
      client.setHeaderOptions("Content-Type", client.PatchStrategy.MergePatch),
    );
  }
}

/** Why a question had no answer, in words: the client's own errors are a page of headers, or two words. Pure. */
export function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return `the API server does not answer: ${String(error)}`;
  const { code, body } = error as { code?: unknown; body?: unknown };
  if (typeof code === "number") return `the API server answers with ${String(code)}: ${messageOf(body)}`;
  return `the API server does not answer: ${error.cause instanceof Error ? error.cause.message : error.message}`;
}

/** What a Status object says. */
function messageOf(body: unknown): string {
  try {
    const status = (typeof body === "string" ? JSON.parse(body) : body) as { message?: unknown } | null;
    return typeof status?.message === "string" ? status.message : "no reason given";
  } catch {
    return String(body).slice(0, 200);
  }
}

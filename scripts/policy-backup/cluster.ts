/** Cluster: the policies of a cluster through its API server, read, tried out and written. */
import type * as Client from "@kubernetes/client-node";

import { clusterUid, whyNoAnswer } from "../../components/cluster/kube-client.ts";
import { UserError } from "../../policies/problems.ts";
import type { Step } from "./decide.ts";
import { inOrder, saved, type Backup, type ClusterObject } from "./record.ts";

/** Kinds that say who may talk to whom, each in the versions in which it may be served, the newest first. */
const kinds: readonly (readonly [kind: string, versions: readonly string[]])[] = [
  ["NetworkPolicy", ["networking.k8s.io/v1"]],
  ["CiliumNetworkPolicy", ["cilium.io/v2"]],
  ["CiliumClusterwideNetworkPolicy", ["cilium.io/v2"]],
  ["CiliumCIDRGroup", ["cilium.io/v2", "cilium.io/v2alpha1"]],
];

export class PolicyCluster {
  readonly #kubeconfig: string;
  readonly #api: Client.KubernetesObjectApi;

  private constructor(kubeconfig: string, api: Client.KubernetesObjectApi) {
    this.#kubeconfig = kubeconfig;
    this.#api = api;
  }

  static async at(kubeconfig: string): Promise<PolicyCluster> {
    const { KubeConfig, KubernetesObjectApi } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    return new PolicyCluster(kubeconfig, KubernetesObjectApi.makeApiClient(config));
  }

  /** All policies of all namespaces. A cluster without Cilium has those of Kubernetes alone. */
  async policies(): Promise<Pick<Backup, "cluster" | "saved">> {
    try {
      const [cluster, ...found] = await Promise.all([
        clusterUid(this.#kubeconfig),
        ...kinds.map(([kind, versions]) => this.#all(kind, versions)),
      ]);
      return { cluster, saved: inOrder(found.flat().map(saved)) };
    } catch (error) {
      throw new UserError(whyNoAnswer(error));
    }
  }

  async #all(kind: string, versions: readonly string[]): Promise<readonly ClusterObject[]> {
    for (const apiVersion of versions) {
      const list = await this.#api.list(apiVersion, kind).catch((error: unknown) => {
        if (isNotServed(error)) return undefined;
        throw error;
      });
      // What a list holds does not say of what kind it is.
      if (list !== undefined)
        return list.items.map((item) => ({ ...item, apiVersion, kind }) as unknown as ClusterObject);
    }
    return [];
  }

  /** `try`: judged by the API server and its admission as if it were done. Throws with what they say. */
  async take({ verb, object, resourceVersion }: Step, how: "try" | "do"): Promise<void> {
    const dryRun = how === "try" ? "All" : undefined;
    try {
      if (verb === "create") await this.#api.create(object, undefined, dryRun);
      else {
        const seen = Object.assign({}, object, {
          metadata: { ...object.metadata, resourceVersion: resourceVersion ?? "" },
        });
        await this.#api.replace(seen, undefined, dryRun);
      }
    } catch (error) {
      throw new UserError(whyNoAnswer(error));
    }
  }
}

/** The client finds out about kinds itself: it is told of a group that is not there, or finds no such kind in it. */
function isNotServed(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as { code?: unknown }).code === 404 || error.message.startsWith("Unrecognized API version and kind");
}

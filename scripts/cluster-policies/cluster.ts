/** Cluster: the policies of a cluster through its API server, read, tried out and written. */
import type * as Client from "@kubernetes/client-node";

import { clusterUid, whyNoAnswer } from "../../components/cluster/kube-client.ts";
import { UserError } from "../../policies/problems.ts";
import type { Step } from "./decide.ts";
import { inOrder, saved, type Backup, type ClusterObject } from "./record.ts";

interface Kind {
  readonly kind: string;
  readonly group: string;
  /** In which it may be served, the newest first. */
  readonly versions: readonly string[];
  readonly plural: string;
}

/** What says who may talk to whom. */
const kinds: readonly Kind[] = [
  { kind: "NetworkPolicy", group: "networking.k8s.io", versions: ["v1"], plural: "networkpolicies" },
  { kind: "CiliumNetworkPolicy", group: "cilium.io", versions: ["v2"], plural: "ciliumnetworkpolicies" },
  {
    kind: "CiliumClusterwideNetworkPolicy",
    group: "cilium.io",
    versions: ["v2"],
    plural: "ciliumclusterwidenetworkpolicies",
  },
  { kind: "CiliumCIDRGroup", group: "cilium.io", versions: ["v2", "v2alpha1"], plural: "ciliumcidrgroups" },
];

export class PolicyCluster {
  readonly #kubeconfig: string;
  /** It hands objects over as they are, of whatever kind; the typed clients know other names for some fields. */
  readonly #api: Client.CustomObjectsApi;

  private constructor(kubeconfig: string, api: Client.CustomObjectsApi) {
    this.#kubeconfig = kubeconfig;
    this.#api = api;
  }

  static async at(kubeconfig: string): Promise<PolicyCluster> {
    const { CustomObjectsApi, KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    return new PolicyCluster(kubeconfig, config.makeApiClient(CustomObjectsApi));
  }

  /** All policies of all namespaces. A cluster without Cilium has those of Kubernetes alone. */
  async policies(): Promise<Pick<Backup, "cluster" | "saved">> {
    try {
      const [cluster, ...found] = await Promise.all([
        clusterUid(this.#kubeconfig),
        ...kinds.map((kind) => this.#all(kind)),
      ]);
      return { cluster, saved: inOrder(found.flat().map(saved)) };
    } catch (error) {
      throw new UserError(whyNoAnswer(error));
    }
  }

  async #all({ kind, group, versions, plural }: Kind): Promise<readonly ClusterObject[]> {
    for (const version of versions) {
      const list: unknown = await this.#api
        .listClusterCustomObject({ group, version, plural })
        .catch((error: unknown) => {
          if ((error as { code?: unknown } | null)?.code === 404) return undefined;
          throw error;
        });
      if (list === undefined) continue;
      // What a list holds does not say of what kind it is.
      const { items } = list as { readonly items: readonly Omit<ClusterObject, "apiVersion" | "kind">[] };
      return items.map((item) => ({ ...item, apiVersion: `${group}/${version}`, kind }) as ClusterObject);
    }
    return [];
  }

  /** `try`: judged by the API server and its admission as if it were done. Throws with what they say. */
  async take({ verb, object, resourceVersion }: Step, how: "try" | "do"): Promise<void> {
    const found = kinds.find(({ kind }) => kind === object.kind);
    if (found === undefined) throw new UserError(`${object.kind} is no kind that a backup holds`);
    const [group = "", version = ""] = object.apiVersion.split("/");
    const { namespace, name } = object.metadata;
    const seen = resourceVersion === undefined ? {} : { resourceVersion };
    const asked = {
      group,
      version,
      plural: found.plural,
      body: { ...object, metadata: { ...object.metadata, ...seen } },
      fieldValidation: "Strict",
      ...(how === "try" ? { dryRun: "All" } : {}),
    };
    try {
      if (namespace === undefined) {
        if (verb === "create") await this.#api.createClusterCustomObject(asked);
        else await this.#api.replaceClusterCustomObject({ ...asked, name });
      } else if (verb === "create") await this.#api.createNamespacedCustomObject({ ...asked, namespace });
      else await this.#api.replaceNamespacedCustomObject({ ...asked, namespace, name });
    } catch (error) {
      throw new UserError(whyNoAnswer(error));
    }
  }
}

/** createCluster: the one place that knows which clusters there are. */
import { existingKubeconfig } from "../settings-reader.ts";
import type { Settings } from "../settings.ts";
import type { ClusterFacts, ClusterHandle } from "./handle.ts";

export interface CreateClusterArgs {
  readonly clusterName: string;
  readonly facts: ClusterFacts;
  readonly settings: Settings;
}

/** Each kind of cluster is loaded only where it is wanted: Azure's SDK alone takes as long as a whole preview. */
export async function createCluster(name: string, args: CreateClusterArgs): Promise<ClusterHandle> {
  switch (args.settings.target) {
    case "kwok":
      return new (await import("./kwok.ts")).KwokCluster(name, args).handle;
    case "kind": {
      const cluster = new (await import("./kind.ts")).KindCluster(name, args);
      if (args.settings.kind.pullThroughCaches.length > 0) {
        const { PullThroughCaches } = await import("./pull-through-caches.ts");
        // After the nodes, with which kind makes the network the caches stand in; nobody waits for them.
        new PullThroughCaches(`${name}-caches`, args, { dependsOn: [cluster] });
      }
      return cluster.handle;
    }
    case "aks":
      return new (await import("./aks.ts")).AksCluster(name, args).handle;
    case "existing":
      return new (await import("./existing.ts")).ExistingCluster(name, { ...args, kubeconfig: existingKubeconfig() })
        .handle;
  }
}

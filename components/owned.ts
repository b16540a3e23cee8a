/**
 * ownedBy: the options every object inside a cluster has in common.
 *
 * Bound to its cluster and to no other, and forgotten with it: without `deletedWith` a destroy would take apart object by
 * object what falls with the cluster anyway, and hang on finalizers while it does.
 */
import type * as pulumi from "@pulumi/pulumi";

import type { ClusterHandle } from "./cluster/handle.ts";

export function ownedBy(cluster: ClusterHandle, parent: pulumi.Resource): pulumi.CustomResourceOptions {
  return {
    parent,
    provider: cluster.provider,
    dependsOn: [...cluster.after],
    ...(cluster.owner === undefined ? {} : { deletedWith: cluster.owner }),
  };
}

/**
 * ownedBy: the options every object inside a cluster has in common.
 *
 * Bound to its cluster and to no other, and forgotten with it: without `deletedWith` a destroy would take apart object by
 * object what falls with the cluster anyway, and hang on finalizers while it does.
 */
import type * as pulumi from "@pulumi/pulumi";

import type { ClusterHandle } from "./cluster/handle.ts";

/** `after`: what this object comes after besides what everything in the cluster does. */
export function ownedBy(
  cluster: ClusterHandle,
  parent: pulumi.Resource,
  after: readonly pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  return {
    parent,
    provider: cluster.provider,
    dependsOn: [...cluster.after, ...after],
    ...(cluster.owner === undefined ? {} : { deletedWith: cluster.owner }),
  };
}

/** createUserPools: the pools beside the system pool, one after another, as Azure changes a cluster. */
import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import type * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import { poolChangedByAzure } from "./aks-cluster.ts";
import { aksPools, poolFields } from "./aks-pools.ts";
import type { AksNetwork } from "./aks-network.ts";

export interface UserPoolsArgs {
  readonly aks: Settings["aks"];
  readonly cluster: containerservice.ManagedCluster;
  readonly resourceGroupName: pulumi.Output<string>;
  readonly network: AksNetwork;
  readonly tags: Readonly<Record<string, string>>;
  /** What the first pool comes after. */
  readonly after: pulumi.Resource;
}

/** The pools in the order in which they are made. */
export function createUserPools(
  name: string,
  { aks, cluster, resourceGroupName, network, tags, after }: UserPoolsArgs,
  opts: pulumi.CustomResourceOptions,
): containerservice.AgentPool[] {
  const subnetIds = { nodes: network.nodeSubnet.id, egress: network.egress?.subnet.id };
  const [, ...userPools] = aksPools(aks);
  return userPools.reduce<containerservice.AgentPool[]>((made, pool) => {
    const vnetSubnetID = subnetIds[pool.subnet];
    if (vnetSubnetID === undefined) throw new Error(`pool ${pool.name} has no subnet`);
    const created = new containerservice.AgentPool(
      `${name}-pool-${pool.name}`,
      {
        resourceGroupName,
        resourceName: cluster.name,
        agentPoolName: pool.name,
        vnetSubnetID,
        ...poolFields(pool, aks),
        tags,
      },
      { ...opts, deletedWith: cluster, dependsOn: [made.at(-1) ?? after], ignoreChanges: poolChangedByAzure(aks) },
    );
    return [...made, created];
  }, []);
}

/**
 * aksNames: what every Azure resource of a cluster is called, derived from the cluster's name alone.
 *
 * Two stacks have two cluster names, so they never meet in Azure; the prefixes are Microsoft's own abbreviations
 * ({@link https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations}).
 * A cluster name has at most 32 characters of `a`-`z`, `0`-`9` and `-`, which keeps every name below inside Azure's limits.
 */

export interface AksNames {
  readonly resourceGroup: string;
  /** Azure creates it for the machines, and forgets it with the cluster. */
  readonly nodeResourceGroup: string;
  readonly virtualNetwork: string;
  readonly nodeSubnet: string;
  readonly egressSubnet: string;
  readonly egressGateway: string;
  readonly egressPrefix: string;
  readonly outboundPrefix: string;
  readonly identity: string;
  readonly cluster: string;
  /** First part of the API server's host name; Azure makes the rest unique. */
  readonly dnsPrefix: string;
}

export function aksNames(clusterName: string): AksNames {
  return {
    resourceGroup: `rg-${clusterName}`,
    nodeResourceGroup: `rg-${clusterName}-nodes`,
    virtualNetwork: `vnet-${clusterName}`,
    nodeSubnet: "snet-nodes",
    egressSubnet: "snet-egress",
    egressGateway: `ng-${clusterName}-egress`,
    egressPrefix: `ippre-${clusterName}-egress`,
    outboundPrefix: `ippre-${clusterName}-outbound`,
    identity: `id-${clusterName}`,
    cluster: `aks-${clusterName}`,
    dnsPrefix: clusterName,
  };
}

/** Tags on everything that takes tags: who made it, and what to ask when nobody remembers. */
export function aksTags(clusterName: string, stack: string): Record<string, string> {
  return { "managed-by": "pulumi", "platform-cluster": clusterName, "platform-stack": stack };
}

/**
 * managedCluster: the inputs of the cluster itself, from the settings and the ids of what was made before it.
 *
 * Fields that would bring Azure's own network policy or data plane (`networkPolicy`, `networkDataplane`,
 * `networkPluginMode`, `advancedNetworking`) stay unset: Cilium is both.
 */
import type { ManagedClusterArgs } from "@pulumi/azure-native/containerservice/managedCluster.js";
import type * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import type { AksNames } from "./aks-names.ts";
import { aksPools, poolFields } from "./aks-pools.ts";

/** What exists before the cluster. */
export interface ManagedClusterNeeds {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly identityId: pulumi.Input<string>;
  readonly nodeSubnetId: pulumi.Input<string>;
  readonly outboundPrefixId: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

export function managedCluster(aks: Settings["aks"], names: AksNames, needs: ManagedClusterNeeds): ManagedClusterArgs {
  const [systemPool] = aksPools(aks);
  return {
    resourceGroupName: needs.resourceGroupName,
    location: aks.location,
    tags: needs.tags,
    resourceName: names.cluster,
    dnsPrefix: names.dnsPrefix,
    nodeResourceGroup: names.nodeResourceGroup,
    nodeResourceGroupProfile: { restrictionLevel: "ReadOnly" },
    kubernetesVersion: aks.kubernetesVersion,
    sku: { name: "Base", tier: aks.tier },

    identity: { type: "UserAssigned", userAssignedIdentities: [needs.identityId] },
    oidcIssuerProfile: { enabled: true },
    securityProfile: { workloadIdentity: { enabled: true } },

    enableRBAC: true,
    disableLocalAccounts: true,
    aadProfile: { managed: true, enableAzureRBAC: true, adminGroupObjectIDs: aks.adminGroupObjectIds },
    apiServerAccessProfile: apiServerAccess(aks),

    networkProfile: {
      networkPlugin: "none",
      podCidr: aks.podCidr,
      serviceCidr: aks.serviceCidr,
      dnsServiceIP: aks.dnsServiceIp,
      loadBalancerSku: "standard",
      outboundType: "loadBalancer",
      loadBalancerProfile: { outboundIPPrefixes: { publicIPPrefixes: [{ id: needs.outboundPrefixId }] } },
    },
    agentPoolProfiles: [{ name: systemPool.name, vnetSubnetID: needs.nodeSubnetId, ...poolFields(systemPool, aks) }],
    autoUpgradeProfile: {
      upgradeChannel: aks.upgradeChannel === "disabled" ? "none" : aks.upgradeChannel,
      nodeOSUpgradeChannel: "NodeImage",
    },
  };
}

/** Either nobody from outside, or those in the list; an empty list would mean nobody to some readers of the API. */
export function apiServerAccess(
  aks: Pick<Settings["aks"], "privateCluster" | "authorizedIpRanges">,
): NonNullable<pulumi.Unwrap<ManagedClusterArgs["apiServerAccessProfile"]>> {
  if (aks.privateCluster) {
    return {
      disableRunCommand: true,
      enablePrivateCluster: true,
      enablePrivateClusterPublicFQDN: false,
      privateDNSZone: "system",
    };
  }
  return {
    disableRunCommand: true,
    enablePrivateCluster: false,
    ...(aks.authorizedIpRanges.length === 0 ? {} : { authorizedIPRanges: [...aks.authorizedIpRanges] }),
  };
}

/**
 * Inputs that Azure changes behind our back: the number of nodes by its autoscaler, versions by its upgrades. Written
 * again, they would be undone at every `up`.
 */
export function changedByAzure(aks: Pick<Settings["aks"], "upgradeChannel">): string[] {
  return [
    "agentPoolProfiles[0].count",
    ...(aks.upgradeChannel === "disabled" ? [] : ["kubernetesVersion", "agentPoolProfiles[0].orchestratorVersion"]),
  ];
}

/** The same for a pool that is a resource of its own. */
export function poolChangedByAzure(aks: Pick<Settings["aks"], "upgradeChannel">): string[] {
  return ["count", ...(aks.upgradeChannel === "disabled" ? [] : ["orchestratorVersion"])];
}

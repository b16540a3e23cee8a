/**
 * AksCluster: a managed cluster in Azure without a network plugin, in a network and with public addresses of its own.
 *
 * Loaded on AKS stacks only: Azure's SDK takes as long to load as a whole preview of another stack.
 */
import { getClientConfigOutput } from "@pulumi/azure-native/authorization/index.js";
import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import * as managedidentity from "@pulumi/azure-native/managedidentity/index.js";
import * as azure from "@pulumi/azure-native/provider.js";
import * as resources from "@pulumi/azure-native/resources/index.js";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import { assignRole, kubeconfigFor } from "./aks-access.ts";
import { changedByAzure, managedCluster } from "./aks-cluster.ts";
import { aksNames, aksTags } from "./aks-names.ts";
import { type AksNetwork, createAksNetwork } from "./aks-network.ts";
import { deployerType } from "./aks-roles.ts";
import { createUserPools } from "./aks-user-pools.ts";
import type { ClusterFacts, ClusterHandle } from "./handle.ts";

export interface AksClusterArgs {
  readonly clusterName: string;
  readonly facts: ClusterFacts;
  readonly settings: Settings;
}

export class AksCluster extends pulumi.ComponentResource {
  readonly handle: ClusterHandle;

  constructor(name: string, args: AksClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:AksCluster", name, {}, opts);
    const { aks } = args.settings;
    const names = aksNames(args.clusterName);
    const tags = aksTags(args.clusterName, pulumi.getStack());

    const inAzure = { parent: this, provider: azureProvider(name, aks, this) };
    const resourceGroup = new resources.ResourceGroup(
      `${name}-resource-group`,
      { resourceGroupName: names.resourceGroup, location: aks.location, tags },
      { ...inAzure, protect: aks.protect },
    );
    // Deleting the group deletes everything in it, in one call and in Azure's own order.
    const inGroup = { ...inAzure, deletedWith: resourceGroup };
    const deployer = getClientConfigOutput(inAzure);

    const network = createAksNetwork(name, { names, aks, resourceGroup, tags }, inGroup);
    const identity = new managedidentity.UserAssignedIdentity(
      `${name}-identity`,
      { resourceName: names.identity, resourceGroupName: resourceGroup.name, location: aks.location, tags },
      inGroup,
    );
    const joins = Object.entries(joinedBy(network)).map(([what, scope]) =>
      assignRole(
        `${name}-joins-${what}`,
        {
          role: "networkContributor",
          scope,
          principalId: identity.principalId,
          principalType: "ServicePrincipal",
          subscriptionId: deployer.subscriptionId,
        },
        inGroup,
      ),
    );

    const cluster = new containerservice.ManagedCluster(
      `${name}-managed-cluster`,
      managedCluster(aks, names, {
        resourceGroupName: resourceGroup.name,
        identityId: identity.id,
        nodeSubnetId: network.nodeSubnet.id,
        outboundPrefixId: network.outboundPrefix.id,
        tags,
      }),
      { ...inGroup, dependsOn: joins, protect: aks.protect, ignoreChanges: changedByAzure(aks) },
    );
    const administers = assignRole(
      `${name}-deployer-administers`,
      {
        role: "aksRbacClusterAdmin",
        scope: cluster.id,
        principalId: deployer.objectId,
        principalType: deployerType(aks),
        subscriptionId: deployer.subscriptionId,
      },
      inGroup,
    );
    // After the role, which spreads through Azure while the machines start.
    const pools = createUserPools(
      name,
      { aks, cluster, resourceGroupName: resourceGroup.name, network, tags, after: administers },
      inGroup,
    );

    const kubeconfig = kubeconfigFor(cluster, resourceGroup.name, aks.login, inAzure);
    const egressPrefix = network.egress === undefined ? {} : { egressPrefix: network.egress.prefix.ipPrefix };
    this.handle = {
      name: args.clusterName,
      facts: args.facts,
      kubeconfig,
      provider: new k8s.Provider(
        `${name}-provider`,
        // The id and not the credentials: whatever changes in them, the platform on the cluster stays.
        { kubeconfig, clusterIdentifier: cluster.id },
        { parent: this, deletedWith: cluster, dependsOn: [administers, ...pools] },
      ),
      // A name and never an address: Azure may give a stopped cluster another one.
      apiServerHost: aks.privateCluster ? cluster.privateFQDN : cluster.fqdn,
      owner: cluster,
      after: [],
      ...egressPrefix,
    };
    this.registerOutputs({ kubeconfig, ...egressPrefix });
  }
}

/** Of the stack's own, so that nothing depends on what the person's shell points to but the login itself. */
function azureProvider(name: string, aks: Settings["aks"], parent: pulumi.Resource): azure.Provider {
  const subscription = aks.subscriptionId === undefined ? {} : { subscriptionId: aks.subscriptionId };
  return new azure.Provider(`${name}-azure`, { location: aks.location, ...subscription }, { parent });
}

/** What the cluster's identity must join. Each on its own and not the group: it is all the cluster may touch. */
function joinedBy(network: AksNetwork): Record<string, pulumi.Output<string>> {
  return {
    "node-subnet": network.nodeSubnet.id,
    "outbound-prefix": network.outboundPrefix.id,
    ...(network.egress === undefined ? {} : { "egress-subnet": network.egress.subnet.id }),
  };
}

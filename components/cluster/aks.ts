/**
 * AksCluster: a managed cluster in Azure without a network plugin, in a network and with public addresses of its own.
 *
 * Loaded on AKS stacks only: Azure's SDK takes as long to load as a whole preview of another stack.
 */
import * as authorization from "@pulumi/azure-native/authorization/index.js";
import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import * as managedidentity from "@pulumi/azure-native/managedidentity/index.js";
import * as azure from "@pulumi/azure-native/provider.js";
import * as resources from "@pulumi/azure-native/resources/index.js";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import { changedByAzure, managedCluster, poolChangedByAzure } from "./aks-cluster.ts";
import { apiServerIn, kubeloginKubeconfig } from "./aks-kubeconfig.ts";
import { aksNames, aksTags } from "./aks-names.ts";
import { createAksNetwork } from "./aks-network.ts";
import { aksPools, poolFields } from "./aks-pools.ts";
import { type BuiltInRole, deployerType, roleAssignmentName, roleDefinitionId } from "./aks-roles.ts";
import type { ClusterFacts, ClusterHandle } from "./handle.ts";

export interface AksClusterArgs {
  readonly clusterName: string;
  readonly facts: ClusterFacts;
  readonly settings: Settings;
}

export class AksCluster extends pulumi.ComponentResource {
  readonly handle: ClusterHandle;
  /** Public addresses that egress policies lead to, for the allow lists of others. Absent without an egress pool. */
  readonly egressPrefix: pulumi.Output<string> | undefined;

  constructor(name: string, args: AksClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:AksCluster", name, {}, opts);
    const { aks } = args.settings;
    const names = aksNames(args.clusterName);
    const tags = aksTags(args.clusterName, pulumi.getStack());

    const provider = new azure.Provider(
      `${name}-azure`,
      { location: aks.location, ...(aks.subscriptionId === undefined ? {} : { subscriptionId: aks.subscriptionId }) },
      { parent: this },
    );
    const inAzure = { parent: this, provider };
    const resourceGroup = new resources.ResourceGroup(
      `${name}-resource-group`,
      { resourceGroupName: names.resourceGroup, location: aks.location, tags },
      { ...inAzure, protect: aks.protect },
    );
    // Deleting the group deletes everything in it, in one call and in Azure's own order.
    const inGroup = { ...inAzure, deletedWith: resourceGroup };

    const network = createAksNetwork(name, { names, aks, resourceGroup, tags }, inGroup);
    const identity = new managedidentity.UserAssignedIdentity(
      `${name}-identity`,
      { resourceName: names.identity, resourceGroupName: resourceGroup.name, location: aks.location, tags },
      inGroup,
    );

    const deployer = authorization.getClientConfigOutput({ parent: this, provider });
    const assign = (
      suffix: string,
      role: BuiltInRole,
      scope: pulumi.Output<string>,
      principalId: pulumi.Output<string>,
      principalType: "User" | "ServicePrincipal",
    ) =>
      new authorization.RoleAssignment(
        `${name}-${suffix}`,
        {
          roleAssignmentName: pulumi
            .all([scope, principalId])
            .apply(([where, who]) => roleAssignmentName(where, who, role)),
          roleDefinitionId: deployer.subscriptionId.apply((id) => roleDefinitionId(id, role)),
          scope,
          principalId,
          principalType,
        },
        inGroup,
      );

    // On each thing the cluster must join, and not on the group: it is all it may touch.
    const joins = Object.entries({
      "joins-node-subnet": network.nodeSubnet.id,
      "joins-outbound-prefix": network.outboundPrefix.id,
      ...(network.egress === undefined ? {} : { "joins-egress-subnet": network.egress.subnet.id }),
    }).map(([suffix, scope]) => assign(suffix, "networkContributor", scope, identity.principalId, "ServicePrincipal"));

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

    const administers = assign(
      "deployer-administers",
      "aksRbacClusterAdmin",
      cluster.id,
      deployer.objectId,
      deployerType(aks),
    );

    const [, ...userPools] = aksPools(aks);
    let last: pulumi.Resource = administers;
    for (const pool of userPools) {
      last = new containerservice.AgentPool(
        `${name}-pool-${pool.name}`,
        {
          resourceGroupName: resourceGroup.name,
          resourceName: cluster.name,
          agentPoolName: pool.name,
          vnetSubnetID: pool.subnet === "egress" ? (network.egress?.subnet.id ?? "") : network.nodeSubnet.id,
          ...poolFields(pool, aks),
          tags,
        },
        // One after another, as Azure changes a cluster; and after the role, which spreads while machines start.
        { ...inGroup, deletedWith: cluster, dependsOn: [last], ignoreChanges: poolChangedByAzure(aks) },
      );
    }

    const kubeconfig = pulumi.secret(
      containerservice
        .listManagedClusterUserCredentialsOutput(
          { resourceGroupName: resourceGroup.name, resourceName: cluster.name, format: "exec" },
          { parent: this, provider },
        )
        .apply(({ kubeconfigs }) =>
          kubeloginKubeconfig(
            names.cluster,
            apiServerIn(Buffer.from(kubeconfigs[0]?.value ?? "", "base64").toString("utf8")),
            aks.login,
          ),
        ),
    );
    this.egressPrefix = network.egress?.prefix.ipPrefix;
    this.handle = {
      name: args.clusterName,
      facts: args.facts,
      kubeconfig,
      provider: new k8s.Provider(
        `${name}-provider`,
        // The id and not the credentials: whatever changes in them, the platform on the cluster stays.
        { kubeconfig, clusterIdentifier: cluster.id },
        { parent: this, deletedWith: cluster, dependsOn: [administers, last] },
      ),
      // A name and never an address: Azure may give a stopped cluster another one.
      apiServerHost: aks.privateCluster ? cluster.privateFQDN : cluster.fqdn,
      owner: cluster,
      after: [],
    };
    this.registerOutputs({
      kubeconfig,
      ...(this.egressPrefix === undefined ? {} : { egressPrefix: this.egressPrefix }),
    });
  }
}

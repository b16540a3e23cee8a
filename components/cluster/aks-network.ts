/** createAksNetwork: the virtual network, its subnets, and the public addresses that traffic leaves from. */
import * as network from "@pulumi/azure-native/network/index.js";
import type * as resources from "@pulumi/azure-native/resources/index.js";
import type * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import type { AksNames } from "./aks-names.ts";

export interface AksNetworkArgs {
  readonly names: AksNames;
  readonly aks: Settings["aks"];
  readonly resourceGroup: resources.ResourceGroup;
  readonly tags: Readonly<Record<string, string>>;
}

/** The egress pool's own subnet, and what the other side may trust. */
export interface AksEgress {
  readonly subnet: network.Subnet;
  readonly prefix: network.PublicIPPrefix;
}

export interface AksNetwork {
  readonly nodeSubnet: network.Subnet;
  /** Addresses that nodes and pods leave from, unless they leave through the egress pool. */
  readonly outboundPrefix: network.PublicIPPrefix;
  /** Present exactly when the stack has an egress pool. */
  readonly egress: AksEgress | undefined;
}

export function createAksNetwork(name: string, args: AksNetworkArgs, opts: pulumi.CustomResourceOptions): AksNetwork {
  const { names, aks, tags } = args;
  const common = { resourceGroupName: args.resourceGroup.name, location: aks.location, tags };

  const virtualNetwork = new network.VirtualNetwork(
    `${name}-network`,
    { ...common, virtualNetworkName: names.virtualNetwork, addressSpace: { addressPrefixes: [aks.vnetCidr] } },
    opts,
  );
  const outboundPrefix = publicPrefix(`${name}-outbound-prefix`, names.outboundPrefix, 31, args, opts);
  const nodeSubnet = new network.Subnet(
    `${name}-node-subnet`,
    {
      ...subnetIn(args, virtualNetwork),
      subnetName: names.nodeSubnet,
      addressPrefix: aks.nodeSubnetCidr,
    },
    opts,
  );
  return {
    nodeSubnet,
    outboundPrefix,
    egress: aks.egressPool.enabled ? createEgress(name, args, virtualNetwork, nodeSubnet, opts) : undefined,
  };
}

function createEgress(
  name: string,
  args: AksNetworkArgs,
  virtualNetwork: network.VirtualNetwork,
  nodeSubnet: network.Subnet,
  opts: pulumi.CustomResourceOptions,
): AksEgress {
  const { names, aks, tags } = args;
  const prefix = publicPrefix(
    `${name}-egress-prefix`,
    names.egressPrefix,
    aks.egressPool.publicPrefixLength,
    args,
    opts,
  );
  const gateway = new network.NatGateway(
    `${name}-egress-gateway`,
    {
      resourceGroupName: args.resourceGroup.name,
      location: aks.location,
      tags,
      natGatewayName: names.egressGateway,
      sku: { name: "Standard" },
      publicIpPrefixes: [{ id: prefix.id }],
    },
    opts,
  );
  const subnet = new network.Subnet(
    `${name}-egress-subnet`,
    {
      ...subnetIn(args, virtualNetwork),
      subnetName: names.egressSubnet,
      addressPrefix: aks.egressSubnetCidr,
      natGateway: { id: gateway.id },
    },
    // Azure writes one subnet of a network at a time and refuses the second with a conflict.
    { ...opts, dependsOn: [nodeSubnet] },
  );
  return { subnet, prefix };
}

/** A way out that nobody chose would be an address nobody knows: outbound goes through the prefixes only. */
function subnetIn(args: AksNetworkArgs, virtualNetwork: network.VirtualNetwork) {
  return {
    resourceGroupName: args.resourceGroup.name,
    virtualNetworkName: virtualNetwork.name,
    defaultOutboundAccess: false,
  };
}

/** Other parties put these addresses into their allow lists: they must outlive every mistake. */
function publicPrefix(
  name: string,
  publicIpPrefixName: string,
  prefixLength: number,
  { aks, resourceGroup, tags }: AksNetworkArgs,
  opts: pulumi.CustomResourceOptions,
): network.PublicIPPrefix {
  return new network.PublicIPPrefix(
    name,
    {
      resourceGroupName: resourceGroup.name,
      location: aks.location,
      tags,
      publicIpPrefixName,
      prefixLength,
      publicIPAddressVersion: "IPv4",
      sku: { name: "Standard", tier: "Regional" },
      ...(aks.zones.length === 0 ? {} : { zones: [...aks.zones] }),
    },
    { ...opts, protect: aks.protect },
  );
}

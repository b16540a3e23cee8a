/** EgressNodes: the label by which the egress gateway finds its node, on nodes that the stack itself has made. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { egressGatewayLabel, present } from "../../policies/names.ts";
import { ownedBy } from "../owned.ts";
import type { ClusterHandle } from "./handle.ts";

export interface EgressNodesArgs {
  readonly cluster: ClusterHandle;
}

export class EgressNodes extends pulumi.ComponentResource {
  constructor(name: string, args: EgressNodesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:EgressNodes", name, {}, { ...opts, providers: [args.cluster.provider] });

    for (const node of args.cluster.facts.egressNodes) {
      // A patch, because the node is the cluster's: this label is all of it that is ours, and goes with the bundle.
      new k8s.core.v1.NodePatch(
        `${name}-${node}`,
        { metadata: { name: node, labels: { [egressGatewayLabel]: present } } },
        ownedBy(args.cluster, this),
      );
    }
    this.registerOutputs({});
  }
}

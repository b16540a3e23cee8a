/** KindCluster: nodes as containers on this machine, without a network plugin, and without kube-proxy when Cilium replaces it. */
import * as pulumi from "@pulumi/pulumi";

import { imageFor } from "../images.ts";
import { kindNodeImage } from "../versions.ts";
import type { ClusterHandle } from "./handle.ts";
import { kindConfig } from "./kind-config.ts";
import { localHandle, type LocalClusterArgs } from "./kwok.ts";
import { LifecycleResource } from "../provider/lifecycle-resource.ts";
import { registryHosts } from "./pull-through-hosts.ts";

class KindNodes extends LifecycleResource {
  declare readonly kubeconfig: pulumi.Output<string>;
  declare readonly uid: pulumi.Output<string>;
}

export class KindCluster extends pulumi.ComponentResource {
  readonly handle: ClusterHandle;

  constructor(name: string, args: LocalClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:KindCluster", name, {}, opts);
    const nodes = new KindNodes(
      "platform:kind:Nodes",
      `${name}-nodes`,
      {
        name: args.clusterName,
        stack: pulumi.getStack(),
        config: kindConfig(args.settings, pulumi.getStack()),
        registryHosts: registryHosts(args.settings),
        nodeImage: imageFor(kindNodeImage, args.settings.imageRegistry),
        kubeconfig: undefined,
        uid: undefined,
      },
      { parent: this, additionalSecretOutputs: ["kubeconfig"] },
    );
    this.handle = localHandle(this, name, args, nodes);
    this.registerOutputs({ kubeconfig: this.handle.kubeconfig });
  }
}

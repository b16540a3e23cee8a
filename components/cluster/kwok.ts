/** KwokCluster: a real control plane with simulated nodes, for trying and testing everything but enforcement. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import { kubernetesVersion } from "../versions.ts";
import type { ClusterFacts, ClusterHandle } from "./handle.ts";
import { LifecycleResource } from "../provider/lifecycle-resource.ts";

class KwokControlPlane extends LifecycleResource {
  declare readonly kubeconfig: pulumi.Output<string>;
  declare readonly uid: pulumi.Output<string>;
}

export interface LocalClusterArgs {
  readonly clusterName: string;
  readonly facts: ClusterFacts;
  readonly settings: Settings;
}

export class KwokCluster extends pulumi.ComponentResource {
  readonly handle: ClusterHandle;

  constructor(name: string, args: LocalClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:KwokCluster", name, {}, opts);
    const controlPlane = new KwokControlPlane(
      "platform:kwok:ControlPlane",
      `${name}-control-plane`,
      {
        name: args.clusterName,
        stack: pulumi.getStack(),
        kubernetesVersion,
        nodes: args.settings.kwok.nodes,
        kubeconfig: undefined,
        uid: undefined,
      },
      { parent: this, additionalSecretOutputs: ["kubeconfig"] },
    );
    this.handle = localHandle(this, name, args, controlPlane);
    this.registerOutputs({ kubeconfig: this.handle.kubeconfig });
  }
}

/** The handle of a cluster on this machine: a throw-away, so what cannot be reached any more counts as deleted. */
export function localHandle(
  parent: pulumi.ComponentResource,
  name: string,
  args: LocalClusterArgs,
  cluster: LifecycleResource & { readonly kubeconfig: pulumi.Output<string>; readonly uid: pulumi.Output<string> },
): ClusterHandle {
  const kubeconfig = pulumi.secret(cluster.kubeconfig);
  const { apiServer } = args.facts;
  return {
    name: args.clusterName,
    facts: args.facts,
    kubeconfig,
    provider: new k8s.Provider(
      `${name}-provider`,
      { kubeconfig, clusterIdentifier: cluster.uid, deleteUnreachable: true },
      { parent, deletedWith: cluster },
    ),
    apiServerHost: apiServer.kind === "known" ? apiServer.host : undefined,
    owner: cluster,
    after: [],
  };
}

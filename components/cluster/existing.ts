/** ExistingCluster: a cluster somebody else made. Nothing of it is ours but what we put onto it. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import { serverOf } from "./existing-kubeconfig.ts";
import type { ClusterFacts, ClusterHandle } from "./handle.ts";

export interface ExistingClusterArgs {
  readonly clusterName: string;
  readonly facts: ClusterFacts;
  readonly settings: Settings;
  /** As its owner hands it out; becomes a secret here, whatever it was before. */
  readonly kubeconfig: pulumi.Input<string>;
}

export class ExistingCluster extends pulumi.ComponentResource {
  readonly handle: ClusterHandle;

  constructor(name: string, args: ExistingClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:ExistingCluster", name, {}, opts);
    const { context } = args.settings.existing;
    const kubeconfig = pulumi.secret(args.kubeconfig);
    const { apiServer } = args.facts;
    this.handle = {
      name: args.clusterName,
      facts: args.facts,
      kubeconfig,
      provider: new k8s.Provider(
        `${name}-provider`,
        {
          kubeconfig,
          ...(context === undefined ? {} : { context }),
          // The address is no secret. New credentials keep the platform on the cluster; another cluster gets its own.
          clusterIdentifier: pulumi.unsecret(kubeconfig.apply((text) => serverOf(text, context))),
        },
        { parent: this },
      ),
      apiServerHost: apiServer.kind === "known" ? apiServer.host : undefined,
      // Nothing of ours may be forgotten with a cluster that is not ours: everything is uninstalled one by one.
      owner: undefined,
      after: [],
    };
    this.registerOutputs({ kubeconfig });
  }
}

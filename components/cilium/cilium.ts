/**
 * Cilium: the pod network, and what enforces the policies.
 *
 * Installed before every other workload. Until it is ready nodes stay NotReady and a policy is only text, so everything
 * else depends on {@link Cilium.ready} and on nothing weaker.
 */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { type HelmValues, installChart } from "../chart.ts";
import type { ClusterHandle } from "../cluster/handle.ts";
import { LifecycleResource } from "../provider/lifecycle-resource.ts";
import { ciliumCrds } from "./crds.ts";

export interface CiliumArgs {
  readonly cluster: ClusterHandle;
  /** Complete Helm values: ours with the stack's overlay, already judged. */
  readonly values: HelmValues;
}

export class Cilium extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;
  /** The gate for policies: agents rolled out and CRDs Established. */
  readonly ready: pulumi.Resource;
  /** The same cluster for every later step: what is made through this handle comes after the agents are rolled out. */
  readonly cluster: ClusterHandle;

  constructor(name: string, args: CiliumArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster } = args;
    super("platform:cilium:Cilium", name, {}, { ...opts, providers: [cluster.provider] });
    const belongs = { parent: this, ...(cluster.owner === undefined ? {} : { deletedWith: cluster.owner }) };

    this.release = installChart(
      `${name}-release`,
      { chart: "cilium", cluster, releaseName: "cilium", namespace: "kube-system", values: args.values },
      { parent: this },
    );
    const { revision } = this.release.status;

    const operator =
      cluster.facts.nodes === "simulated"
        ? [
            new LifecycleResource(
              "platform:cilium:OperatorProcess",
              `${name}-operator-process`,
              { stack: pulumi.getStack(), clusterName: cluster.name, kubeconfig: cluster.kubeconfig, revision },
              { ...belongs, dependsOn: [this.release], additionalSecretOutputs: ["kubeconfig"] },
            ),
          ]
        : [];

    const wait = (step: string, crds: readonly string[], dependsOn: readonly pulumi.Resource[]): LifecycleResource =>
      new LifecycleResource(
        "platform:cilium:Ready",
        `${name}-${step}`,
        { kubeconfig: cluster.kubeconfig, revision, crds, timeoutSeconds: 600 },
        { ...belongs, dependsOn: [...dependsOn], additionalSecretOutputs: ["kubeconfig"] },
      );
    // Pods need the network and policies need their kinds: registering those takes the operator a second each, which
    // the add-ons use to install.
    const rolledOut = wait("rolled-out", [], [this.release]);
    this.ready = wait("ready", ciliumCrds(args.values), [rolledOut, ...operator]);
    this.cluster = { ...cluster, after: [rolledOut] };
    this.registerOutputs({ revision });
  }
}

/**
 * GatewayApi: the CustomResourceDefinitions of the Gateway API, a step of their own because their version is pinned
 * apart from that of whoever implements them.
 *
 * One release instead of a resource per definition: each would slow down every preview.
 */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { installChart } from "../chart.ts";
import type { ClusterHandle } from "../cluster/handle.ts";

export interface GatewayApiArgs {
  readonly cluster: ClusterHandle;
}

export class GatewayApi extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: GatewayApiArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster } = args;
    super("platform:gateway:GatewayApi", name, {}, { ...opts, providers: [cluster.provider] });

    // The definitions belong to no namespace; only Helm's record of the release needs one, and kube-system is there.
    this.release = installChart(
      `${name}-release`,
      { chart: "gatewayApi", cluster, releaseName: "gateway-api", namespace: "kube-system", values: {} },
      { parent: this },
    );
    this.registerOutputs({ revision: this.release.status.revision });
  }
}

/**
 * Observability: alert rules about what the policies do, for a cluster that runs the Prometheus operator.
 *
 * Dashboards and service monitors come with the charts; this is what no chart brings.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { alertRules } from "./alert-rules.ts";
import type { ClusterHandle } from "./cluster/handle.ts";
import { ownedBy } from "./owned.ts";
import type { CiliumSettings } from "./settings.ts";

export interface ObservabilityArgs {
  readonly cluster: ClusterHandle;
  /** Decides which metrics exist, and so which alerts can ever fire. */
  readonly cilium: CiliumSettings;
}

export class Observability extends pulumi.ComponentResource {
  constructor(name: string, args: ObservabilityArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster, cilium } = args;
    super("platform:observability:Observability", name, {}, { ...opts, providers: [cluster.provider] });

    new k8s.apiextensions.CustomResource(
      `${name}-alerts`,
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: { name: "platform-network", namespace: "kube-system" },
        spec: { groups: [{ name: "platform-network", rules: alertRules(cilium) }] },
      },
      ownedBy(cluster, this),
    );
    this.registerOutputs({});
  }
}

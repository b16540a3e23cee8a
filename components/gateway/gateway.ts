/**
 * NginxGatewayFabric: the way in. A control plane, and one shared Gateway whose data plane runs in a namespace that can
 * be isolated without cutting the control plane off.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { gatewayControlNamespace, gatewayNamespace } from "../../policies/names.ts";
import { type HelmValues, installChart } from "../chart.ts";
import type { ClusterHandle } from "../cluster/handle.ts";
import { ownedBy } from "../owned.ts";
import { platformGateway } from "./platform-gateway.ts";
import { type RateLimit, rateLimitPolicy } from "./rate-limit.ts";
import { gatewayName, gatewayReleaseName } from "./pods.ts";

export interface NginxGatewayFabricArgs {
  readonly cluster: ClusterHandle;
  /** Complete Helm values: ours with the stack's overlay, already judged. */
  readonly values: HelmValues;
  /** Absent: nobody is limited. */
  readonly rateLimit?: RateLimit | undefined;
  /** The release that brought the Gateway API: without its kinds this one is refused. */
  readonly after: readonly pulumi.Resource[];
}

export class NginxGatewayFabric extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;
  readonly gateway: k8s.apiextensions.CustomResource;

  constructor(name: string, args: NginxGatewayFabricArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster, values } = args;
    super("platform:gateway:NginxGatewayFabric", name, {}, { ...opts, providers: [cluster.provider] });
    const owned = ownedBy(cluster, this);

    const controlNamespace = new k8s.core.v1.Namespace(
      `${name}-control-namespace`,
      { metadata: { name: gatewayControlNamespace } },
      owned,
    );
    const namespace = new k8s.core.v1.Namespace(`${name}-namespace`, { metadata: { name: gatewayNamespace } }, owned);

    this.release = installChart(
      `${name}-release`,
      {
        chart: "nginxGatewayFabric",
        cluster,
        releaseName: gatewayReleaseName,
        namespace: controlNamespace.metadata.name,
        values,
      },
      { parent: this, dependsOn: [...args.after] },
    );
    this.gateway = new k8s.apiextensions.CustomResource(
      `${name}-gateway`,
      platformGateway(gatewayName, cluster.facts),
      ownedBy(cluster, this, [this.release, namespace]),
    );
    if (args.rateLimit !== undefined) {
      new k8s.apiextensions.CustomResource(
        `${name}-rate-limit`,
        rateLimitPolicy(gatewayName, args.rateLimit),
        // Beside the Gateway and not after it: no connection passes before the limit is there.
        ownedBy(cluster, this, [this.release, namespace]),
      );
    }
    this.registerOutputs({ revision: this.release.status.revision });
  }
}

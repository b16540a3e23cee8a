/** Kyverno: admission policies, and the network policies that a namespace's labels bring about. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { kyvernoNamespace } from "../../policies/names.ts";
import { type HelmValues, installChart } from "../chart.ts";
import type { ClusterHandle } from "../cluster/handle.ts";
import { LifecycleResource } from "../provider/lifecycle-resource.ts";
import { ownedBy } from "../owned.ts";

export interface KyvernoArgs {
  readonly cluster: ClusterHandle;
  /** Complete Helm values: ours with the stack's overlay, already judged. */
  readonly values: HelmValues;
}

export class Kyverno extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: KyvernoArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster, values } = args;
    super("platform:kyverno:Kyverno", name, {}, { ...opts, providers: [cluster.provider] });

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: kyvernoNamespace } },
      ownedBy(cluster, this),
    );
    this.release = installChart(
      `${name}-release`,
      {
        chart: "kyverno",
        cluster,
        releaseName: "kyverno",
        namespace: namespace.metadata.name,
        values,
        // Helm would throw a failed install away without what the resource below does first: the roles that come back
        // would then keep every later install out.
        failedInstall: "kept",
      },
      { parent: this },
    );
    new LifecycleResource(
      "platform:kyverno:Uninstall",
      `${name}-uninstall`,
      { kubeconfig: cluster.kubeconfig, selector: "app.kubernetes.io/part-of=kyverno" },
      { ...ownedBy(cluster, this, [this.release]), additionalSecretOutputs: ["kubeconfig"] },
    );
    this.registerOutputs({ revision: this.release.status.revision });
  }
}

/** Namespaces: the stack's own namespaces, with the labels that decide who is closed and who may be reached. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { ClusterHandle } from "./cluster/handle.ts";
import { namespaceLabels, type NamespaceSettings } from "./namespace-labels.ts";
import { ownedBy } from "./owned.ts";

export interface NamespacesArgs {
  readonly cluster: ClusterHandle;
  /** The `namespaces` block of the stack file. */
  readonly namespaces: NamespaceSettings;
}

export class Namespaces extends pulumi.ComponentResource {
  /** By name. */
  readonly made: Readonly<Record<string, k8s.core.v1.Namespace>>;

  constructor(name: string, args: NamespacesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:namespaces:Namespaces", name, {}, { ...opts, providers: [args.cluster.provider] });

    this.made = Object.fromEntries(
      Object.entries(args.namespaces).map(([namespace, choices]) => [
        namespace,
        new k8s.core.v1.Namespace(
          `${name}-${namespace}`,
          { metadata: { name: namespace, labels: namespaceLabels(choices) } },
          ownedBy(args.cluster, this),
        ),
      ]),
    );
    this.registerOutputs({});
  }
}

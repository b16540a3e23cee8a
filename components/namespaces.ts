/** Namespaces: the stack's own namespaces, with the labels that decide who is closed and who may be reached. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { isolateLabel, present } from "../policies/names.ts";
import type { ClusterHandle } from "./cluster/handle.ts";
import { ownedBy } from "./owned.ts";
import type { Settings } from "./settings.ts";

type NamespaceSettings = Settings["namespaces"];

export interface NamespacesArgs {
  readonly cluster: ClusterHandle;
  /** The `namespaces` block of the stack file. */
  readonly namespaces: NamespaceSettings;
}

export class Namespaces extends pulumi.ComponentResource {
  constructor(name: string, args: NamespacesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:namespaces:Namespaces", name, {}, { ...opts, providers: [args.cluster.provider] });

    for (const [namespace, choices] of Object.entries(args.namespaces)) {
      new k8s.core.v1.Namespace(
        `${name}-${namespace}`,
        { metadata: { name: namespace, labels: namespaceLabels(choices) } },
        ownedBy(args.cluster, this),
      );
    }
    this.registerOutputs({});
  }
}

/**
 * The user's labels and ours. Whether a namespace is closed is said by `isolated` alone: our own label among the user's
 * counts for nothing.
 */
export function namespaceLabels({ isolated, labels }: NamespaceSettings[string]): Record<string, string> {
  const theirs = Object.entries(labels).filter(([key]) => key !== isolateLabel);
  return { ...Object.fromEntries(theirs), ...(isolated ? { [isolateLabel]: present } : {}) };
}

/** Names of the namespaces that start closed, sorted. */
export function isolatedNamespaces(namespaces: NamespaceSettings): readonly string[] {
  return Object.entries(namespaces)
    .filter(([, { isolated }]) => isolated)
    .map(([namespace]) => namespace)
    .sort();
}

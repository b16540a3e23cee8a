/** Namespaces: the stack's own namespaces, with the labels that decide who is closed and who may be reached. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { gatewayNamespace, isolateLabel, present, systemNamespaces } from "../policies/names.ts";
import type { Problem } from "../policies/problems.ts";
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

/** The user's labels, and ours last: what a namespace is must not depend on the order of two lists. */
export function namespaceLabels({ isolated, labels }: NamespaceSettings[string]): Record<string, string> {
  return { ...labels, ...(isolated ? { [isolateLabel]: present } : {}) };
}

/** Names of the namespaces that start closed, sorted. */
export function isolatedNamespaces(namespaces: NamespaceSettings): readonly string[] {
  return Object.entries(namespaces)
    .filter(([, { isolated }]) => isolated)
    .map(([namespace]) => namespace)
    .sort();
}

/** What is wrong with the namespaces of a stack that their format alone cannot show. */
export function namespaceProblems(namespaces: NamespaceSettings, stackFile: string): readonly Problem[] {
  return Object.entries(namespaces).flatMap(([namespace, { labels }]) => {
    const where = `${stackFile} › namespaces.${namespace}`;
    const problems: Problem[] = [];
    if (systemNamespaces.includes(namespace) || namespace === gatewayNamespace || namespace === "default") {
      problems.push({
        code: "settings/namespace-taken",
        where,
        what: `\`${namespace}\` belongs to Kubernetes or to the platform`,
        expected: "a namespace of your own",
      });
    }
    if (isolateLabel in labels) {
      problems.push({
        code: "settings/namespace-label-taken",
        where: `${where}.labels`,
        what: `\`${isolateLabel}\` is the platform's own label`,
        expected: `labels other than \`${isolateLabel}\``,
        fix: "say `isolated: true` or `isolated: false` instead",
      });
    }
    return problems;
  });
}

/**
 * ArgoCd: takes policies and routes from git, from no repository but those the stack names.
 *
 * Its parameters are applied as objects of ours beside the release, so that they are the same whether Argo CD came from
 * its chart or from its plain manifests.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { argoCdNamespace } from "../../policies/names.ts";
import { type HelmValues, installChart } from "../chart.ts";
import type { ClusterHandle } from "../cluster/handle.ts";
import { ownedBy } from "../owned.ts";
import type { Settings } from "../settings.ts";
import { type GitSource, appOfApps, platformProject } from "./project.ts";
import { argoCdParameters } from "./values.ts";

export interface ArgoCdArgs {
  readonly cluster: ClusterHandle;
  /** The `argocd` block of the stack file. */
  readonly settings: Settings["argocd"];
  /** Complete Helm values: ours with the stack's overlay, already judged. */
  readonly values: HelmValues;
  /** Namespaces into which git may write, besides Argo CD's own. */
  readonly namespaces: readonly string[];
  /** Where the Applications are described. Absent: none is made. */
  readonly apps?: GitSource;
}

export class ArgoCd extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: ArgoCdArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster, settings, values } = args;
    super("platform:argocd:ArgoCd", name, {}, { ...opts, providers: [cluster.provider] });

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: argoCdNamespace } },
      ownedBy(cluster, this),
    );
    this.release = installChart(
      `${name}-release`,
      { chart: "argoCd", cluster, releaseName: "argocd", namespace: namespace.metadata.name, values },
      { parent: this },
    );
    const afterRelease = ownedBy(cluster, this, [this.release]);

    for (const [configMap, data] of Object.entries(argoCdParameters(values))) {
      new k8s.core.v1.ConfigMapPatch(
        `${name}-${configMap}`,
        { metadata: { name: configMap, namespace: argoCdNamespace, annotations: takeOver }, data },
        afterRelease,
      );
    }
    if (cluster.facts.exposure === "nodePort") {
      new k8s.core.v1.Service(`${name}-node-port`, nodePortService(settings.nodePort), afterRelease);
    }

    const project = new k8s.apiextensions.CustomResource(
      `${name}-project`,
      platformProject(settings.sources, args.namespaces),
      afterRelease,
    );
    if (args.apps !== undefined) {
      new k8s.apiextensions.CustomResource(`${name}-apps`, appOfApps(args.apps), ownedBy(cluster, this, [project]));
    }
    this.registerOutputs({ revision: this.release.status.revision });
  }
}

/** The chart may own the same entries with the same values; ours is the word that counts. */
const takeOver = { "pulumi.com/patchForce": "true" };

/**
 * The server on a port of every node, as a Service beside the release's own: the chart's would hold a second node port
 * for HTTPS that nobody asked for.
 */
export function nodePortService(nodePort: number) {
  return {
    metadata: {
      name: "argocd-server-node-port",
      namespace: argoCdNamespace,
      // The release has waited for the server already; waiting again for its endpoints costs ten seconds.
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      type: "NodePort",
      selector: { "app.kubernetes.io/name": "argocd-server" },
      ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080, nodePort }],
    },
  };
}

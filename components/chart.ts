/**
 * installChart: the only door to a Helm release.
 *
 * Every release is pinned, explicitly named, awaited and bound to its cluster here, once; a lint rule keeps other files
 * from making one of their own.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { ClusterHandle } from "./cluster/handle.ts";
import { stateFolder } from "./cluster/state-folder.ts";
import { ownedBy } from "./owned.ts";
import { charts, type ChartKey } from "./versions.ts";

/** Helm values: plain data, in which single leaves may be outputs (the address of a cluster that is being made). */
export type HelmValues = { readonly [key: string]: unknown };

export interface ChartInstall {
  readonly chart: ChartKey;
  readonly cluster: ClusterHandle;
  /** Name of the Helm release, the same in every stack: objects are named after it. */
  readonly releaseName: string;
  /** Must exist. */
  readonly namespace: pulumi.Input<string>;
  readonly values: HelmValues;
  /** How long Helm may wait for the objects, in seconds. */
  readonly timeoutSeconds?: number;
  /** `kept`: a first install that fails stays, for the next run to mend. Absent: the cluster's lifetime decides. */
  readonly failedInstall?: "kept";
}

/**
 * Where a chart lies while the program runs, relative to the project: the same on every machine, so that two engineers
 * see no difference. What it points to was put there by {@link file://./charts/prepare.ts}.
 */
export function chartPath(key: ChartKey, stack: string): string {
  return `./${stateFolder}/${stack}/charts/${charts[key].name}-${charts[key].version}`;
}

/** Install, upgrade or (when no longer called) uninstall one chart through Helm proper, hooks included. */
export function installChart(
  name: string,
  install: ChartInstall,
  opts: { readonly parent: pulumi.Resource; readonly dependsOn?: readonly pulumi.Resource[] },
): k8s.helm.v3.Release {
  const { cluster } = install;
  return new k8s.helm.v3.Release(
    name,
    {
      name: install.releaseName,
      namespace: install.namespace,
      chart: chartPath(install.chart, pulumi.getStack()),
      version: charts[install.chart].version,
      values: install.values as Record<string, unknown>,
      // A throw-away cluster keeps no half-installed release; on a shared one the remains are evidence.
      atomic: cluster.facts.lifetime === "throwaway" && install.failedInstall !== "kept",
      cleanupOnFail: true,
      createNamespace: false,
      maxHistory: 5,
      skipAwait: false,
      timeout: install.timeoutSeconds ?? 300,
    },
    {
      ...ownedBy(cluster, opts.parent, opts.dependsOn),
      // Name and namespace force replacement; without this a named release would collide with itself.
      deleteBeforeReplace: true,
    },
  );
}

/** Outputs: what a stack says about itself once it is up. */
import type * as pulumi from "@pulumi/pulumi";

import type { ClusterFacts } from "./cluster/handle.ts";

export interface PlatformOutputs {
  /** What kind of cluster the stack stands on. */
  readonly target: ClusterFacts["target"];
  /** Name of the cluster; of the kubeconfig's context as well. */
  readonly clusterName: string;
  /** `simulated`: pods are Ready by decree, nothing runs inside them and no policy is enforced. */
  readonly nodes: ClusterFacts["nodes"];
  /** How to reach the API server. Always secret. Absent where it would be an administrator's key to a shared cluster. */
  readonly kubeconfig?: pulumi.Output<string>;
  /** File with the same content, readable by its owner only, relative to the project. Absent where there is none. */
  readonly kubeconfigFile?: string;
  /** Version of every chart that is installed, by its name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Charts that were asked for and could not be had, by name, each with the reason. Empty on a complete platform. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Policy bundles in force, by name, each with its promise. */
  readonly promises: Readonly<Record<string, string>>;
  /** Where a person finds things from outside, by what is found there. */
  readonly addresses: Readonly<Record<string, string>>;
}

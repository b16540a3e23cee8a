/** Outputs: what a stack says about itself once it is up. */
import type * as pulumi from "@pulumi/pulumi";

import { selectBundles } from "../policies/bundles.ts";
import { loadBalancer } from "../policies/load-balancer/bundle.ts";
import type { ClusterFacts, ClusterHandle } from "./cluster/handle.ts";
import { stateFolder } from "./cluster/state-folder.ts";
import { poolTexts } from "./settings/load-balancer.ts";
import type { Plan } from "./plan.ts";
import { charts } from "./versions.ts";

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
  /** Public addresses that egress policies lead to, for the allow lists of others. Absent without an egress pool. */
  readonly egressPrefix?: pulumi.Output<string>;
  /** Version of every chart that is installed, by its name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Charts that were asked for and could not be had, by name, each with the reason. Empty on a complete platform. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Policy bundles in force, by name, each with its promise; before that of an observed one it says so. */
  readonly promises: Readonly<Record<string, string>>;
  /** Where a person finds things from outside, by what is found there. */
  readonly addresses: Readonly<Record<string, string>>;
}

export function stackOutputs(plan: Plan, cluster: ClusterHandle): PlatformOutputs {
  const { settings, facts } = plan;
  return {
    target: facts.target,
    clusterName: plan.clusterName,
    nodes: facts.nodes,
    // A cluster somebody else made: its kubeconfig was given to us and is nobody else's to hand on.
    ...(facts.target === "existing" ? {} : { kubeconfig: cluster.kubeconfig }),
    ...(facts.lifetime === "throwaway" ? { kubeconfigFile: `${stateFolder}/${plan.stack}/kubeconfig` } : {}),
    ...(cluster.egressPrefix === undefined ? {} : { egressPrefix: cluster.egressPrefix }),
    versions: Object.fromEntries([...plan.installs].map((key) => [charts[key].name, charts[key].version])),
    leftOut: plan.leftOut,
    promises: Object.fromEntries(selectBundles(settings.policies).map(({ name, promise }) => [name, promise])),
    addresses: {
      ...(facts.target === "kind" ? kindAddresses(settings) : {}),
      ...(plan.bundles.includes(loadBalancer.name) ? poolTexts(settings.policies.loadBalancer) : {}),
    },
  };
}

function kindAddresses({ gateway, argocd }: Plan["settings"]): Record<string, string> {
  return {
    ...(gateway.enabled ? { gateway: `http://localhost:${String(gateway.httpNodePort)}` } : {}),
    ...(argocd.enabled ? { argocd: `http://localhost:${String(argocd.nodePort)}` } : {}),
  };
}

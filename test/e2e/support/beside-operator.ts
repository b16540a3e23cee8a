/** `up` on a control plane that somebody else made, whose nodes are simulated: the pod of Cilium's operator is as well. */
import { setTimeout as sleep } from "node:timers/promises";

import { lifecycle as operator } from "../../../components/cilium/operator-lifecycle.ts";
import type { KwokClusterInputs } from "../../../components/cluster/kwok-lifecycle.ts";
import type { Cluster } from "./cluster.ts";
import type { Project } from "./project.ts";
import { outputOf } from "./running.ts";

export interface ForeignCluster {
  readonly made: Pick<KwokClusterInputs, "name" | "stack">;
  readonly kubeconfig: string;
  readonly cluster: Cluster;
}

/** Installs the stack while Cilium's operator, a process of its own, brings Cilium's definitions; what `up` said. */
export async function upBesideOperator(project: Project, stack: string, foreign: ForeignCluster): Promise<string> {
  const { made, kubeconfig, cluster } = foreign;
  const up = project.start("up", stack, "--yes", "--local-state");
  const over = new AbortController();
  const operatorRuns = (async () => {
    // Helm writes down that it installs before it installs.
    while ((await cluster.configMap("kube-system", "cilium-config").catch(() => undefined)) === undefined) {
      if (over.signal.aborted) return;
      await sleep(200);
    }
    await operator.create({ stack: made.stack, clusterName: made.name, kubeconfig, revision: 1 });
  })();
  const said = await up.done;
  over.abort();
  await operatorRuns;
  return outputOf(said);
}

/**
 * Waits until Cilium is ready: its agents rolled out and the CRDs of its features Established.
 *
 * A release that succeeded is not enough. Helm's own wait counts a DaemonSet as ready while as many agents as its
 * maxUnavailable allows are still starting, and the CRDs are registered by the operator after it has started.
 */
import { UserError } from "../../policies/problems.ts";
import { isEstablished, missingOfRollout, whyNoAnswer } from "../cluster/kube-client.ts";
import type { Lifecycle } from "../provider/lifecycle.ts";

export interface CiliumReadyInputs {
  readonly kubeconfig: string;
  /** Revision of the release that is waited for. */
  readonly revision: number;
  /** Names of the CustomResourceDefinitions the stack's features need. */
  readonly crds: readonly string[];
  readonly timeoutSeconds: number;
}

async function untilReady({ kubeconfig, crds, timeoutSeconds }: CiliumReadyInputs): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let pending = [...crds];
  for (let wait = 100; ; wait = Math.min(wait * 2, 2000)) {
    const missing: string[] = [];
    try {
      const rollout = await missingOfRollout(kubeconfig);
      if (rollout !== undefined) missing.push(rollout);
      const established = await Promise.all(pending.map((name) => isEstablished(kubeconfig, name)));
      pending = pending.filter((_, index) => established[index] !== true);
      if (pending.length > 0) missing.push(`CRDs not Established: ${pending.join(", ")}`);
    } catch (error) {
      missing.push(whyNoAnswer(error));
    }
    if (missing.length === 0) return;
    if (Date.now() > deadline) {
      throw new UserError(`Cilium is not ready after ${String(timeoutSeconds)} s: ${missing.join("; ")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export const lifecycle: Lifecycle<CiliumReadyInputs, CiliumReadyInputs> = {
  async diff(_id, olds, news) {
    const changes = olds.revision !== news.revision || olds.crds.join() !== news.crds.join();
    return await Promise.resolve({ changes });
  },
  async create(inputs) {
    await untilReady(inputs);
    return { id: "cilium-ready", outs: inputs };
  },
  async read(_id, props) {
    return await Promise.resolve(props);
  },
  async update(_id, _olds, news) {
    await untilReady(news);
    return { outs: news };
  },
  async delete() {
    // Nothing was made.
  },
};

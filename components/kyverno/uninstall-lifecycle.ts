/**
 * Lets Kyverno be uninstalled: takes the aggregation rules off its ClusterRoles just before Helm deletes them.
 *
 * Kubernetes' aggregation controller writes an aggregated role anew whenever one of its parts changes, by an apply that
 * creates what is missing. While Helm deletes parts and aggregate together, the controller brings the aggregate back,
 * without Helm's marks: Helm waits for its deletion until the time-out, and the next install refuses the stranger.
 */
import { withoutAggregation } from "../cluster/kube-client.ts";
import type { Lifecycle } from "../provider/lifecycle.ts";

export interface UninstallInputs {
  readonly kubeconfig: string;
  /** Label selector of the release's own ClusterRoles. */
  readonly selector: string;
}

export const lifecycle: Lifecycle<UninstallInputs, UninstallInputs> = {
  async diff(_id, olds, news) {
    return await Promise.resolve({ changes: olds.selector !== news.selector });
  },
  async create(inputs) {
    return await Promise.resolve({ id: "uninstall", outs: inputs });
  },
  async read(_id, props) {
    return await Promise.resolve(props);
  },
  async update(_id, _olds, news) {
    return await Promise.resolve({ outs: news });
  },
  async delete(_id, props) {
    await withoutAggregation(props.kubeconfig, props.selector);
  },
};

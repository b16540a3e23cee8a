/** Tenant: a team as policies see it, every default filled. */
import type { BundlePromise } from "../bundle.ts";
import type { Workload } from "../edges.ts";

export interface Tenant {
  readonly name: string;
  /** Value of the label `environment` of its namespaces. Absent: none. */
  readonly environment?: string;
  /** At least one, in nobody else's hands. */
  readonly namespaces: readonly string[];
  /** `open`: its pods reach each other on every port, in all its namespaces. */
  readonly within: "closed" | "open";
  readonly workloads: readonly TenantWorkload[];
  /** What the stack promises beside what every tenant is promised. */
  readonly promises: readonly BundlePromise[];
}

export interface TenantWorkload extends Workload {
  /** Of its example pod as well; each once in the tenant. */
  readonly name: string;
  /** TCP ports of its containers. */
  readonly ports: readonly number[];
  /** Who may call all of these ports. */
  readonly callers: readonly WorkloadName[];
  /** Absent: nothing reaches it through the gateway. */
  readonly route?: TenantRoute;
  /** What it reaches outside the cluster. */
  readonly externalNames: readonly { readonly names: readonly string[]; readonly ports: readonly number[] }[];
}

export interface WorkloadName {
  readonly tenant: string;
  readonly workload: string;
}

export interface TenantRoute {
  /** Port of the Service, which no policy sees. */
  readonly servicePort: number;
  /** Port of the container behind it. */
  readonly targetPort: number;
}

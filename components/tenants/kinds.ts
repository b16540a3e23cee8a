/**
 * Kinds that a tenant makes itself, whether by hand or from git: one list, so that neither way opens more than the other.
 *
 * Policies, routes, quotas and rights are missing on purpose: they are the platform's. That is also why none of
 * Kubernetes' own roles will do: `admin` and `edit` may write NetworkPolicies, which add up with ours, and charts add to
 * them, Kyverno's the right to make exceptions from its policies.
 */

export interface TenantKind {
  /** API group; empty is the core. */
  readonly group: string;
  readonly kind: string;
  /** As rules of a role name it. */
  readonly plural: string;
}

export const tenantKinds: readonly TenantKind[] = [
  { group: "", kind: "ConfigMap", plural: "configmaps" },
  { group: "", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims" },
  { group: "", kind: "Pod", plural: "pods" },
  { group: "", kind: "Secret", plural: "secrets" },
  { group: "", kind: "Service", plural: "services" },
  { group: "", kind: "ServiceAccount", plural: "serviceaccounts" },
  { group: "apps", kind: "DaemonSet", plural: "daemonsets" },
  { group: "apps", kind: "Deployment", plural: "deployments" },
  { group: "apps", kind: "StatefulSet", plural: "statefulsets" },
  { group: "autoscaling", kind: "HorizontalPodAutoscaler", plural: "horizontalpodautoscalers" },
  { group: "batch", kind: "CronJob", plural: "cronjobs" },
  { group: "batch", kind: "Job", plural: "jobs" },
  { group: "policy", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets" },
];

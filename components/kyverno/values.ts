/** Helm values for Kyverno. Pure: the same settings and facts give the same values. */
import { kyvernoNamespace, systemNamespaces } from "../../policies/names.ts";
import type { HelmValues } from "../chart.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import type { Settings } from "../settings.ts";

export function kyvernoValues({ observability }: Pick<Settings, "observability">, facts: ClusterFacts): HelmValues {
  const serviceMonitor = { enabled: observability.serviceMonitors };
  return {
    admissionController: {
      replicas: admissionReplicas(facts),
      serviceMonitor,
      rbac: { clusterRole: { extraResources: [ciliumPolicies(["get", "list", "watch"])] } },
    },
    backgroundController: {
      serviceMonitor,
      rbac: {
        clusterRole: {
          extraResources: [ciliumPolicies(["get", "list", "watch", "create", "update", "patch", "delete"])],
        },
      },
    },
    cleanupController: { serviceMonitor },
    reportsController: {
      serviceMonitor,
      rbac: { clusterRole: { extraResources: [ciliumPolicies(["get", "list", "watch"])] } },
    },
    config: {
      // A list replaces the chart's own, so kube-system is said again. The chart adds Kyverno's namespace itself.
      webhooks: {
        namespaceSelector: {
          matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: judgedByNobody }],
        },
      },
      // The same for background scans, which ask no webhook. The three of Kubernetes are in the chart's list.
      resourceFiltersIncludeNamespaces: judgedByNobody.filter((namespace) => !namespace.startsWith("kube-")),
    },
    features: {
      forceFailurePolicyIgnore: { enabled: isThrowAway(facts) },
    },
    grafana: { enabled: observability.dashboards },
  };
}

const judgedByNobody = systemNamespaces.filter((namespace) => namespace !== kyvernoNamespace);

/** Rights on Cilium's policies, which the chart's own roles do not know. */
function ciliumPolicies(verbs: readonly string[]) {
  return {
    apiGroups: ["cilium.io"],
    resources: ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"],
    verbs,
  };
}

/**
 * A dead Kyverno must not block a cluster that one person tries things on; where others rely on what the policies
 * guarantee, it must.
 */
function isThrowAway({ lifetime }: ClusterFacts): boolean {
  return lifetime === "throwaway";
}

/** Where a silent admission controller blocks every write, one node may go away without silencing it. */
function admissionReplicas(facts: ClusterFacts): number {
  return isThrowAway(facts) ? 1 : Math.min(facts.nodeCount, 3);
}

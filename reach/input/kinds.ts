/**
 * Kinds: which objects are read, which have nothing to say about connections, and which a person should hear about.
 */

/** What becomes of an object: `told` is not read, and said so. */
export type Use = "read" | "irrelevant" | "told";

/** The group in which each kind that is read means what it says. `extensions` held several of them once. */
const groups: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...["Namespace", "Pod", "Service", "Endpoints", "ServiceAccount"].map((kind) => [kind, [""]] as const),
  ...["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"].map((kind) => [kind, ["apps", "extensions"]] as const),
  ...["Job", "CronJob"].map((kind) => [kind, ["batch"]] as const),
  ["EndpointSlice", ["discovery.k8s.io"]],
  ["NetworkPolicy", ["networking.k8s.io", "extensions"]],
  ...["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumCIDRGroup"].map(
    (kind) => [kind, ["cilium.io"]] as const,
  ),
]);

const policies: readonly string[] = ["NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"];

export const clusterScoped: readonly string[] = [
  "Namespace",
  "CiliumClusterwideNetworkPolicy",
  "CiliumCIDRGroup",
  "CiliumClusterwideEnvoyConfig",
  "CiliumEgressGatewayPolicy",
  "CiliumLoadBalancerIPPool",
  "ClusterNetworkPolicy",
];

/** Kinds that look as if they governed connections: the engine itself says what it makes of each. */
const governing =
  /(NetworkPolicy|Authorization(Policy)?|PeerAuthentication|EgressFirewall|EnvoyConfig|RedirectPolicy|EgressGatewayPolicy)$/;

/** Groups in which nothing makes pods or governs connections, and single kinds as `Kind.group`. */
const irrelevant: ReadonlySet<string> = new Set([
  "acme.cert-manager.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "bitnami.com",
  "cert-manager.io",
  "certificates.k8s.io",
  "cilium.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "external-secrets.io",
  "flowcontrol.apiserver.k8s.io",
  "gateway.networking.k8s.io",
  "gateway.nginx.org",
  "kind.x-k8s.io",
  "kustomize.config.k8s.io",
  "kyverno.io",
  "metrics.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policies.kyverno.io",
  "policy",
  "rbac.authorization.k8s.io",
  "scheduling.k8s.io",
  "snapshot.storage.k8s.io",
  "storage.k8s.io",
  "AppProject.argoproj.io",
  "ConfigMap.",
  "ControllerRevision.apps",
  "Event.",
  "LimitRange.",
  "Node.",
  "PersistentVolume.",
  "PersistentVolumeClaim.",
  "PodMonitor.monitoring.coreos.com",
  "PrometheusRule.monitoring.coreos.com",
  "ResourceQuota.",
  "ScaledObject.keda.sh",
  "Secret.",
  "ServiceMonitor.monitoring.coreos.com",
  "TriggerAuthentication.keda.sh",
]);

/** An object without `apiVersion` is taken for what its kind says. */
export function useOf(kind: string, apiVersion: string | undefined): Use {
  if (governing.test(kind) || (groups.has(kind) && apiVersion === undefined)) return "read";
  const group = apiVersion?.includes("/") === true ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  if (groups.get(kind)?.includes(group) === true) return "read";
  return irrelevant.has(group) || irrelevant.has(`${kind}.${group}`) ? "irrelevant" : "told";
}

/** Whether there is anything of which the engine could make rules. */
export function hasPolicy(kinds: ReadonlyMap<string, number>): boolean {
  return policies.some((kind) => kinds.has(kind));
}

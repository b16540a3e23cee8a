/** The AppProject `platform` and the Application that starts all others, as plain data. */
import { argoCdNamespace } from "../../policies/names.ts";

/** A place in git that Argo CD reads. */
export interface GitSource {
  readonly repoURL: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Folder in the repository. */
  readonly path: string;
}

export const projectName = "platform";

/** The API server of the cluster Argo CD itself runs in. */
export const thisCluster = "https://kubernetes.default.svc";

/** Kinds of whole clusters that a repository may bring: policies and what they refer to, nothing that grants rights. */
const clusterKinds = [
  { group: "cilium.io", kind: "CiliumClusterwideNetworkPolicy" },
  { group: "cilium.io", kind: "CiliumCIDRGroup" },
  { group: "policies.kyverno.io", kind: "ValidatingPolicy" },
  { group: "policies.kyverno.io", kind: "MutatingPolicy" },
  { group: "policies.kyverno.io", kind: "GeneratingPolicy" },
];

const namespacedKinds = [
  { group: "networking.k8s.io", kind: "NetworkPolicy" },
  { group: "cilium.io", kind: "CiliumNetworkPolicy" },
  { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
  { group: "gateway.networking.k8s.io", kind: "GRPCRoute" },
  { group: "gateway.networking.k8s.io", kind: "ReferenceGrant" },
  // What the starting Application consists of.
  { group: "argoproj.io", kind: "Application" },
];

/** Nothing but these repositories, into nothing but these namespaces, and no other kinds. */
export function platformProject(sources: readonly string[], namespaces: readonly string[]) {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: projectName, namespace: argoCdNamespace },
    spec: {
      description: "What the platform takes from git.",
      sourceRepos: [...sources],
      destinations: [argoCdNamespace, ...namespaces].map((namespace) => ({ server: thisCluster, namespace })),
      clusterResourceWhitelist: clusterKinds,
      namespaceResourceWhitelist: namespacedKinds,
    },
  };
}

/** An Application that consists of Applications: one object here, everything else in git. */
export function appOfApps({ repoURL, revision, path }: GitSource) {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: projectName, namespace: argoCdNamespace },
    spec: {
      project: projectName,
      source: { repoURL, targetRevision: revision, path },
      destination: { server: thisCluster, namespace: argoCdNamespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}

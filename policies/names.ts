/**
 * Names: the labels and namespaces on which policies, add-ons and namespaces must agree, each said once.
 *
 * A label that two files spell differently selects nothing, and nothing complains.
 */

/** Namespaces with this label are closed in both directions; the word Kyverno's generated policies look for as well. */
export const isolateLabel = "kyverno.io/isolate";

/** Routes of namespaces with this label may attach to the platform's Gateway. */
export const gatewayAccessLabel = "platform-gateway-access";

/** The environment a namespace belongs to; its value is the environment's name. */
export const environmentLabel = "environment";

/** Nodes with this label are those through which the egress gateway leaves. */
export const egressGatewayLabel = "egress-gateway";

/** Whose a namespace is. */
export const teamLabel = "team";

/** The standard that the API server itself holds the pods of a namespace to. */
export const podSecurityLabel = "pod-security.kubernetes.io/enforce";

/** What a label says where it stands at all: absence is the other answer. */
export const present = "true";

/** What {@link isolateLabel} says of a namespace that is to be open: there the label may not simply go. */
export const opened = "false";

/** What an object belongs to. Who manages it is another label, which Kyverno keeps for itself on what it makes. */
export const partOfLabel = "app.kubernetes.io/part-of";

/** What {@link partOfLabel} says of an object that the stack applies. */
export const platformName = "cilium-platform";

/** Where NGINX Gateway Fabric's control plane runs. Its data planes run beside their Gateways. */
export const gatewayControlNamespace = "nginx-gateway";

/** Where the platform's Gateway lives, and with it the data plane: a namespace that can be isolated on its own. */
export const gatewayNamespace = "platform-gateway";

export const argoCdNamespace = "argocd";
export const kyvernoNamespace = "kyverno";

/** Where Cilium's chart puts SPIRE. */
export const spireNamespace = "cilium-spire";

/** Namespaces of Kubernetes and Cilium: no policy isolates anybody there. */
export const untouchedNamespaces: readonly string[] = [
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "cilium-secrets",
  spireNamespace,
];

/**
 * Namespaces that nothing closes as a whole and no admission policy judges: a platform that locks out its own name
 * resolution, API access or policy engine cannot repair itself. In those of add-ons a policy may isolate pods that it
 * selects by their labels, because it knows what they need.
 */
export const systemNamespaces: readonly string[] = [
  ...untouchedNamespaces,
  kyvernoNamespace,
  gatewayControlNamespace,
  argoCdNamespace,
];

/** How Cilium spells a label of a pod or namespace in a selector. */
export const ciliumNamespaceKey = "k8s:io.kubernetes.pod.namespace";

/** The same for a label of the namespace that a pod is in. */
export function ciliumNamespaceLabelKey(label: string): string {
  return `k8s:io.cilium.k8s.namespace.labels.${label}`;
}

/**
 * Pods that resolve names for the cluster, as a Cilium peer.
 * {@link https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/}
 */
export const clusterDns = { [ciliumNamespaceKey]: "kube-system", "k8s:k8s-app": "kube-dns" } as const;

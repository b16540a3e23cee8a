/**
 * Answers: keys and words that people try and that the settings do not have, each with what to do instead.
 *
 * A setting that a later version renames or removes gets its line here in the same change, so that nobody meets a bare
 * "unknown key" after an upgrade.
 */
import type { Settings } from "../settings.ts";

/** A key we do not have. */
export type KeyAnswer =
  | { readonly key: string; readonly kind: "renamed"; readonly now: string; readonly why: string }
  | { readonly key: string; readonly kind: "derived"; readonly from: string }
  | { readonly key: string; readonly kind: "not-offered"; readonly why: string };

/** A word that a setting we do have does not accept. */
export interface WordAnswer {
  readonly setting: string;
  readonly words: readonly string[];
  readonly why: string;
}

const chartName = (value: string): string => `\`${value}\` is the name of a value of the chart`;

export const keyAnswers: readonly KeyAnswer[] = [
  {
    key: "cilium.tunnel",
    kind: "renamed",
    now: "cilium.routing",
    why: "Cilium removed its own value `tunnel` in 1.15",
  },
  { key: "cilium.routingMode", kind: "renamed", now: "cilium.routing", why: chartName("routingMode") },
  {
    key: "cilium.kubeProxy",
    kind: "renamed",
    now: "cilium.kubeProxyReplacement",
    why: "the setting says whether Cilium replaces kube-proxy, as the chart does",
  },
  { key: "cilium.authentication", kind: "renamed", now: "cilium.meshAuth", why: chartName("authentication") },
  { key: "cilium.wireguard", kind: "renamed", now: "cilium.encryption", why: "encryption is one choice among words" },
  { key: "cilium.bgpControlPlane", kind: "renamed", now: "cilium.bgp", why: chartName("bgpControlPlane") },
  { key: "cilium.enableLBIPAM", kind: "renamed", now: "cilium.lbIpam", why: chartName("enableLBIPAM") },
  { key: "cilium.ipam", kind: "derived", from: "the target" },
  { key: "cilium.aksbyocni", kind: "derived", from: "the target" },
  { key: "cilium.k8sServiceHost", kind: "derived", from: "the target (on `existing`: `existing.apiServerHost`)" },
  { key: "cilium.k8sServicePort", kind: "derived", from: "the target (on `existing`: `existing.apiServerPort`)" },
  { key: "cilium.ipv4NativeRoutingCIDR", kind: "derived", from: "the pod CIDR" },
  { key: "cilium.autoDirectNodeRoutes", kind: "derived", from: "`cilium.routing`" },
  { key: "cilium.bpf", kind: "derived", from: "`cilium.kubeProxyReplacement`" },
  { key: "cilium.installNoConntrackIptablesRules", kind: "derived", from: "`cilium.kubeProxyReplacement` and routing" },
  { key: "kind.kubeProxyMode", kind: "derived", from: "`cilium.kubeProxyReplacement`" },
  { key: "kind.disableDefaultCNI", kind: "derived", from: "the platform: Cilium is the pod network" },
  {
    key: "cilium.azure",
    kind: "not-offered",
    why: "Azure's own IPAM and bring-your-own-CNI exclude each other",
  },
  {
    key: "cilium.k8sServiceHostRef",
    kind: "not-offered",
    why: "the chart takes one source of the address only, and the platform derives it",
  },
  {
    key: "cilium.installIptablesRules",
    kind: "not-offered",
    why: "the chart ignores it, and kube-proxy replacement cannot work without the rules",
  },
  {
    key: "cilium.gatewayAPI",
    kind: "not-offered",
    why: "the Gateway API belongs to NGINX Gateway Fabric, which wants other CRDs",
  },
  { key: "aks.networkPlugin", kind: "derived", from: "the platform: always `none`, Cilium is the pod network" },
  {
    key: "aks.networkPolicy",
    kind: "not-offered",
    why: "Cilium enforces the policies",
  },
  {
    key: "aks.networkDataplane",
    kind: "not-offered",
    why: "Azure's managed data plane and our Cilium would be two data planes",
  },
  {
    key: "aks.advancedNetworking",
    kind: "not-offered",
    why: "Azure's managed data plane and our Cilium would be two data planes",
  },
  {
    key: "aks.nodeTaints",
    kind: "not-offered",
    why: "Azure restores taints of a pool, so Cilium could never remove its own",
  },
  {
    key: "aks.nodeInitializationTaints",
    kind: "not-offered",
    why: "the live service rejects them; fresh nodes are NotReady until Cilium runs anyway",
  },
];

const noStrictModes = ["strict", "partial", "probe"];
const ztunnel = "ztunnel hides ports from policy: only port 15008 would be visible, and policies name ports";

export const wordAnswers: readonly WordAnswer[] = [
  {
    setting: "cilium.kubeProxyReplacement",
    words: noStrictModes,
    why: "Cilium knows only replaced or not since 1.14",
  },
  { setting: "cilium.routing", words: ["hybrid"], why: "it is a third mode of Cilium that we do not offer" },
  { setting: "cilium.meshAuth", words: ["ztunnel"], why: ztunnel },
  { setting: "cilium.encryption", words: ["ztunnel"], why: ztunnel },
  {
    setting: "cilium.encryption",
    words: ["ipsec"],
    why: "IPsec clashes with several features and with the kernels of most AKS nodes",
  },
  {
    setting: "aks.tier",
    words: ["Automatic"],
    why: "AKS Automatic brings its own network plugin and its own kube-proxy",
  },
];

/** Namespaces that the platform or Kubernetes itself owns. */
export const ownedNamespaces: Readonly<Record<string, string>> = {
  default: "Kubernetes",
  "kube-system": "Kubernetes",
  "kube-public": "Kubernetes",
  "kube-node-lease": "Kubernetes",
  "cilium-secrets": "Cilium",
  "cilium-spire": "Cilium",
  kyverno: "Kyverno",
  "nginx-gateway": "NGINX Gateway Fabric",
  "platform-gateway": "NGINX Gateway Fabric",
  argocd: "Argo CD",
};

/** The blocks that mean something on one target only. */
export const targetBlocks = ["kwok", "kind", "aks", "existing"] as const satisfies readonly Settings["target"][];

/** The CustomResourceDefinitions that exist with given values: waiting for one whose feature is off waits for ever. */
import type { HelmValues } from "../chart.ts";

/** Registered always: pkg/k8s/synced/crd.go of the pinned Cilium. */
const always = [
  "ciliumnetworkpolicies",
  "ciliumclusterwidenetworkpolicies",
  "ciliumcidrgroups",
  "ciliumendpoints",
  "ciliumidentities",
  "ciliumnodes",
  "ciliumnodeconfigs",
  "ciliumpodippools",
  "ciliumloadbalancerippools",
  "ciliuml2announcementpolicies",
];

const bgp = [
  "ciliumbgpclusterconfigs",
  "ciliumbgppeerconfigs",
  "ciliumbgpadvertisements",
  "ciliumbgpnodeconfigs",
  "ciliumbgpnodeconfigoverrides",
];

function isOn(values: HelmValues, feature: string): boolean {
  const block = values[feature];
  return typeof block === "object" && block !== null && (block as { enabled?: unknown }).enabled === true;
}

export function ciliumCrds(values: HelmValues): string[] {
  return [
    ...always,
    ...(isOn(values, "egressGateway") ? ["ciliumegressgatewaypolicies"] : []),
    ...(isOn(values, "bgpControlPlane") ? bgp : []),
    ...(isOn(values, "envoyConfig") ? ["ciliumenvoyconfigs", "ciliumclusterwideenvoyconfigs"] : []),
  ].map((plural) => `${plural}.cilium.io`);
}

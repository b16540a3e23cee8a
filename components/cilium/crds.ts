/** The CustomResourceDefinitions that exist with given values: waiting for one whose feature is off waits for ever. */
import type { HelmValues } from "../chart.ts";
import { valueAt } from "../helm-values.ts";

/** Registered unless the stack goes out of its way: pkg/k8s/synced/crd.go of the pinned Cilium. */
const usual = [
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

const envoy = ["ciliumenvoyconfigs", "ciliumclusterwideenvoyconfigs"];

/** The conditions are those of the chart's `cilium-configmap.yaml`, by which the operator learns what to register. */
export function ciliumCrds(values: HelmValues): string[] {
  const isOn = (path: string): boolean => valueAt(values, path) === true;
  const byEnvoy =
    isOn("envoyConfig.enabled") ||
    isOn("ingressController.enabled") ||
    isOn("gatewayAPI.enabled") ||
    valueAt(values, "loadBalancer.l7.backend") === "envoy";
  const redirects = isOn("localRedirectPolicies.enabled") || isOn("localRedirectPolicy");
  return [
    ...usual.filter((plural) => plural !== "ciliumendpoints" || !isOn("disableEndpointCRD")),
    ...(isOn("egressGateway.enabled") ? ["ciliumegressgatewaypolicies"] : []),
    ...(isOn("bgpControlPlane.enabled") ? bgp : []),
    ...(byEnvoy ? envoy : []),
    ...(isOn("gatewayAPI.enabled") ? ["ciliumgatewayclassconfigs"] : []),
    ...(redirects ? ["ciliumlocalredirectpolicies"] : []),
    ...(isOn("ciliumEndpointSlice.enabled") ? ["ciliumendpointslices"] : []),
    ...(isOn("datapathPlugins.enabled") ? ["ciliumdatapathplugins"] : []),
  ].map((plural) => `${plural}.cilium.io`);
}

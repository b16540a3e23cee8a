/**
 * Candidate: what a stack would install and apply, decided from its settings alone.
 *
 * A run of Pulumi and whoever only has the stack file decide it by the same code.
 */
import type { Bundle, BundleContext, HubblePart } from "../policies/bundle.ts";
import { needsOf, selectBundles } from "../policies/bundles.ts";
import type { Problem } from "../policies/problems.ts";
import type { Candidate } from "../policies/prove.ts";
import { argoCdPods } from "./argocd/pods.ts";
import { argoCdValues } from "./argocd/values.ts";
import type { HelmValues } from "./chart.ts";
import { refuseImpossible } from "./cilium/compatibility.ts";
import { ciliumParts } from "./cilium/parts.ts";
import { ciliumValues } from "./cilium/values.ts";
import { aksWarnings } from "./cluster/aks-problems.ts";
import { clusterFacts } from "./cluster/facts.ts";
import type { ClusterFacts, ClusterHandle } from "./cluster/handle.ts";
import { gatewayPods } from "./gateway/pods.ts";
import { rateLimitWarnings } from "./gateway/rate-limit.ts";
import { gatewayValues } from "./gateway/values.ts";
import { mergeValues } from "./helm-values.ts";
import { rewriteImages } from "./images.ts";
import { kyvernoValues } from "./kyverno/values.ts";
import { isolatedNamespaces, namespaceLabels } from "./namespace-labels.ts";
import type { Settings } from "./settings.ts";
import { homes, observeWarnings } from "./settings/bundles.ts";
import { tenantsOf } from "./tenants/tenants-of.ts";
import type { ChartKey } from "./versions.ts";

/** A stack whose settings go together. */
export interface JudgedStack {
  readonly stack: string;
  readonly settings: Settings;
  readonly facts: ClusterFacts;
  readonly bundles: readonly Bundle[];
  /** The charts the settings ask for. */
  readonly wanted: readonly ChartKey[];
  /** Complete Helm values of a chart; Cilium's name the cluster's API server, which may only be known later. */
  readonly values: (chart: ChartKey, cluster: Pick<ClusterHandle, "apiServerHost">) => HelmValues;
  /** Worth saying, and no reason to stop. */
  readonly warnings: readonly Problem[];
}

/** Throws with everything that does not go together. */
export function judgeStack(stack: string, settings: Settings): JudgedStack {
  const facts = clusterFacts(settings);
  const bundles = selectBundles(settings.policies);
  const wanted = wantedCharts(settings);
  const context = bundleContext(settings, facts, wanted);
  const values: JudgedStack["values"] = (chart, { apiServerHost }) =>
    rewriteImages(chart, chartValues(chart, settings, facts, apiServerHost), settings.imageRegistry);
  const warnings = [
    ...refuseImpossible({
      stack,
      settings,
      facts,
      values,
      bundles: bundles.map((bundle) => ({ name: bundle.name, needs: needsOf(bundle, context) })),
    }),
    ...observeWarnings(settings, stack),
    ...rateLimitWarnings(settings, facts, `Pulumi.${stack}.yaml`),
    ...(settings.target === "aks" ? aksWarnings(settings.aks, `Pulumi.${stack}.yaml`) : []),
  ];
  return { stack, settings, facts, bundles, wanted, values, warnings };
}

/** What is to be proved where these charts are installed: what is left out has no namespace that policies could be in. */
export function candidateWith(
  installs: readonly ChartKey[],
  { settings, facts, bundles }: Pick<JudgedStack, "settings" | "facts" | "bundles">,
): Candidate {
  return { bundles, context: bundleContext(settings, facts, installs), apiServer: facts.apiServerPlaces };
}

/** What the stack tells its bundles, with these charts installed. */
export function bundleContext(settings: Settings, facts: ClusterFacts, installs: readonly ChartKey[]): BundleContext {
  return {
    isolatedNamespaces: isolatedNamespaces(settings.namespaces),
    namespaceLabels: Object.fromEntries(
      Object.entries(settings.namespaces).map(([name, choices]) => [name, namespaceLabels(choices)]),
    ),
    entry: facts.entry,
    ...(installs.includes("nginxGatewayFabric") ? { gateway: gatewayPods } : {}),
    ...(installs.includes("argoCd") ? { argocd: argoCdPods(argoCdSources(settings), facts) } : {}),
    tenants: tenantsOf(settings),
    kyverno: installs.includes("kyverno") ? "installed" : "absent",
    bundleNamespaces: homes(settings).map(({ namespace }) => namespace),
    metrics: settings.observability.serviceMonitors ? "scraped" : "unread",
    cilium: ciliumParts(ciliumValues(settings, facts, undefined)),
    hubble: hubbleParts(settings.cilium.hubble),
    meshAuthentication: settings.cilium.meshAuth === "disabled" ? "off" : "on",
    sctp: settings.cilium.sctp ? "on" : "off",
    apiServerPlaces: facts.apiServerPlaces,
    clusterRanges: [
      facts.podCidr,
      ...(facts.serviceCidr === undefined ? [] : [facts.serviceCidr]),
      ...facts.nodeRanges,
    ],
    choices: settings.policies,
  };
}

/** Tenants' repositories are read by the same server. */
function argoCdSources({ argocd, tenants }: Settings): Pick<Settings["argocd"], "sources"> {
  return { sources: [...argocd.sources, ...Object.values(tenants).flatMap(({ repositories }) => repositories)] };
}

/** The UI brings the relay along. */
function hubbleParts({ enabled, relay, ui }: Settings["cilium"]["hubble"]): readonly HubblePart[] {
  if (!enabled) return [];
  return [...(relay || ui ? (["relay"] as const) : []), ...(ui ? (["ui"] as const) : [])];
}

/** The charts the settings ask for. */
export function wantedCharts(settings: Pick<Settings, "kyverno" | "gateway" | "argocd">): ChartKey[] {
  return [
    "cilium",
    ...(settings.gateway.enabled ? (["gatewayApi", "nginxGatewayFabric"] as const) : []),
    ...(settings.kyverno.enabled ? (["kyverno"] as const) : []),
    ...(settings.argocd.enabled ? (["argoCd"] as const) : []),
  ];
}

export function chartValues(
  chart: ChartKey,
  settings: Settings,
  facts: ClusterFacts,
  apiServerHost: ClusterHandle["apiServerHost"],
): HelmValues {
  switch (chart) {
    case "cilium":
      return ciliumValues(settings, facts, apiServerHost);
    case "gatewayApi":
      return {};
    case "kyverno":
      return mergeValues(kyvernoValues(settings, facts), settings.kyverno.values);
    case "nginxGatewayFabric":
      return mergeValues(gatewayValues(settings, facts), settings.gateway.values);
    case "argoCd":
      return mergeValues(argoCdValues(settings, facts), settings.argocd.values);
  }
}

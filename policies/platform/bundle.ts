/**
 * Platform: add-ons closed but for what they need. Pods are bound by the labels of the pinned charts, never a namespace
 * as a whole: what a chart adds later, or runs once as a job, is not cut off.
 */
import type { Bundle, BundlePromise } from "../bundle.ts";
import { argoCdEdges, argoCdExamples, argoCdManifests, argoCdPromises } from "./argocd.ts";
import { hubbleEdges, hubbleExamples, hubbleManifests, hubblePromises } from "./hubble.ts";
import { kyvernoExamples, kyvernoManifests, kyvernoPromises } from "./kyverno.ts";
import { readerExample } from "./metrics.ts";
import { spireExamples, spireManifests, spirePromises } from "./spire.ts";

export const platform: Bundle = {
  name: "platform",
  version: "1.1.0",
  promise: "Argo CD and Kyverno reach their own parts and the API server, and nothing but what uses them reaches them.",
  // Names are resolved through the DNS proxy: repositories are allowed by name.
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: (context) => [
    ...(context.argocd === undefined
      ? []
      : argoCdManifests(context.argocd, context.metrics, context.choices.authenticatedEdges)),
    ...(context.kyverno === "installed" ? kyvernoManifests(context) : []),
    ...hubbleManifests(context.hubble, context.choices.authenticatedEdges),
    ...(context.meshAuthentication === "on" ? spireManifests : []),
  ],
  edges: (context) => [...(context.argocd === undefined ? [] : argoCdEdges), ...hubbleEdges(context.hubble)],
  promises: (context) => [
    ...(context.argocd === undefined ? [] : argoCdPromises(context.argocd, context.metrics)),
    ...(context.kyverno === "installed" ? kyvernoPromises(context) : []),
    ...hubblePromises(context.hubble),
    ...(context.argocd !== undefined && context.hubble.includes("relay") ? [relayStaysOut] : []),
    ...(context.meshAuthentication === "on" ? spirePromises : []),
    clusterDnsStaysOpen,
  ],
  examples: (context) => [
    ...(context.argocd === undefined ? [] : argoCdExamples),
    ...(context.kyverno === "installed" ? kyvernoExamples : []),
    ...hubbleExamples(context.hubble),
    ...(context.meshAuthentication === "on" ? spireExamples : []),
    readerExample,
  ],
};

/** Kube-system is open, so what a part of Hubble may not reach is closed by the other side. */
const relayStaysOut: BundlePromise = {
  never: "kube-system/hubble-relay -> argocd/argocd-redis",
  because: "what collects flows has no business with an add-on",
};

const clusterDnsStaysOpen: BundlePromise = {
  must: "kube-system/coredns -> world all ports",
  because: "kube-system is closed by nobody",
};

/**
 * Baseline: an isolated namespace starts closed in both directions, with name resolution left open.
 *
 * Every other bundle adds to this one: policies are a union, so none of them can take the name resolution away; a
 * Cilium deny rule could.
 */
import type { Bundle } from "../bundle.ts";
import { manifestsIn, placedIn } from "../manifests.ts";

export const baseline: Bundle = {
  name: "baseline",
  promise: "Pods of an isolated namespace reach cluster DNS and nothing else, and nothing but their node reaches them.",
  // allow-dns.yaml looks into the questions, which is also what lets later rules speak of host names.
  needs: { l7Proxy: true, authentication: false },
  manifests: ({ isolatedNamespaces }) => {
    const templates = manifestsIn(import.meta.dirname, "default-deny.yaml", "allow-dns.yaml");
    return isolatedNamespaces.flatMap((namespace) => templates.map(placedIn(namespace)));
  },
};

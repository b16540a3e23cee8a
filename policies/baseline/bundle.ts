/**
 * Baseline: an isolated namespace starts closed in both directions, with name resolution left open.
 *
 * Every other bundle adds to this one: policies are a union, so none of them can take the name resolution away; a
 * Cilium deny rule could.
 */
import type { Bundle, BundlePromise, Manifest } from "../bundle.ts";
import { examplePods } from "../inventory.ts";
import { manifestsIn, placedIn } from "../manifests.ts";
import type { Tenant } from "../tenants/tenant.ts";
import type { LabelSelector } from "../types/cilium.ts";

export const baseline: Bundle = {
  name: "baseline",
  version: "1.0.0",
  promise: "Pods of an isolated namespace reach cluster DNS and nothing else, and nothing but their node reaches them.",
  // allow-dns.yaml looks into the questions, which is also what lets later rules speak of host names.
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: ({ isolatedNamespaces }) => isolatedNamespaces.flatMap(closed),
  promises: ({ isolatedNamespaces, tenants }) => {
    const openWithin = tenants.filter(({ within }) => within === "open").flatMap(({ namespaces }) => namespaces);
    return isolatedNamespaces.flatMap((namespace) =>
      promisesOf(namespace, openWithin.includes(namespace) ? "open" : "closed"),
    );
  },
  examples: ({ isolatedNamespaces }) => isolatedNamespaces.flatMap(examplePods),
};

/** What closes a namespace, and leaves name resolution open. */
export function closed(namespace: string): readonly Manifest[] {
  return manifestsIn(import.meta.dirname, "default-deny.yaml", "allow-dns.yaml").map(placedIn(namespace));
}

/** The same name resolution for some pods of a namespace that is not closed as a whole. */
export function nameResolution(namespace: string, name: string, endpointSelector: LabelSelector): readonly Manifest[] {
  const description = "These pods may ask cluster DNS for any name.";
  return manifestsIn(import.meta.dirname, "allow-dns.yaml").map((template) => ({
    ...template,
    metadata: { name, namespace },
    spec: { ...template.spec, description, endpointSelector },
  }));
}

/** A tenant that is open within has said so itself. */
function promisesOf(namespace: string, within: Tenant["within"]): readonly BundlePromise[] {
  const example = `${namespace}/example`;
  return [
    { must: `${example} -> kube-system/coredns UDP 53; TCP 53`, because: "a pod resolves names" },
    { never: `${example} -> kube-system/coredns TCP 9153`, because: "name resolution is all that is left open" },
    { never: `${example} -> world`, because: "nothing leaves the cluster" },
    { never: `${example} -> kube-apiserver`, because: "an application has no business with the API server" },
    ...(within === "open"
      ? []
      : [
          {
            never: `${namespace}/other-example -> ${example}`,
            because: "neighbours are closed to each other as well",
          },
        ]),
    { never: `world -> ${example}`, because: "nothing enters" },
    { must: `host -> ${example} all ports`, because: "the kubelet probes its pods" },
  ];
}

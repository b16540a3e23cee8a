/**
 * Baseline: an isolated namespace starts closed in both directions, with name resolution left open.
 *
 * Every other bundle adds to this one: policies are a union, so none of them can take the name resolution away; a
 * Cilium deny rule could.
 */
import type { Bundle, BundleContext, BundlePromise, Manifest } from "../bundle.ts";
import { examplePods, namespace } from "../inventory.ts";
import { manifestsIn, placedIn } from "../manifests.ts";
import { isolateLabel, present } from "../names.ts";
import type { Tenant } from "../tenants/tenant.ts";
import type { LabelSelector } from "../types/cilium.ts";
import type { GeneratingPolicySpec } from "../types/kyverno.ts";

export const baseline: Bundle = {
  name: "baseline",
  version: "1.1.0",
  promise: "Pods of an isolated namespace reach cluster DNS and nothing else, and nothing but their node reaches them.",
  // allow-dns.yaml looks into the questions, which is also what lets later rules speak of host names.
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: (context) => [...context.isolatedNamespaces.flatMap(closed), ...backstop(context)],
  promises: (context) => {
    const { isolatedNamespaces, tenants } = context;
    const openWithin = tenants.filter(({ within }) => within === "open").flatMap(({ namespaces }) => namespaces);
    return [
      ...isolatedNamespaces.flatMap((each) => promisesOf(each, openWithin.includes(each) ? "open" : "closed")),
      ...promisesOfLater(context),
    ];
  },
  examples: (context) => [...context.isolatedNamespaces.flatMap(examplePods), ...examplesOfLater(context)],
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

/**
 * What Kyverno is told: to close namespaces that the stack does not know, and to keep closed what is. Last, so that it is
 * the first to go when the rest is taken away.
 */
function backstop({ kyverno, isolatedNamespaces }: BundleContext): readonly Manifest[] {
  if (kyverno === "absent") return [];
  const [closing, ...protecting] = manifestsIn(
    import.meta.dirname,
    "default-deny-namespaces.yaml",
    "protect-default-deny.yaml",
    "protect-isolation.yaml",
  );
  return [...(closing === undefined ? [] : [sparing(closing, isolatedNamespaces)]), ...protecting];
}

/** The same policy without namespaces that another hand closes: two would fight over one object. */
function sparing(policy: Manifest, namespaces: readonly string[]): Manifest {
  const spec = policy.spec as GeneratingPolicySpec;
  const { matchConstraints } = spec;
  const excludeResourceRules = matchConstraints?.excludeResourceRules?.map((rule) => ({
    ...rule,
    resourceNames: [...(rule.resourceNames ?? []), ...namespaces],
  }));
  return { ...policy, spec: { ...spec, matchConstraints: { ...matchConstraints, excludeResourceRules } } };
}

/** A namespace that somebody makes in the running cluster, called as none of the stack's is. */
function laterIn({ namespaceLabels }: BundleContext): string {
  const taken = Object.keys(namespaceLabels).filter((name) => name.startsWith("made-later"));
  return taken.length === 0 ? "made-later" : `made-later-than-${taken.join("-")}`;
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

function examplesOfLater(context: BundleContext): readonly Manifest[] {
  if (context.kyverno === "absent") return [];
  const later = laterIn(context);
  return [namespace(later, { [isolateLabel]: present }), ...examplePods(later)];
}

/** Nothing at all is open, name resolution included: nobody has said what such a namespace is for. */
function promisesOfLater(context: BundleContext): readonly BundlePromise[] {
  if (context.kyverno === "absent") return [];
  const later = laterIn(context);
  return [
    {
      never: `${later}/* -> */*`,
      because: "Kyverno closes a namespace that says it is to be closed, whoever makes it",
    },
    { never: `*/* -> ${later}/*`, because: "nobody else opens it either" },
    { never: `${later}/* -> world`, because: "nothing leaves the cluster" },
    { never: `${later}/* -> kube-apiserver`, because: "an application has no business with the API server" },
    { never: `world -> ${later}/*`, because: "nothing enters" },
    { must: `host -> ${later}/example all ports`, because: "the kubelet probes its pods" },
  ];
}

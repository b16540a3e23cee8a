/**
 * Observe: a bundle before it is enforced. Its plain allows and its look into questions for names are applied and isolate
 * nobody; whatever could close a connection is left out.
 *
 * Cilium's own audit mode is a switch of a whole agent, or of one endpoint until its pod is made anew
 * ({@link https://docs.cilium.io/en/stable/security/policy-creation/}), so none of a bundle. What is left out here cannot
 * close anything, and what enforcing would close is told from recorded flows.
 */
import { closed } from "./baseline/bundle.ts";
import type { Bundle, BundleContext, Manifest } from "./bundle.ts";
import { isFields, type Fields } from "./reachability/read/fields.ts";

/** Bundles that say nothing of who may talk to whom. */
export const neverObserved: readonly string[] = ["egress-gateway", "load-balancer"];

/** The bundle with what it may do to a connection taken away: its `must` lines still hold, its `never` lines do not yet. */
export function observed(bundle: Bundle): Bundle {
  return {
    ...bundle,
    promise: `observed, not enforced: ${bundle.promise}`,
    manifests: (context) =>
      [...homeOf(bundle, context), ...bundle.manifests(context)].flatMap((manifest) => harmless(manifest) ?? []),
    promises: (context) => bundle.promises(context).filter((line) => "must" in line),
  };
}

/** What the baseline would put where the bundle lives: of it remains the look into questions, so that flows have names. */
function homeOf({ namespacesOf }: Bundle, { choices, isolatedNamespaces }: BundleContext): readonly Manifest[] {
  return (namespacesOf?.(choices) ?? []).flatMap(({ namespace }) =>
    isolatedNamespaces.includes(namespace) ? [] : closed(namespace),
  );
}

/** Undefined: nothing is left of it. A kind that is not known here throws: it is our own object. */
export function harmless(manifest: Manifest): Manifest | undefined {
  switch (manifest.kind) {
    case "NetworkPolicy":
      // There is no word by which it would not isolate.
      return undefined;
    case "CiliumNetworkPolicy":
    case "CiliumClusterwideNetworkPolicy":
      return allowing(manifest);
    case "ValidatingPolicy":
      return { ...manifest, spec: { ...manifest.spec, validationActions: ["Audit"] } };
    case "GeneratingPolicy":
      return undefined;
    default:
      throw new Error(`nothing is known about observing a ${manifest.kind}`);
  }
}

/** What a pod that nobody isolates does not notice, and one that somebody isolates may need. */
function allowing(manifest: Manifest): Manifest | undefined {
  const { ingressDeny: _ingress, egressDeny: _egress, ...spec } = manifest.spec;
  const allows = Object.fromEntries(
    (["ingress", "egress"] as const).flatMap((direction) => {
      const entries = Array.isArray(spec[direction]) ? spec[direction].filter(isPlain) : [];
      return entries.length === 0 ? [] : [[direction, entries]];
    }),
  );
  if (Object.keys(allows).length === 0) return undefined;
  const { ingress: _ingress_, egress: _egress_, ...rest } = spec;
  return { ...manifest, spec: { ...rest, enableDefaultDeny: { ingress: false, egress: false }, ...allows } };
}

/**
 * A proxy that judges requests or names of servers, and a handshake, stand in the way of whom the entry allows even where
 * nothing isolates. One that only looks into questions for names does not.
 */
function isPlain(entry: unknown): boolean {
  if (!isFields(entry) || entry["authentication"] !== undefined) return false;
  const ports = Array.isArray(entry["toPorts"]) ? entry["toPorts"].filter(isFields) : [];
  return ports.every((each) => Object.keys(each).every((key) => key === "ports" || (key === "rules" && isDns(each))));
}

function isDns({ rules }: Fields): boolean {
  return isFields(rules) && Object.keys(rules).every((key) => key === "dns");
}

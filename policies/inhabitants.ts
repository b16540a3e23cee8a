/** Inhabitants: everybody whom the promises of a stack are about. */
import type { Bundle, BundleContext, Manifest } from "./bundle.ts";
import { examplePods, namespace } from "./inventory.ts";
import { systemPods } from "./system-pods.ts";

/**
 * Whom the promises are about: the stack's own namespaces, with two pods that stand for anybody, what the charts run,
 * and whom the bundles speak of.
 */
export function inventoryOf({
  bundles,
  context,
  peopled = [],
}: {
  readonly bundles: readonly Bundle[];
  readonly context: BundleContext;
  /** Namespaces whose workloads are known: nobody has to stand for them. */
  readonly peopled?: readonly string[];
}): readonly Manifest[] {
  const own = Object.entries(context.namespaceLabels);
  return once([
    ...own.map(([name, labels]) => namespace(name, labels)),
    ...systemPods(context),
    ...own.flatMap(([name]) => (peopled.includes(name) ? [] : examplePods(name))),
    ...bundles.flatMap((bundle) => bundle.examples(context)),
  ]);
}

/** Two bundles may speak of the same pod. */
function once(manifests: readonly Manifest[]): readonly Manifest[] {
  const keyOf = ({ kind, metadata }: Manifest): string => [kind, metadata.namespace ?? "", metadata.name].join("/");
  return [...new Map(manifests.map((manifest) => [keyOf(manifest), manifest])).values()];
}

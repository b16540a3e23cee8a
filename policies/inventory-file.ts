/** Inventory file: what a platform says of itself to whoever judges manifests against it, as documents. */
import type { Manifest } from "./bundle.ts";
import {
  bundleAnnotation,
  inventoryKind,
  sourceAnnotation,
  type InventoryBundle,
  type InventoryHead,
} from "./inventory-head.ts";
import { sourceOf } from "./manifests.ts";
import { ProblemsError } from "./problems.ts";
import { gathered, type Candidate } from "./prove.ts";
import { isFields, type Manifest as Written } from "./reachability/read/fields.ts";

/** The documents of the file, in order. Equal input gives equal documents. */
export function inventoryDocuments(head: InventoryHead, candidate: Candidate): readonly object[] {
  const { bundles, context } = candidate;
  const { stack, cilium, apiServer } = head;
  const { inventory, generated, judgedOwn } = gathered(candidate);
  const problems = [...judgedOwn.problems, ...generated.problems];
  if (problems.length > 0) throw new ProblemsError(problems);
  const own = candidate.own?.promises.map(({ kind, text, because }) => ({
    [kind]: text,
    ...(because === undefined ? {} : { because }),
  }));
  const told = bundles.map((bundle): InventoryBundle => ({
    name: bundle.name,
    version: bundle.version,
    promise: bundle.promise,
    promises: bundle.promises(context),
  }));
  return [
    {
      ...inventoryKind,
      metadata: { name: stack },
      spec: { cilium, apiServer, bundles: told, ...(own === undefined || own.length === 0 ? {} : { promises: own }) },
    },
    ...inventory.map(({ object }) => object),
    ...bundles.flatMap((bundle) => bundle.manifests(context).map((manifest) => withOrigin(bundle.name, manifest))),
    ...generated.objects,
    ...judgedOwn.policies.map(withSource),
  ];
}

/** A policy of the stack's own comes from no bundle. */
function withSource({ object, source }: Written): object {
  const metadata = isFields(object["metadata"]) ? object["metadata"] : {};
  const annotations = isFields(metadata["annotations"]) ? metadata["annotations"] : {};
  if (source === undefined) return object;
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [sourceAnnotation]: source } } };
}

function withOrigin(bundle: string, manifest: Manifest): Manifest {
  const source = sourceOf(manifest);
  const annotations = {
    ...manifest.metadata.annotations,
    [bundleAnnotation]: bundle,
    ...(source === undefined ? {} : { [sourceAnnotation]: source }),
  };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

/** Inventory file: what a platform says of itself to whoever judges manifests against it, as documents. */
import type { Manifest } from "./bundle.ts";
import { inventoryOf } from "./inventory.ts";
import {
  bundleAnnotation,
  inventoryKind,
  sourceAnnotation,
  type InventoryBundle,
  type InventoryHead,
} from "./inventory-head.ts";
import { sourceOf } from "./manifests.ts";
import type { Candidate } from "./prove.ts";

/** The documents of the file, in order. Equal input gives equal documents. */
export function inventoryDocuments(head: InventoryHead, candidate: Candidate): readonly object[] {
  const { bundles, context } = candidate;
  const { stack, cilium, apiServer } = head;
  const told = bundles.map((bundle): InventoryBundle => ({
    name: bundle.name,
    version: bundle.version,
    promise: bundle.promise,
    promises: bundle.promises(context),
  }));
  return [
    { ...inventoryKind, metadata: { name: stack }, spec: { cilium, apiServer, bundles: told } },
    ...inventoryOf(candidate),
    ...bundles.flatMap((bundle) => bundle.manifests(context).map((manifest) => withOrigin(bundle.name, manifest))),
  ];
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

/**
 * Inventory head: what stands before the manifests of a platform's file, and the annotations on them. `npm run inventory`
 * writes it, `reach --inventory` reads it.
 */
import type { BundlePromise } from "./bundle.ts";
import type { ApiServer } from "./reachability/read/externals.ts";
import type { Fields } from "./reachability/read/fields.ts";

/** By which the head is known among manifests. */
export const inventoryKind = { apiVersion: "reach.cilium-platform/v1", kind: "Inventory" } as const;

/** On a policy: the bundle that it comes from. */
export const bundleAnnotation = "reach.cilium-platform/bundle";

/** On a policy that is kept as YAML: file and line in the project, as in `policies/baseline/allow-dns.yaml:4`. */
export const sourceAnnotation = "reach.cilium-platform/source";

/** What a verdict depends on besides manifests. */
export interface InventoryHead {
  readonly stack: string;
  readonly cilium: {
    /** Of the chart: `1.20.2`. */
    readonly version: string;
    readonly meshAuth: "on" | "off";
    readonly l7Proxy: "on" | "off";
    readonly sctp: "on" | "off";
  };
  /** Where the API server may run, seen from a pod: what is judged must hold at each. */
  readonly apiServer: readonly [ApiServer, ...ApiServer[]];
}

export interface InventoryBundle {
  readonly name: string;
  readonly version: string;
  readonly promise: string;
  /** In the form of a file of promises. */
  readonly promises: readonly BundlePromise[];
}

/** Whether an object is the head of an inventory, whatever it says. */
export function isInventoryHead({ apiVersion, kind }: Fields): boolean {
  return kind === inventoryKind.kind && apiVersion === inventoryKind.apiVersion;
}

/** Where a promise of a bundle stands, by its number from 0. */
export function promisePlace(bundle: string): (index: number) => string {
  return (index) => `bundle ${bundle}, promise ${String(index + 1)}`;
}

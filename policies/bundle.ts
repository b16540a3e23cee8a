/**
 * Bundle: policies that are switched on and off together because they keep one promise together.
 *
 * What a bundle yields are the very objects that are applied: nothing is judged that is not deployed, nothing deployed
 * that was not judged.
 */

/** A Kubernetes object as plain data. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** Absent on cluster-wide kinds, and in a template that is yet to be placed. */
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What a stack tells its bundles. */
export interface BundleContext {
  /** Namespaces that start closed. */
  readonly isolatedNamespaces: readonly string[];
}

/** What a bundle cannot work without; a setting that takes it away is refused. */
export interface BundleNeeds {
  /** Cilium's proxy: rules about DNS names or HTTP requests. */
  readonly l7Proxy: boolean;
  /** Mutual authentication: a rule that requires it drops everything while it is off. */
  readonly authentication: boolean;
}

export interface Bundle {
  /** The same as its folder, and the word that switches it on. */
  readonly name: string;
  /** One sentence that must hold wherever the bundle is on. */
  readonly promise: string;
  readonly needs: BundleNeeds;
  manifests(context: BundleContext): readonly Manifest[];
}

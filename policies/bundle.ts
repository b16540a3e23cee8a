/**
 * Bundle: policies that are switched on and off together because they keep promises together.
 *
 * What a bundle yields are the very objects that are applied: nothing is judged that is not deployed, nothing deployed
 * that was not judged.
 */
import type { BundleChoices } from "./choices.ts";
import type { Edge } from "./edges.ts";
import type { ApiServer, Entity } from "./reachability/read/externals.ts";
import type { Tenant } from "./tenants/tenant.ts";

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

/** What a stack tells its bundles. Plain data: what differs between clusters travels as a fact. */
export interface BundleContext {
  /** Namespaces that start closed. */
  readonly isolatedNamespaces: readonly string[];
  /** Labels of the stack's own namespaces, by name, as they are made. */
  readonly namespaceLabels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What a connection from outside is to a policy when it arrives at the pod that takes it in. */
  readonly entry: readonly Entity[];
  /** Names of the gateway. Absent where the stack has none. */
  readonly gateway?: GatewayPods;
  /** Absent where the stack has no Argo CD. */
  readonly argocd?: ArgoCdPods;
  /** Teams with namespaces of their own, which are among those above. */
  readonly tenants: readonly Tenant[];
  readonly kyverno: "installed" | "absent";
  /** Namespaces of chosen bundles: their workloads have labels of their own. */
  readonly bundleNamespaces: readonly string[];
  /** `scraped`: a Prometheus of the cluster, in whichever namespace, reads the metrics of add-ons. */
  readonly metrics: "scraped" | "unread";
  /** Parts of Cilium that run as pods, besides those of Hubble. */
  readonly cilium: readonly CiliumPart[];
  /** Parts of Hubble that run as pods. */
  readonly hubble: readonly HubblePart[];
  /** Whether the agents can do handshakes: a rule that requires one drops everything while they cannot. */
  readonly meshAuthentication: "on" | "off";
  /** Whether the agents let SCTP pass: a rule about it does nothing while they do not. */
  readonly sctp: "on" | "off";
  /** Where the API server may run, seen from a pod. */
  readonly apiServerPlaces: readonly ApiServer[];
  /** IPv4 ranges of pods, Services and nodes, as far as they are known before the cluster exists. */
  readonly clusterRanges: readonly string[];
  /** What the stack chose for each bundle, defaults filled. */
  readonly choices: BundleChoices;
}

/** The pods of the platform's gateway, by what selects them. */
export interface GatewayPods {
  readonly controlPlaneLabels: Readonly<Record<string, string>>;
  readonly dataPlaneLabels: Readonly<Record<string, string>>;
  /** Ports on which containers of the data plane take connections from outside. */
  readonly listenerPorts: readonly number[];
}

export interface ArgoCdPods {
  /** Who reaches its server without a route of the gateway. */
  readonly entry: readonly Entity[];
  /** Servers outside the cluster that it takes sources from, by exact name, each once. */
  readonly repositories: readonly { readonly host: string; readonly port: number }[];
}

/** `certificates`: the job that makes those of Hubble. */
export type CiliumPart = "agent" | "envoy" | "operator" | "certificates" | "spire";

export type HubblePart = "relay" | "ui";

/** Features of Cilium that are off unless the stack switches them on, by the setting that does. */
export type BundleFeature = "egressGateway" | "lbIpam" | "l2Announcements" | "bgp";

/** What a bundle cannot work without; a setting that takes it away is refused. */
export interface BundleNeeds {
  /** Cilium's proxy: rules about DNS names or HTTP requests. */
  readonly l7Proxy: boolean;
  /** Mutual authentication: a rule that requires it drops everything while it is off. */
  readonly authentication: boolean;
  /** Absent: none. */
  readonly features?: readonly BundleFeature[];
}

/** A namespace that a bundle brings along. */
export interface BundleNamespace {
  readonly namespace: string;
  /** What names it, below the bundle's own block of settings. */
  readonly setting: string;
  /** What it needs besides; what the stack says of the same label counts. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One line of a promise, as a file of promises says it (docs/reach.md). */
export type BundlePromise =
  { readonly must: string; readonly because: string } | { readonly never: string; readonly because: string };

export interface Bundle {
  /** The same as its folder, and the word that switches it on. */
  readonly name: string;
  /** Of the bundle alone, raised with an entry under Changes of its README whenever what it opens or closes changes. */
  readonly version: string;
  /** One sentence that must hold wherever the bundle is on. */
  readonly promise: string;
  /**
   * The namespaces that the bundle is about: made, closed, if the stack does not name them itself. What such a bundle opens,
   * it opens in what the baseline has closed, so it is refused without the baseline.
   */
  readonly namespacesOf?: (choices: BundleChoices) => readonly BundleNamespace[];
  needs(context: BundleContext): BundleNeeds;
  manifests(context: BundleContext): readonly Manifest[];
  /** Connections between workloads among what it opens: each may be told to wait for a handshake. Absent: none. */
  edges?(context: BundleContext): readonly Edge[];
  /** The sentence as lines that can be proved; at least one line says where it ends. */
  promises(context: BundleContext): readonly BundlePromise[];
  /** Pods that stand for the workloads the bundle speaks of, where no chart of ours brings them. */
  examples(context: BundleContext): readonly Manifest[];
}

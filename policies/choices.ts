/** Choices: the words that switch bundles on, and what a stack may say to them, one key for each that can be told something. */
import type { AuthenticatedEdges } from "./edges.ts";

/** In the order in which they are applied. */
export const bundleNames = [
  "baseline",
  "environment-isolation",
  "gateway",
  "platform",
  "tenants",
  "oidc-reference-app",
  "apim-openai",
  "egress-gateway",
  "load-balancer",
  "fqdn-egress",
  "demo-dns",
  "demo-flights",
  "demo-star-wars",
  "admission",
] as const;

/** A bundle that lives in a namespace of its own. */
interface InItsNamespace {
  /** Made, closed, if the stack does not name it itself. */
  readonly namespace: string;
}

export interface BundleChoices {
  readonly authenticatedEdges: AuthenticatedEdges;
  readonly environmentIsolation: EnvironmentIsolationChoices;
  readonly oidcReferenceApp: {
    /** Namespaces, each with a copy of the application: proxy, frontends, API, storage. */
    readonly environments: readonly string[];
    readonly identityNamespace: string;
    readonly apimNamespace: string;
    /** More frontends, by name, that call the API themselves. */
    readonly frontends: readonly string[];
    readonly storagePorts: readonly number[];
    /** `sidecar`: in the pod of the storage. */
    readonly serviceBus: "pod" | "sidecar" | "absent";
    readonly messagingPorts: readonly number[];
    /** Exact names that the API may call outside the cluster. */
    readonly apiNames: readonly string[];
    /** Of an OpenTelemetry collector that the platform does not make. */
    readonly collectorNamespace?: string | undefined;
  };
  readonly apimOpenai: InItsNamespace & {
    /** Where Prometheus runs. The platform does not make it. */
    readonly monitoringNamespace: string;
    /** Exact names, as those below. */
    readonly apimNames: readonly string[];
    readonly openaiNames: readonly string[];
    readonly azureNames: readonly string[];
    /** IPv4 ranges outside the cluster. */
    readonly deniedRanges: readonly string[];
  };
  readonly egressGateway: {
    /** Where the pods are. Absent: where those of `apim-openai` are. */
    readonly namespace?: string | undefined;
    /** Labels of the pods, one set for each kind of them. */
    readonly pods: readonly Readonly<Record<string, string>>[];
    /** IPv4 ranges outside the cluster. */
    readonly destinations: readonly string[];
    /** Parts of the destinations that are left as directly as before. */
    readonly excluded: readonly string[];
  };
  readonly loadBalancer: LoadBalancerChoices;
  readonly fqdnEgress: InItsNamespace & { readonly names: readonly string[]; readonly ports: readonly number[] };
  readonly demoDns: InItsNamespace & { readonly form: "name" | "pattern" | "port" };
  readonly demoFlights: InItsNamespace & {
    /** Of the container, which is what a policy sees. */
    readonly targetPort: number;
  };
  readonly demoStarWars: InItsNamespace & { readonly form: "l4" | "l7" };
  readonly admission: {
    /** Users and groups that may change policies of the platform in the cluster. Empty: that is not judged. */
    readonly administrators: readonly string[];
    /** Isolated namespaces whose Services may be reached from outside without the gateway. */
    readonly exposedNamespaces: readonly string[];
  };
}

export interface LoadBalancerChoices {
  /** How the network learns where an address is: by ARP, by BGP, or not from us. */
  readonly announce: "l2" | "bgp" | "none";
  /** By name; an end of a pool is an IPv4 address and belongs to it. */
  readonly pools: Readonly<
    Record<
      string,
      {
        readonly first: string;
        readonly last: string;
        /** Whose Services take from it. Empty: everybody's. */
        readonly namespaces: readonly string[];
      }
    >
  >;
  /** Of the nodes, on which ARP is answered. Empty: all. */
  readonly interfaces: readonly string[];
  readonly bgp: {
    readonly localAsn: number;
    readonly peers: Readonly<Record<string, { readonly address: string; readonly asn: number }>>;
    /** A Secret in kube-system with the key `password`. */
    readonly passwordSecret?: string | undefined;
  };
}

export interface EnvironmentIsolationChoices {
  /** Values of the label `environment`. Namespaces of two different ones never reach each other. */
  readonly environments: readonly string[];
}

/** The key under `policies` that speaks to a bundle: `demo-dns` is told by `demoDns`. */
export function choiceKey(bundle: string): string {
  return bundle.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

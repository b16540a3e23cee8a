/**
 * Model: what the engine knows after reading, with every default already a named thing.
 *
 * Nothing here is optional in meaning: "absent" and "empty" were decided while reading (S17).
 */
import type { Cidr } from "./select/cidr.ts";
import type { IdentityLabels } from "./select/labels.ts";
import type { L7Restriction } from "./judge/l7.ts";
import type { PortEntry, Protocol } from "./judge/ports.ts";
import type { PeerSelector, SubjectSelector } from "./select/selectors.ts";

export type Direction = "egress" | "ingress";

export type PolicyKind =
  "NetworkPolicy" | "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy" | "ClusterNetworkPolicy";

/** The object a rule was written in. */
export interface PolicyRef {
  readonly kind: PolicyKind;
  /** Absent for the cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
}

/** The object and the field in it, for example `spec.egress[0]`. */
export interface Origin {
  readonly policy: PolicyRef;
  readonly path: string;
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One end of a connection. Only pods are governed by policies (S6). */
export interface Endpoint {
  /** `namespace/name` for a pod, otherwise the name it was given. */
  readonly name: string;
  readonly kind: "pod" | "external";
  readonly labels: IdentityLabels;
  readonly ports: readonly NamedPort[];
  /** A pod's labels as written, for Services: Cilium's filter does not touch those (S8). */
  readonly podLabels?: ReadonlyMap<string, string>;
  /** The DNS name of an external; S16 says what it hides. */
  readonly fqdn?: string;
  readonly ip?: string;
}

/** What a Kubernetes Service says of itself, and of what stands behind it. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  readonly cluster: "headless" | "one address";
  /** What an ExternalName stands for. */
  readonly externalName?: string;
  /** Empty for a Service whose endpoints somebody else lists. */
  readonly selector: ReadonlyMap<string, string>;
  /** Of its Endpoints and EndpointSlice objects. */
  readonly addresses: readonly string[] | "not among the manifests";
  readonly ports: readonly ServicePort[];
  /** Cilium leaves some Services to others, and shows some to certain nodes only (S29). */
  readonly toCilium: "seen" | "unseen" | "doubtful";
}

export interface ServicePort {
  readonly name?: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** A number, or the name of a port of each pod. */
  readonly target: number | string;
  readonly nodePort?: number;
}

/** `doubtful`: the field is not modelled, so the rule may or may not do what it says (L1). */
export type Certainty = "certain" | "doubtful";

/** `admin` speaks before every policy of the other kinds, `baseline` where none of them does (L9). */
export type Tier = "admin" | "normal" | "baseline";

/** Whom a rule speaks about on the other side. */
export type Peers =
  /** A list that was written and is empty, or `{}`: selects nobody. */
  { readonly kind: "nobody" } | { readonly kind: "selected"; readonly selectors: readonly PeerSelector[] };

/** What one entry of `ports` and the L7 rules beside it say. */
export interface PortRule {
  readonly ports: readonly PortEntry[];
  /** `none` lets everything pass that the ports admit. */
  readonly l7: L7Restriction;
}

/** Every port of every protocol, or what `ports` and `toPorts` list. */
export type PortScope =
  { readonly kind: "everything" } | { readonly kind: "listed"; readonly rules: readonly PortRule[] };

export type Authentication = "unspecified" | "disabled" | "required" | "test-always-fail";

/** One entry of an ingress or egress list, of whatever kind of policy. */
export interface Rule {
  readonly origin: Origin;
  readonly subject: SubjectSelector;
  readonly direction: Direction;
  readonly action: "allow" | "deny";
  /** Whether the entry isolates the pods it selects (S2, S7). */
  readonly defaultDeny: "switches-on" | "leaves-alone";
  readonly peers: Peers;
  readonly scope: PortScope;
  readonly authentication: Authentication;
  readonly certainty: Certainty;
  readonly tier: Tier;
}

/** Minor versions whose verdicts differ (S19, L8). */
export type CiliumVersion = "1.18" | "1.19" | "1.20";

/** `known`: every name is. `as learned`: only those that a pod's own rules let Cilium learn (S31). */
export type Names = "known" | "as learned";

/** Everything a verdict depends on. */
export interface World {
  readonly cilium: CiliumVersion;
  readonly names: Names;
  readonly endpoints: readonly Endpoint[];
  /** Pods on the network of their node: to policies they are `host` or `remote-node`, and no endpoints (S35). */
  readonly onNodes: readonly Endpoint[];
  readonly rules: readonly Rule[];
  readonly services: readonly Service[];
  /** Entries of host policies, which govern nodes and not pods (L5). */
  readonly hostRules: readonly Pick<Rule, "origin" | "direction">[];
  /** Ranges of every CIDR group, whether a rule refers to it or not. */
  readonly groups: readonly Cidr[];
}

/** One question: may `from` open a connection to this port of `to`? Both are positions in `endpoints`. */
export interface Traffic {
  readonly from: number;
  readonly to: number;
  readonly protocol: Protocol;
  readonly port: number;
}

/** What one side answers. `not-applicable`: that side is not a pod, so no policy is enforced there. */
export type SideOutcome = "not-applicable" | "allow" | "deny" | "redirect" | "unknown";

/** Rule of SEMANTICS.md. */
export type SemanticRule = `S${number}` | `L${number}`;

export interface Reason {
  readonly direction: Direction;
  readonly rule: SemanticRule;
  /** The entries that spoke. Empty when nobody selects the pod. */
  readonly origins: readonly Origin[];
}

/** What remains open at L7: a request passes if one element lets it pass (S22). */
export type L7Union = readonly L7Element[];
export type L7Element = { readonly kind: "anything" } | { readonly kind: "restricted"; readonly by: L7Restriction };

export interface Side {
  readonly outcome: SideOutcome;
  readonly reason: Reason;
  /** Empty unless the outcome is `redirect`. */
  readonly l7: L7Union;
  /** Whether a handshake must succeed first. */
  readonly authentication: Authentication;
}

export interface Verdict {
  readonly outcome: "allowed" | "denied" | "unknown";
  readonly egress: Side;
  readonly ingress: Side;
}

/**
 * ClusterHandle: all that later steps may know of a cluster.
 *
 * Nothing downstream asks which cluster it is on. What differs between clusters travels as a named fact, so that a
 * cluster somebody else made (EKS, GKE, bare metal) needs no code of its own.
 */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { ApiServer as ApiServerPlace, Entity } from "../../policies/reachability/read/externals.ts";
import type { Lifetime } from "./lifetime.ts";

/** What is true of a cluster before it exists: plain values, decided from the settings alone. */
export interface ClusterFacts {
  /** How the cluster came to be, for messages and the summary only. */
  readonly target: "kwok" | "kind" | "aks" | "existing";
  /** `throwaway`: made on this machine to be thrown away; keeps no data and no half-installed release. */
  readonly lifetime: Lifetime;
  /** Minor version, for example `1.35`. Absent where the owner of the cluster did not say. */
  readonly kubernetesVersion?: string;
  /** `simulated`: pods and nodes are Ready by decree, nothing runs inside a pod and nothing is enforced. */
  readonly nodes: "real" | "simulated";
  /** Number of nodes at creation; one node takes one operator replica. */
  readonly nodeCount: number;
  /** IPv4 range of the pods. */
  readonly podCidr: string;
  /** IPv4 range of the Services. Absent where the owner of the cluster did not say. */
  readonly serviceCidr?: string;
  /** IPv4 ranges of the nodes. Empty where others decide them. */
  readonly nodeRanges: readonly string[];
  /** Nodes that the stack itself labels as egress gateways, by name. Empty where whoever makes the nodes labels them. */
  readonly egressNodes: readonly string[];
  /** Who hands out pod addresses: the node's PodCIDR, or Cilium from a pool. */
  readonly ipam: "kubernetes" | "cluster-pool";
  /** True on Azure Kubernetes Service with bring-your-own-CNI: the chart then accepts tunnel routing only. */
  readonly aksByoCni: boolean;
  /** Routing modes the network underneath can carry; the first is the default. */
  readonly routing: readonly ["native" | "tunnel", ...("native" | "tunnel")[]];
  /** Whether kube-proxy runs: `follows` means that it runs exactly when Cilium does not replace it. */
  readonly kubeProxy: "follows" | "kept" | "removed";
  /** How traffic from outside enters: published node ports, or a cloud's load balancer. */
  readonly exposure: "nodePort" | "loadBalancer";
  /** What a connection from outside is to a policy when it arrives at the pod that takes it in. */
  readonly entry: readonly Entity[];
  /** Whether LB-IPAM pools, L2 announcements and BGP can work on the network underneath. */
  readonly announcements: "possible" | "pointless";
  /** Where the API server may run, seen from a pod: that decides what else it is to a policy. */
  readonly apiServerPlaces: readonly [ApiServerPlace, ...ApiServerPlace[]];
  /** Where pods find the API server without kube-proxy. A name where the address may change. */
  readonly apiServer: ApiServerAddress;
}

/** `created`: known only once the cluster exists (AKS gives its own name); the port is known before. */
export type ApiServerAddress =
  | { readonly kind: "known"; readonly host: string; readonly port: number }
  | { readonly kind: "created"; readonly port: number }
  | { readonly kind: "unknown" };

/** A cluster that exists or will exist in this run. */
export interface ClusterHandle {
  readonly name: string;
  readonly facts: ClusterFacts;
  /** Provider bound to this cluster and to no other. */
  readonly provider: k8s.Provider;
  /** Always secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Host name or address of the API server as pods reach it; resolved for `created`. */
  readonly apiServerHost: pulumi.Input<string> | undefined;
  /**
   * Whose deletion takes everything with it: pass it as `deletedWith`. Undefined on a cluster that somebody else made:
   * there every release is uninstalled one by one.
   */
  readonly owner: pulumi.Resource | undefined;
  /** What every object inside the cluster comes after, and is deleted before: nothing at first, Cilium once it is there. */
  readonly after: readonly pulumi.Resource[];
  /** Public addresses that egress policies lead to, for the allow lists of others. Absent without an egress pool. */
  readonly egressPrefix?: pulumi.Output<string>;
}

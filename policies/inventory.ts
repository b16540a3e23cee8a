/**
 * Inventory: the pods that are in every cluster of ours, with the labels that select them, and pods that stand for
 * workloads nobody knows yet. A proof is about somebody; these are they.
 */
import type { Manifest } from "./bundle.ts";
import { present } from "./names.ts";
import { isFields } from "./reachability/read/fields.ts";

interface PodPort {
  readonly name: string;
  readonly containerPort: number;
  readonly protocol?: "TCP" | "UDP";
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels }, spec: {} };
}

export function pod(
  where: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  ports: readonly PodPort[] = [],
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: where, labels },
    spec: { containers: [{ name, ports }] },
  };
}

/** A pod on the network of its node: to policies it is the node. */
export function podOnNode(where: string, name: string, labels: Readonly<Record<string, string>>): Manifest {
  const { spec, ...made } = pod(where, name, labels);
  return { ...made, spec: { hostNetwork: true, ...spec } };
}

const standInLabel = "platform-example";

/** A pod of a namespace about whose workloads nothing is known: its label is nobody else's. */
export function examplePod(where: string, name: (typeof exampleNames)[number] = "example"): Manifest {
  return standIn(where, name);
}

/** A pod that stands for anybody of whom nothing is known. */
export function standIn(where: string, name: string): Manifest {
  return pod(where, name, { [standInLabel]: present });
}

/** Whether an object is such a pod. */
export function isStandIn({ metadata }: { readonly metadata?: unknown }): boolean {
  const labels = isFields(metadata) ? metadata["labels"] : undefined;
  return isFields(labels) && labels[standInLabel] === present;
}

/** What pods are called that stand for workloads nobody knows: nobody else may be called so. */
export const exampleNames = ["example", "other-example"] as const;

/** Two pods of a namespace about whose workloads nothing is known: neighbours. */
export function examplePods(where: string): readonly Manifest[] {
  return exampleNames.map((name) => examplePod(where, name));
}

/** Cluster DNS, as kind and AKS both run it. */
export const clusterDnsPod: Manifest = pod("kube-system", "coredns", { "k8s-app": "kube-dns" }, [
  { name: "dns", containerPort: 53, protocol: "UDP" },
  { name: "dns-tcp", containerPort: 53 },
  { name: "metrics", containerPort: 9153 },
]);

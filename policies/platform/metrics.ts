/** Metrics: what lets a Prometheus read an add-on that is closed, whatever namespace it runs in. */
import type { BundleContext, Manifest } from "../bundle.ts";
import { networkPolicy, tcp } from "../edges.ts";
import { examplePod } from "../inventory.ts";
import { ciliumNamespaceKey } from "../names.ts";
import type { LabelSelector } from "../types/cilium.ts";

export type Metrics = BundleContext["metrics"];

const readerNamespace = "example-monitoring";

/** Stands for a Prometheus. */
export const reader = `${readerNamespace}/example`;
export const readerExample: Manifest = examplePod(readerNamespace);

/** `port` is that of the container. */
export function metricsPolicy(
  namespace: string,
  name: string,
  endpointSelector: LabelSelector,
  port: number,
): Manifest {
  return networkPolicy(namespace, name, {
    description: "Pods of any namespace may read the metrics.",
    endpointSelector,
    ingress: [
      {
        fromEndpoints: [{ matchExpressions: [{ key: ciliumNamespaceKey, operator: "Exists" }] }],
        toPorts: [{ ports: tcp([port]) }],
      },
    ],
  });
}

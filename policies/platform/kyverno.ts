/** Kyverno: the API server asks its webhooks, and its controllers ask the API server. */
import { nameResolution } from "../baseline/bundle.ts";
import type { BundleContext, BundlePromise, Manifest } from "../bundle.ts";
import { networkPolicy, tcp } from "../edges.ts";
import { examplePod, pod } from "../inventory.ts";
import { ciliumNamespaceKey, kyvernoNamespace } from "../names.ts";
import type { Entity } from "../reachability/read/externals.ts";
import { kyvernoPods } from "../system-pods.ts";
import type { LabelSelector } from "../types/cilium.ts";
import { metricsPolicy, reader } from "./metrics.ts";

const partOfKey = "app.kubernetes.io/part-of";
const componentKey = "app.kubernetes.io/component";

/** Values of the component label. */
const kyvernoComponents = {
  webhooks: ["admission-controller", "cleanup-controller"],
  others: ["background-controller", "reports-controller"],
} as const;

const partOf = "kyverno";

/** Of the container; the Service offers it as 443. */
const kyvernoWebhookPort = 9443;

const metricsPort = 8000;

const everyController: LabelSelector = { matchLabels: { [`k8s:${partOfKey}`]: partOf } };

const webhooks: LabelSelector = {
  matchLabels: { [`k8s:${partOfKey}`]: partOf },
  matchExpressions: [{ key: `k8s:${componentKey}`, operator: "In", values: kyvernoComponents.webhooks }],
};

/** An API server outside the cluster is not `kube-apiserver` on its way in: it comes from a node or out of a tunnel. */
const callers: readonly Entity[] = ["kube-apiserver", "host", "remote-node"];

/** Pods at this end of a cloud's tunnel from its API server: how AKS labels them, and how Kubernetes does. */
const tunnelEnds: readonly LabelSelector[] = ["app", "k8s-app"].map((key) => ({
  matchLabels: { [ciliumNamespaceKey]: "kube-system", [`k8s:${key}`]: "konnectivity-agent" },
}));

export function kyvernoManifests({ apiServerPlaces, metrics }: BundleContext): readonly Manifest[] {
  const toPorts = [{ ports: tcp([kyvernoWebhookPort]) }];
  const tunnelled = apiServerPlaces.includes("outside the cluster");
  return [
    networkPolicy(kyvernoNamespace, "webhooks", {
      description: "The API server asks the webhooks, directly, from a node or through a cloud's tunnel.",
      endpointSelector: webhooks,
      ingress: [{ fromEntities: callers, toPorts }, ...(tunnelled ? [{ fromEndpoints: tunnelEnds, toPorts }] : [])],
    }),
    networkPolicy(kyvernoNamespace, "controllers", {
      description: "Controllers reach the API server.",
      endpointSelector: everyController,
      egress: [{ toEntities: ["kube-apiserver"] }],
    }),
    ...nameResolution(kyvernoNamespace, "dns", everyController),
    ...(metrics === "scraped" ? [metricsPolicy(kyvernoNamespace, "metrics", webhooks, metricsPort)] : []),
  ];
}

export const kyvernoExamples: readonly Manifest[] = [
  ...kyvernoPods,
  examplePod(kyvernoNamespace),
  pod("kube-system", "konnectivity-agent", { app: "konnectivity-agent" }),
];

export function kyvernoPromises({ apiServerPlaces, metrics }: BundleContext): readonly BundlePromise[] {
  const at = (component: string): string => `${kyvernoNamespace}/kyverno-${component}`;
  const port = `TCP ${String(kyvernoWebhookPort)}`;
  const stranger = `${kyvernoNamespace}/example`;
  const tunnel = "kube-system/konnectivity-agent";
  return [
    ...kyvernoComponents.webhooks.flatMap((component): BundlePromise[] => [
      ...callers.map((from) => ({ must: `${from} -> ${at(component)} ${port}`, because: "the API server asks it" })),
      apiServerPlaces.includes("outside the cluster")
        ? { must: `${tunnel} -> ${at(component)} ${port}`, because: "the API server asks it through a tunnel" }
        : { never: `${tunnel} -> ${at(component)} ${port}`, because: "the API server is in the cluster" },
      { never: `remote-node -> ${at(component)} TCP 443`, because: "that is the port of the Service" },
      { never: `${stranger} -> ${at(component)} ${port}`, because: "nobody else asks for admission" },
      { never: `world -> ${at(component)}`, because: "nobody outside asks for admission" },
      ...(metrics === "scraped"
        ? [{ must: `${reader} -> ${at(component)} TCP ${String(metricsPort)}`, because: "it is scraped" }]
        : [{ never: `${stranger} -> ${at(component)}`, because: "nobody reads its metrics" }]),
    ]),
    ...[...kyvernoComponents.webhooks, ...kyvernoComponents.others].flatMap((component): BundlePromise[] => [
      { must: `${at(component)} -> kube-apiserver all ports`, because: "it works on objects of the cluster" },
      { must: `${at(component)} -> kube-system/coredns UDP 53; TCP 53`, because: "it resolves names" },
      { never: `${at(component)} -> world`, because: "it sees every object and tells nobody" },
      { never: `${at(component)} -> ${stranger}`, because: "it reaches what is listed" },
    ]),
  ];
}

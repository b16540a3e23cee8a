/**
 * System pods: what the charts of a stack run, with the labels and named ports that the pinned versions give them. Labels of
 * versions are left out: no policy may depend on them. test/render holds this against the charts.
 */
import type { BundleContext, CiliumPart, GatewayPods, HubblePart, Manifest } from "./bundle.ts";
import { clusterDnsPod, namespace, pod, podOnNode } from "./inventory.ts";
import {
  argoCdNamespace,
  gatewayControlNamespace,
  gatewayNamespace,
  kyvernoNamespace,
  spireNamespace,
} from "./names.ts";

/** With their namespaces before them. */
export function systemPods(context: BundleContext): readonly Manifest[] {
  const { gateway, argocd, kyverno, cilium, hubble } = context;
  const pods = [
    clusterDnsPod,
    ...cilium.flatMap((part) => ciliumPods[part]),
    ...hubble.map((part) => hubblePods[part]),
    ...(kyverno === "installed" ? kyvernoPods : []),
    ...(argocd === undefined ? [] : argoCdPods),
    ...(gateway === undefined ? [] : [dataPlanePod(gateway), controlPlanePod(gateway)]),
  ];
  const namespaces = new Set(pods.map(({ metadata }) => metadata.namespace ?? ""));
  return [...[...namespaces].map((name) => namespace(name)), ...pods];
}

function partOfCilium(name: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "cilium" };
}

export const spireServerPod: Manifest = pod(spireNamespace, "spire-server", { app: "spire-server" }, [
  { name: "grpc", containerPort: 8081 },
  { name: "http", containerPort: 8080 },
]);

const ciliumPods: Readonly<Record<CiliumPart, readonly Manifest[]>> = {
  agent: [podOnNode("kube-system", "cilium", { "k8s-app": "cilium", ...partOfCilium("cilium-agent") })],
  envoy: [
    podOnNode("kube-system", "cilium-envoy", {
      "k8s-app": "cilium-envoy",
      name: "cilium-envoy",
      ...partOfCilium("cilium-envoy"),
    }),
  ],
  operator: [
    podOnNode("kube-system", "cilium-operator", {
      "io.cilium/app": "operator",
      name: "cilium-operator",
      ...partOfCilium("cilium-operator"),
    }),
  ],
  certificates: [pod("kube-system", "hubble-generate-certs", { "k8s-app": "hubble-generate-certs" })],
  spire: [spireServerPod, podOnNode(spireNamespace, "spire-agent", { app: "spire-agent" })],
};

export const hubblePods: Readonly<Record<HubblePart, Manifest>> = {
  relay: pod("kube-system", "hubble-relay", { "k8s-app": "hubble-relay", ...partOfCilium("hubble-relay") }, [
    { name: "grpc", containerPort: 4245 },
  ]),
  ui: pod("kube-system", "hubble-ui", { "k8s-app": "hubble-ui", ...partOfCilium("hubble-ui") }, [
    { name: "http", containerPort: 8081 },
    { name: "grpc", containerPort: 8090 },
  ]),
};

/** By component. The first calls the port of its metrics otherwise than the rest. */
export const kyvernoPods: readonly Manifest[] = (
  [
    ["admission-controller", "metrics-port"],
    ["background-controller", "metrics"],
    ["cleanup-controller", "metrics"],
    ["reports-controller", "metrics"],
  ] as const
).map(([component, metrics]) =>
  pod(
    kyvernoNamespace,
    `kyverno-${component}`,
    {
      "app.kubernetes.io/component": component,
      "app.kubernetes.io/instance": "kyverno",
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/name": `kyverno-${component}`,
      "app.kubernetes.io/part-of": "kyverno",
    },
    [
      { name: "https", containerPort: 9443 },
      { name: metrics, containerPort: 8000 },
    ],
  ),
);

/** Only the label that the chart and Argo CD's plain manifests both give. */
export const argoCdPods: readonly Manifest[] = [
  "argocd-server",
  "argocd-application-controller",
  "argocd-repo-server",
  "argocd-redis",
  "argocd-dex-server",
  "argocd-applicationset-controller",
  "argocd-notifications-controller",
].map((name) => pod(argoCdNamespace, name, { "app.kubernetes.io/name": name }));

/** Made by the control plane, beside the Gateway. */
export function dataPlanePod({ dataPlaneLabels }: GatewayPods): Manifest {
  return pod(gatewayNamespace, "data-plane", dataPlaneLabels);
}

export function controlPlanePod({ controlPlaneLabels }: GatewayPods): Manifest {
  return pod(gatewayControlNamespace, "control-plane", controlPlaneLabels);
}

/**
 * Every version the platform installs, each said once. What is tested is what is shipped: the pins are those that run
 * both where all of the internet answers and where only package registries do.
 *
 * Versions of the Node packages stand in package.json, those of Go modules in tools/<tool>/go.mod.
 */

/** Kubernetes of the local clusters. AKS has its own (`aks.kubernetesVersion`). */
export const kubernetesVersion = "1.36.1";

/** Image of a kind node, by digest: the default of the kind release before the pinned one, with our Kubernetes. */
export const kindNodeImage = `kindest/node:v${kubernetesVersion}@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5`;

/**
 * Image of a registry cache beside a kind cluster, off by default. By tag and not yet by digest: its registry did not
 * answer where the pins were made.
 */
export const registryCacheImage = "docker.io/library/registry:2.8.3";

/** Where a chart comes from when only the Go module proxy answers. */
export interface GoModuleSource {
  /** Folder under `tools/` whose go.mod pins the module. */
  readonly tool: string;
  readonly module: string;
  /** What to take from the module: a complete chart, or files around which a chart is made. */
  readonly folder: string;
}

/** One chart: its pin, its official place, and how to have it where that place does not answer. */
export interface ChartPin {
  /** Name inside Chart.yaml, and first half of the file name `<name>-<version>`. */
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  /**
   * `repository`: an HTTP chart repository with an index. `oci`: an OCI artefact. `manifests`: upstream publishes plain
   * manifests and we make the chart.
   */
  readonly upstream:
    | { readonly kind: "repository"; readonly url: string }
    | { readonly kind: "oci"; readonly url: string }
    | { readonly kind: "manifests"; readonly url: string };
  /** sha256 of the chart archive or manifest, where upstream publishes one and it could be seen. */
  readonly sha256?: string;
  /** Absent: cannot be had without the official place. */
  readonly closedNetwork?: GoModuleSource;
}

export const charts = {
  cilium: {
    name: "cilium",
    version: "1.20.2",
    appVersion: "1.20.2",
    upstream: { kind: "repository", url: "https://helm.cilium.io" },
    sha256: "b2afd87b7f75f875f92a14559f14f59b7babbb479d968e3fd625a20bf30ec20e",
    closedNetwork: { tool: "cilium", module: "github.com/cilium/cilium", folder: "install/kubernetes/cilium" },
  },
  gatewayApi: {
    name: "gateway-api",
    version: "1.5.1",
    appVersion: "1.5.1",
    upstream: {
      kind: "manifests",
      url: "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml",
    },
    closedNetwork: { tool: "gateway-api", module: "sigs.k8s.io/gateway-api", folder: "config/crd/standard" },
  },
  kyverno: {
    name: "kyverno",
    version: "3.9.1",
    appVersion: "1.19.1",
    upstream: { kind: "repository", url: "https://kyverno.github.io/kyverno" },
    sha256: "7b7fe51a431b5b133b0ce7eb9dcb222b6a37fb967c163223cf480054ad14d752",
    closedNetwork: { tool: "kyverno", module: "github.com/kyverno/kyverno", folder: "charts/kyverno" },
  },
  nginxGatewayFabric: {
    name: "nginx-gateway-fabric",
    version: "2.6.7",
    appVersion: "2.6.7",
    upstream: { kind: "oci", url: "oci://ghcr.io/nginx/charts/nginx-gateway-fabric" },
  },
  argoCd: {
    name: "argo-cd",
    version: "10.1.1",
    appVersion: "3.4.4",
    upstream: { kind: "repository", url: "https://argoproj.github.io/argo-helm" },
    sha256: "a677dfa6ca7e9f9a71fe9bf54ea86a9011d5c7db8e137c5171e78c4493af20e5",
    closedNetwork: { tool: "argo-cd", module: "github.com/argoproj/argo-cd/v3", folder: "manifests" },
  },
} as const satisfies Record<string, ChartPin>;

/** Key of a chart in {@link charts}. */
export type ChartKey = keyof typeof charts;

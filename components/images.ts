/**
 * rewriteImages: Helm values that fetch every image of a chart from a mirror.
 *
 * The mirror takes the place of each image's host; path, tag and digest stay, so what is fetched is still what upstream
 * pinned.
 */
import type { HelmValues } from "./chart.ts";
import { mergeValues, valueAt } from "./helm-values.ts";
import type { ChartKey } from "./versions.ts";

/** Where the values of a chart say which images it runs. */
interface ImageValues {
  /** Paths whose value is a whole repository, host included, with the chart's default. */
  readonly repositories: Readonly<Record<string, string>>;
  /** Paths whose value is the host alone. */
  readonly registries: readonly string[];
}

export const imageValues: Readonly<Record<ChartKey, ImageValues>> = {
  cilium: {
    repositories: {
      "image.repository": "quay.io/cilium/cilium",
      "encryption.ztunnel.image.repository": "quay.io/cilium/ztunnel",
      "certgen.image.repository": "quay.io/cilium/certgen",
      "hubble.relay.image.repository": "quay.io/cilium/hubble-relay",
      "hubble.ui.backend.image.repository": "quay.io/cilium/hubble-ui-backend",
      "hubble.ui.frontend.image.repository": "quay.io/cilium/hubble-ui",
      "envoy.image.repository": "quay.io/cilium/cilium-envoy",
      "operator.image.repository": "quay.io/cilium/operator",
      "nodeinit.image.repository": "quay.io/cilium/startup-script",
      "preflight.image.repository": "quay.io/cilium/cilium",
      "preflight.envoy.image.repository": "quay.io/cilium/cilium-envoy",
      "clustermesh.apiserver.image.repository": "quay.io/cilium/clustermesh-apiserver",
      "authentication.mutual.spire.install.initImage.repository": "docker.io/library/busybox",
      "authentication.mutual.spire.install.agent.image.repository": "ghcr.io/spiffe/spire-agent",
      "authentication.mutual.spire.install.server.image.repository": "ghcr.io/spiffe/spire-server",
    },
    registries: [],
  },
  gatewayApi: { repositories: {}, registries: [] },
  kyverno: {
    repositories: {},
    // The first is meant for all, but two images bring a host of their own, which wins over it.
    registries: ["global.image.registry", "webhooksCleanup.image.registry", "test.image.registry"],
  },
  nginxGatewayFabric: {
    repositories: {
      "nginxGateway.image.repository": "ghcr.io/nginx/nginx-gateway-fabric",
      "nginx.image.repository": "ghcr.io/nginx/nginx-gateway-fabric/nginx",
    },
    registries: [],
  },
  argoCd: {
    repositories: {
      "global.image.repository": "quay.io/argoproj/argocd",
      "dex.image.repository": "ghcr.io/dexidp/dex",
      "redis.image.repository": "ecr-public.aws.com/docker/library/redis",
      "redis.exporter.image.repository": "ghcr.io/oliver006/redis_exporter",
      "redis-ha.image.repository": "ecr-public.aws.com/docker/library/redis",
      "redis-ha.haproxy.image.repository": "ecr-public.aws.com/docker/library/haproxy",
      "server.extensions.image.repository": "quay.io/argoprojlabs/argocd-extension-installer",
    },
    registries: [],
  },
};

/**
 * The same values, images from the mirror: the chart's own, or those that the values name already. Without a mirror they
 * come back as they are.
 */
export function rewriteImages(chart: ChartKey, values: HelmValues, imageRegistry: string | undefined): HelmValues {
  if (imageRegistry === undefined) return values;
  const { repositories, registries } = imageValues[chart];
  return [
    ...Object.entries(repositories).map(([path, repository]) =>
      at(path, mirrored(textAt(values, path) ?? repository, imageRegistry)),
    ),
    ...registries.map((path) => at(path, imageRegistry)),
  ].reduce(mergeValues, values);
}

function textAt(values: HelmValues, path: string): string | undefined {
  const value = valueAt(values, path);
  return typeof value === "string" ? value : undefined;
}

/**
 * An image, or a repository, with its host replaced by the mirror; one that comes from there stays.
 * {@link https://github.com/distribution/reference}: the first part is a host if it has a dot or a port or is localhost.
 */
export function mirrored(image: string, imageRegistry: string): string {
  if (image.startsWith(`${imageRegistry}/`)) return image;
  const [first = "", ...rest] = image.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (hasHost) return [imageRegistry, ...rest].join("/");
  // Docker Hub's short names leave out the host, and for its own images the first folder as well.
  return rest.length === 0 ? `${imageRegistry}/library/${image}` : `${imageRegistry}/${image}`;
}

function at(path: string, value: string): HelmValues {
  return path.split(".").reduceRight<HelmValues | string>((inner, key) => ({ [key]: inner }), value) as HelmValues;
}

/** An image that no chart names (a node, a registry cache), from the mirror where the stack has one. */
export function imageFor(image: string, imageRegistry: string | undefined): string {
  return imageRegistry === undefined ? image : mirrored(image, imageRegistry);
}

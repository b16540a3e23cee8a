/**
 * Which container caches which registry, and what tells the nodes about it.
 *
 * The nodes read `hosts.toml` files at every pull, so a cache that does not answer costs a moment and not the image. The
 * older way, mirrors in containerd's own configuration, keeps a node of today from starting.
 */
import type { Settings } from "../settings.ts";
import { stateFolder } from "./state-folder.ts";

/** Name of the container, and of the volume behind it: two clusters on one machine have two. */
export function cacheName(clusterName: string, registry: string): string {
  return `${clusterName}-cache-${registry.replaceAll(/[^a-z0-9]+/g, "-")}`;
}

/** Where a cache fetches what it does not have. Docker Hub alone serves images from another host than they are named for. */
export function upstreamOf(registry: string): string {
  return registry === "docker.io" ? "https://registry-1.docker.io" : `https://${registry}`;
}

/** Text of `hosts.toml` by registry: {@link https://github.com/containerd/containerd/blob/main/docs/hosts.md} */
export function registryHosts(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    settings.kind.pullThroughCaches.map(({ registry }) => [
      registry,
      [
        `server = "${upstreamOf(registry)}"`,
        "",
        `[host."http://${cacheName(settings.clusterName, registry)}:5000"]`,
        '  capabilities = ["pull", "resolve"]',
        "",
      ].join("\n"),
    ]),
  );
}

/** Folder of the `hosts.toml` files, relative to the project, from where kind makes it absolute. */
export function registriesFolder(stack: string): string {
  return `./${stateFolder}/${stack}/registries`;
}

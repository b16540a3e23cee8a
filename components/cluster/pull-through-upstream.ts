/** upstreamOf: where a cache fetches what it does not have yet. */

/** Docker Hub alone serves images from a host other than the one in their names. */
export function upstreamOf(registry: string): string {
  return registry === "docker.io" ? "https://registry-1.docker.io" : `https://${registry}`;
}

/**
 * PullThroughCaches: a container per registry that keeps what the kind nodes have pulled, so that a new cluster pulls
 * nothing twice.
 *
 * Loaded only by stacks that ask for it: Docker's provider is a plugin of its own, which nothing essential may need.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { imageFor } from "../images.ts";
import type { Settings } from "../settings.ts";
import { registryCacheImage } from "../versions.ts";
import { cacheName, upstreamOf } from "./pull-through-hosts.ts";

export interface PullThroughCachesArgs {
  readonly clusterName: string;
  readonly settings: Settings;
}

export class PullThroughCaches extends pulumi.ComponentResource {
  constructor(name: string, args: PullThroughCachesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:PullThroughCaches", name, {}, opts);
    // Which container engine stands in DOCKER_HOST, as for kind itself.
    const provider = new docker.Provider(`${name}-docker`, {}, { parent: this });
    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: imageFor(registryCacheImage, args.settings.imageRegistry), keepLocally: true },
      { parent: this, provider },
    );
    for (const { registry, port } of args.settings.kind.pullThroughCaches) {
      const container = cacheName(args.clusterName, registry);
      const volume = new docker.Volume(
        `${name}-volume-${registry}`,
        { name: container },
        // What was pulled outlives the cluster: that is what it is for. `docker volume rm` ends it.
        { parent: this, provider, retainOnDelete: true },
      );
      new docker.Container(
        `${name}-container-${registry}`,
        {
          name: container,
          image: image.imageId,
          restart: "unless-stopped",
          envs: [`REGISTRY_PROXY_REMOTEURL=${upstreamOf(registry)}`],
          // kind's own network, on which the nodes find the container by its name; the port is for people.
          networksAdvanced: [{ name: "kind" }],
          ports: [{ internal: 5000, external: port, ip: "127.0.0.1" }],
          volumes: [{ volumeName: volume.name, containerPath: "/var/lib/registry" }],
        },
        { parent: this, provider, deleteBeforeReplace: true },
      );
    }
    this.registerOutputs({});
  }
}

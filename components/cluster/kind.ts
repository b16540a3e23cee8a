/** KindCluster: nodes as containers on this machine, without a network plugin, and without kube-proxy when Cilium replaces it. */
import { basename } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { archiveFiles, builtNodeImage, imageInputs } from "../../scripts/kind-images/places.ts";
import { buildsImages, podImages } from "../built-images.ts";
import { imageFor } from "../images.ts";
import type { Settings } from "../settings.ts";
import { kindNodeImage } from "../versions.ts";
import type { ClusterHandle } from "./handle.ts";
import { kindConfig } from "./kind-config.ts";
import { localHandle, type LocalClusterArgs } from "./kwok.ts";
import { LifecycleResource } from "../provider/lifecycle-resource.ts";
import { registryHosts } from "./pull-through-hosts.ts";

class KindNodes extends LifecycleResource {
  declare readonly kubeconfig: pulumi.Output<string>;
  declare readonly uid: pulumi.Output<string>;
}

/** Upstream's node, which pulls what runs in it; or one built here, into which the images of pods are loaded. */
function nodeImages(settings: Settings): { readonly nodeImage: string; readonly archives?: readonly string[] } {
  if (!buildsImages(settings)) return { nodeImage: imageFor(kindNodeImage, settings.imageRegistry) };
  const archives = archiveFiles(podImages(settings)).map((file) => basename(file));
  return { nodeImage: builtNodeImage(imageInputs()), archives };
}

export class KindCluster extends pulumi.ComponentResource {
  readonly handle: ClusterHandle;

  constructor(name: string, args: LocalClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:cluster:KindCluster", name, {}, opts);
    const nodes = new KindNodes(
      "platform:kind:Nodes",
      `${name}-nodes`,
      {
        name: args.clusterName,
        stack: pulumi.getStack(),
        config: kindConfig(args.settings, pulumi.getStack()),
        registryHosts: registryHosts(args.settings),
        ...nodeImages(args.settings),
        kubeconfig: undefined,
        uid: undefined,
      },
      { parent: this, additionalSecretOutputs: ["kubeconfig"] },
    );
    this.handle = localHandle(this, name, args, nodes);
    this.registerOutputs({ kubeconfig: this.handle.kubeconfig });
  }
}

/**
 * PolicyBundles: puts plain manifests on the cluster and knows nothing of their meaning.
 *
 * One resource per object, so that a preview shows each policy that changes.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Manifest } from "../policies/bundle.ts";
import type { ClusterHandle } from "./cluster/handle.ts";
import { ownedBy } from "./owned.ts";

export interface PolicyBundlesArgs {
  readonly cluster: ClusterHandle;
  readonly manifests: readonly Manifest[];
  /** What must be there first besides what everything in the cluster comes after: the namespaces. */
  readonly after: readonly pulumi.Resource[];
  /** Who makes a namespace that is not the stack's own, by its name: objects in it come after that, no others do. */
  readonly addons: Readonly<Record<string, pulumi.Resource | undefined>>;
}

export class PolicyBundles extends pulumi.ComponentResource {
  constructor(name: string, args: PolicyBundlesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:policies:PolicyBundles", name, {}, { ...opts, providers: [args.cluster.provider] });
    for (const manifest of args.manifests) {
      const addon = args.addons[manifest.metadata.namespace ?? ""];
      const after = addon === undefined ? args.after : [...args.after, addon];
      applyManifest(policyResourceName(name, manifest), manifest, ownedBy(args.cluster, this, after));
    }
    this.registerOutputs({});
  }
}

/** Two kinds may share name and namespace; Pulumi tells those apart by type. */
export function policyResourceName(name: string, { metadata }: Manifest): string {
  return [name, metadata.namespace, metadata.name].filter((part) => part !== undefined).join("-");
}

function applyManifest(name: string, manifest: Manifest, opts: pulumi.CustomResourceOptions): pulumi.Resource {
  if (isNetworkPolicy(manifest)) {
    const { metadata, spec } = manifest;
    return new k8s.networking.v1.NetworkPolicy(name, { metadata, spec }, opts);
  }
  const { apiVersion, kind, metadata, spec } = manifest;
  return new k8s.apiextensions.CustomResource(name, { apiVersion, kind, metadata, spec }, opts);
}

interface NetworkPolicyManifest extends Manifest {
  readonly spec: k8s.types.input.networking.v1.NetworkPolicySpec & Manifest["spec"];
}

function isNetworkPolicy(manifest: Manifest): manifest is NetworkPolicyManifest {
  return manifest.apiVersion === "networking.k8s.io/v1" && manifest.kind === "NetworkPolicy";
}

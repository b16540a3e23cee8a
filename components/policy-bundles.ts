/**
 * PolicyBundles: puts plain manifests on the cluster and knows nothing of what they allow.
 *
 * One resource per object, so that a preview shows each policy that changes.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Manifest } from "../policies/bundle.ts";
import { kyvernoNamespace } from "../policies/names.ts";
import type { ClusterHandle } from "./cluster/handle.ts";
import { ownedBy } from "./owned.ts";

export interface PolicyBundlesArgs {
  readonly cluster: ClusterHandle;
  readonly manifests: readonly Manifest[];
  /** What must be there first besides what everything in the cluster comes after: the namespaces. */
  readonly after: readonly pulumi.Resource[];
  /** The stack's own namespaces, by name: what lies in one of them goes with it. */
  readonly namespaces: Readonly<Record<string, pulumi.Resource>>;
  /** Who makes a namespace that is not the stack's own, by its name: objects in it come after that, no others do. */
  readonly addons: Readonly<Record<string, pulumi.Resource | undefined>>;
}

export class PolicyBundles extends pulumi.ComponentResource {
  constructor(name: string, args: PolicyBundlesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("platform:policies:PolicyBundles", name, {}, { ...opts, providers: [args.cluster.provider] });
    const { cluster, manifests, after, addons, namespaces } = args;
    const protectable = manifests
      .filter((manifest) => !judgesRequests(manifest))
      .flatMap((manifest) => {
        const { namespace = "" } = manifest.metadata;
        const own = ownedBy(cluster, this, defined([...after, addons[namespace]]));
        // Asked to go before its namespace, an object that Kyverno protects would be refused.
        const together = namespaces[namespace] === undefined ? {} : { deletedWith: namespaces[namespace] };
        const applied = applyManifest(policyResourceName(name, manifest), manifest, { ...own, ...together });
        return isNetworkPolicy(manifest) ? [applied] : [];
      });
    // After what they protect, so before it when all goes: a stack that takes itself away is not refused.
    for (const manifest of manifests.filter(judgesRequests)) {
      const own = ownedBy(cluster, this, defined([...after, addons[kyvernoNamespace], ...protectable]));
      applyManifest(policyResourceName(name, manifest), manifest, own);
    }
    this.registerOutputs({});
  }
}

/** Of a kind that Kyverno brings, and brings to life. */
function judgesRequests({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith("policies.kyverno.io/");
}

function defined(resources: readonly (pulumi.Resource | undefined)[]): readonly pulumi.Resource[] {
  return resources.filter((resource) => resource !== undefined);
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

/** LifecycleResource: how a component asks for a resource that the project makes itself. */
import * as pulumi from "@pulumi/pulumi";

import type { LifecycleType } from "./lifecycles.ts";

/** A resource made by one of our lifecycle modules, through the provider in components/provider. */
export class LifecycleResource extends pulumi.CustomResource {
  /**
   * @param type Its type token: which lifecycle makes it.
   * @param props Inputs, and outputs as `undefined`.
   * @param opts A provider in it is for the objects inside the cluster and is not this resource's.
   */
  constructor(type: LifecycleType, name: string, props: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    const { provider: _ofTheCluster, ...own } = opts;
    super(type, name, props, own);
  }
}

/** Lifecycle: a resource whose create, read, diff, update and delete are ordinary functions of this project. */
import * as pulumi from "@pulumi/pulumi";

import type { LifecycleType } from "../provider/lifecycles.ts";

/** What a lifecycle module exports as `lifecycle`. It runs in the provider's process, in the project's folder. */
export interface Lifecycle<Inputs extends object, Outputs extends Inputs> {
  /** What changed, without touching anything. */
  diff(id: string, olds: Outputs, news: Inputs): Promise<LifecycleDiff>;
  create(inputs: Inputs): Promise<{ id: string; outs: Outputs }>;
  /** What is really there; `undefined` when it is gone, so that the next `up` makes it anew. */
  read(id: string, props: Outputs): Promise<Outputs | undefined>;
  update(id: string, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }>;
  /** Idempotent: what is gone already is no error. */
  delete(id: string, props: Outputs): Promise<void>;
}

export interface LifecycleDiff {
  readonly changes: boolean;
  /** Inputs whose change cannot be made in place. */
  readonly replaces?: string[];
}

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

/**
 * Lifecycle: a resource whose create, read, diff, update and delete are ordinary functions of this project.
 *
 * Pulumi's dynamic providers serialise their code into the state, where a later fix never reaches it, and need the
 * TypeScript compiler at every preview to do so. Here the state holds only a loader of a few lines that imports the
 * named module at the time of use: fixes arrive, and a preview loads no compiler.
 */
import * as pulumi from "@pulumi/pulumi";

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

/** The code that goes into the state: the same on every machine, so it never shows as a difference. */
export function loaderFor(modulePath: string): string {
  return [
    "exports.handler = () => {",
    `  const load = async () => (await import(require("node:url").pathToFileURL(require("node:path").resolve(${JSON.stringify(modulePath)})).href)).lifecycle;`,
    "  return {",
    "    diff: async (id, olds, news) => ({ deleteBeforeReplace: true, ...(await (await load()).diff(id, olds, news)) }),",
    "    create: async (inputs) => (await load()).create(inputs),",
    '    read: async (id, props) => { const found = await (await load()).read(id, props); return found === undefined ? { id: "" } : { id, props: found }; },',
    "    update: async (id, olds, news) => (await load()).update(id, olds, news),",
    "    delete: async (id, props) => (await load()).delete(id, props),",
    "  };",
    "};",
  ].join("\n");
}

/** Base of resources made by a lifecycle module. */
export class LifecycleResource extends pulumi.CustomResource {
  /**
   * @param type `<module>:<Type>`; shows as `pulumi-nodejs:dynamic/<module>:<Type>`.
   * @param modulePath The lifecycle module, relative to the project.
   * @param props Inputs, and outputs as `undefined`.
   * @param opts A provider in it is for the objects inside the cluster and is not this resource's.
   */
  constructor(
    type: `${string}:${string}`,
    modulePath: string,
    name: string,
    props: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions,
  ) {
    const { provider: _ofTheCluster, ...own } = opts;
    super(`pulumi-nodejs:dynamic/${type}`, name, { ...props, __provider: loaderFor(modulePath) }, own);
  }
}

/** Lifecycle: a resource whose create, read, diff, update and delete are ordinary functions of this project. */

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

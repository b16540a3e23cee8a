/** Which resources the project makes itself, and the module that knows how: loaded when the first of its kind is touched. */
import type { Lifecycle } from "../provider/lifecycle.ts";

/** What the engine hands over are plain properties; each module trusts those its own component gave it. */
type AnyLifecycle = Lifecycle<object, object>;

export const lifecycles = {
  "platform:kwok:ControlPlane": async () => (await import("../cluster/kwok-lifecycle.ts")).lifecycle,
  "platform:kind:Nodes": async () => (await import("../cluster/kind-lifecycle.ts")).lifecycle,
  "platform:cilium:OperatorProcess": async () => (await import("../cilium/operator-lifecycle.ts")).lifecycle,
  "platform:cilium:Ready": async () => (await import("../cilium/ready-lifecycle.ts")).lifecycle,
  "platform:kyverno:Uninstall": async () => (await import("../kyverno/uninstall-lifecycle.ts")).lifecycle,
} as const satisfies Record<string, () => Promise<AnyLifecycle>>;

/** Type token of a resource the project makes itself. */
export type LifecycleType = keyof typeof lifecycles;

/** The lifecycle of a type token; throws for one that is none of ours. */
export async function lifecycleOf(type: string): Promise<AnyLifecycle> {
  if (!(type in lifecycles)) throw new Error(`the provider platform makes no ${type}`);
  return await lifecycles[type as LifecycleType]();
}

/** Routing: the mode a stack ends up with. */
import type { ClusterFacts } from "../cluster/handle.ts";
import type { Settings } from "../settings.ts";

/** The stack's own word, or what the target does best. */
export function routingOf(settings: Settings, facts: ClusterFacts): "native" | "tunnel" {
  return settings.cilium.routing ?? facts.routing[0];
}

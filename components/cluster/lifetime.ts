/**
 * Lifetime: whether a cluster is made on this machine to be thrown away, or is kept and shared.
 *
 * A file of its own, because the command line asks before anything of Pulumi is loaded.
 */
import type { Target } from "../settings.ts";

export type Lifetime = "throwaway" | "lasting";

export function lifetimeOf(target: Target): Lifetime {
  switch (target) {
    case "kwok":
    case "kind":
      return "throwaway";
    case "aks":
    case "existing":
      return "lasting";
  }
}

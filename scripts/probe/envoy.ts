/** Envoy: rules that do nothing, and keep all other rules of a pod from being enforced, where no Envoy runs. */
import { originText } from "../../policies/reachability/explain.ts";
import type { Rule } from "../../policies/reachability/index.ts";

export interface EnvoyRule {
  /** `cnp dev/api spec.ingress[0]: http`. */
  readonly text: string;
}

/** HTTP, server names, inspected TLS and listeners; DNS is Cilium's own. */
export function needsEnvoy(rules: readonly Rule[]): readonly EnvoyRule[] {
  return rules.flatMap(({ origin, scope }) => {
    const kinds = scope.kind === "everything" ? [] : scope.rules.map(({ l7 }) => l7.kind);
    const found = [...new Set(kinds)].filter((kind) => kind !== "none" && kind !== "dns");
    return found.map((kind) => ({ text: `${originText(origin)}: ${kind}` }));
  });
}

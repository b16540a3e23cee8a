/** A case of the compatibility matrix: a stack, the whole of what is said about it, and the nearest stack that is fine. */
import type { ChosenBundle } from "../../components/cilium/compatibility-row.ts";
import type { BundleFeature } from "../../policies/bundle.ts";
import type { judgementOf, Written } from "../support/judged.ts";

export interface MatrixCase {
  /** Number in docs/compatibility.md. */
  readonly row: number;
  /** Continues "refuses" or "tells of". */
  readonly title: string;
  readonly stack: Written;
  readonly more?: NonNullable<Parameters<typeof judgementOf>[1]>;
  readonly text: string;
  /** Absent where nothing near is allowed. */
  readonly nearMiss?: Written;
}

/** Kyverno is left out because it would warn of its own about the local Kubernetes. */
export const kind: Written = { target: "kind", kyverno: { enabled: false } };
export const aks: Written = { target: "aks" };

/** The `cilium` block with Helm values of the stack's own. */
export function own(values: Written, settings: Written = {}): Written {
  return { cilium: { ...settings, values } };
}

export function existing(block: Written, cilium: Written = {}): Written {
  const facts = { podCidr: "100.64.0.0/16", apiServerHost: "api.example.com", ...block };
  return { target: "existing", kubeconfig: "secret", existing: facts, cilium };
}

export function bundle(
  name: string,
  ...needs: readonly ("l7Proxy" | "authentication" | BundleFeature)[]
): ChosenBundle {
  const features = needs.filter((need) => need !== "l7Proxy" && need !== "authentication");
  return {
    name,
    needs: { l7Proxy: needs.includes("l7Proxy"), authentication: needs.includes("authentication"), features },
  };
}

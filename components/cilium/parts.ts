/** What policies must know of Cilium: which of its parts run as pods. */
import type { CiliumPart } from "../../policies/bundle.ts";
import type { HelmValues } from "../chart.ts";
import { isTrueToHelm, valueAt } from "../helm-values.ts";

/** Of merged values, as the chart reads them. */
export function ciliumParts(values: HelmValues): readonly CiliumPart[] {
  const isOn = (path: string, fallback: "on" | "off"): boolean =>
    isTrueToHelm(valueAt(values, path) ?? fallback === "on");
  const spire = "authentication.mutual.spire";
  return [
    "agent",
    ...(isOn("l7Proxy", "on") && isOn("envoy.enabled", "on") ? (["envoy"] as const) : []),
    "operator",
    ...(isOn("hubble.enabled", "on") && isOn("hubble.tls.enabled", "on") && isOn("hubble.tls.auto.enabled", "on")
      ? (["certificates"] as const)
      : []),
    ...(isOn("authentication.enabled", "off") &&
    isOn(`${spire}.enabled`, "off") &&
    isOn(`${spire}.install.enabled`, "on")
      ? (["spire"] as const)
      : []),
  ];
}

/** Drift: settings of the agents that are not what the stack says: changed behind its back, or not rolled out since. */
import type { HelmValues } from "../../components/chart.ts";
import { valueAt } from "../../components/helm-values.ts";
import type { Examined } from "./examined.ts";

/** Helm value → key of cilium-config, as templates/cilium-configmap.yaml of the chart has them. */
const keys: readonly (readonly [string, string])[] = [
  ["kubeProxyReplacement", "kube-proxy-replacement"],
  ["routingMode", "routing-mode"],
  ["tunnelProtocol", "tunnel-protocol"],
  ["ipam.mode", "ipam"],
  ["bpf.masquerade", "enable-bpf-masquerade"],
  ["policyEnforcementMode", "enable-policy"],
  ["policyAuditMode", "policy-audit-mode"],
  ["l7Proxy", "enable-l7-proxy"],
  ["hubble.enabled", "enable-hubble"],
  ["authentication.enabled", "mesh-auth-enabled"],
  ["l2announcements.enabled", "enable-l2-announcements"],
  ["sctp.enabled", "enable-sctp"],
];

/** A key that the chart leaves out stands for `false`; a value that nobody says is the chart's own affair. */
export function drift(values: HelmValues, config: Readonly<Record<string, string>>): Examined {
  const said = keys.flatMap(([path, key]) => {
    const value = valueAt(values, path);
    return typeof value === "string" || typeof value === "boolean" ? [{ key, wanted: String(value) }] : [];
  });
  const differing = said.filter(({ key, wanted }) => (config[key] ?? "false") !== wanted);
  return {
    what: `cilium-config in ${String(said.length)} settings as the stack says`,
    ...(differing.length === 0
      ? {}
      : {
          wrong: differing
            .map(({ key, wanted }) => `${key} is ${config[key] ?? "not there"}, not ${wanted}`)
            .join("; "),
          next: "npm run preview -- <stack> --refresh",
        }),
  };
}

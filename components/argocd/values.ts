/**
 * Helm values for Argo CD, and what they come to in its ConfigMaps. Pure: the same settings and
 * facts give the same values.
 */
import type { HelmValues } from "../chart.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import { isMap, valueAt } from "../helm-values.ts";
import type { Settings } from "../settings.ts";

/** A part that keeps the chart's own policy. */
const networkPolicy = { create: true };

export function argoCdValues({ observability }: Pick<Settings, "observability">, facts: ClusterFacts): HelmValues {
  // The monitor selects a Service that exists only with the metrics.
  const metrics = {
    enabled: observability.serviceMonitors,
    serviceMonitor: { enabled: observability.serviceMonitors },
  };
  // A cluster on one machine signs nobody in through a company and notifies nobody.
  const companyParts = { enabled: facts.lifetime === "lasting", networkPolicy };
  return {
    // The chart's own policy of the server lets everyone in, and what one policy allows no other one takes back: it is
    // left out, and those of the other parts stay.
    global: { networkPolicy: { create: false } },
    configs: {
      params: {
        // One key with a dot in it. TLS ends at the Gateway or is not wanted on a port of this machine.
        "server.insecure": true,
      },
      cm: {
        // Defaults of today, written out: an upgrade that loosens one of them shows up as a difference here.
        "admin.enabled": true,
        "exec.enabled": false,
        "users.anonymous.enabled": false,
      },
    },
    // The way in from outside is a Service of our own or the Gateway; this one keeps no ports for it.
    server: { service: { type: "ClusterIP" }, metrics },
    controller: { metrics, networkPolicy },
    repoServer: { metrics, networkPolicy },
    applicationSet: { metrics, networkPolicy },
    redis: { networkPolicy },
    dex: companyParts,
    notifications: companyParts,
    "redis-ha": { enabled: false },
  };
}

/** Contents of the two ConfigMaps that Argo CD reads its parameters from, by name. */
export type ArgoCdParameters = Readonly<Record<"argocd-cmd-params-cm" | "argocd-cm", Readonly<Record<string, string>>>>;

/**
 * What the values say about Argo CD's parameters, as the entries they come to in the cluster.
 *
 * Where the chart could be had it writes the same entries; where Argo CD comes from its plain manifests, which know no
 * values, these entries are all that carries the stack's choice.
 */
export function argoCdParameters(values: HelmValues): ArgoCdParameters {
  return {
    "argocd-cmd-params-cm": entries(valueAt(values, "configs.params")),
    "argocd-cm": entries(valueAt(values, "configs.cm")),
  };
}

/** The two keys of the block that are about the ConfigMap itself and not in it. */
const aboutTheConfigMap = ["create", "annotations"];

function entries(block: unknown): Record<string, string> {
  if (!isMap(block)) return {};
  return Object.fromEntries(
    Object.entries(block)
      .filter(([key]) => !aboutTheConfigMap.includes(key))
      .map(([key, value]): [string, string] => [key, String(value)])
      // The chart leaves such an entry out.
      .filter(([, value]) => value !== ""),
  );
}

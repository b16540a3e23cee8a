/**
 * Helm values of Hubble, metrics, service monitors and dashboards.
 */
import type { HelmValues } from "../chart.ts";
import type { Settings } from "../settings.ts";

/** The operator's part stands apart because the operator has values of other concerns too. */
export function observabilityValues(settings: Settings): { readonly operator: HelmValues; readonly rest: HelmValues } {
  const { prometheus } = settings.cilium;
  const { serviceMonitors, dashboards } = settings.observability;
  const metrics = { enabled: prometheus, serviceMonitor: { enabled: prometheus && serviceMonitors } };
  return {
    operator: { prometheus: metrics, dashboards: { enabled: dashboards } },
    rest: {
      prometheus: {
        ...metrics,
        // One switch for all monitors. The chart otherwise asks the API server for the CRD, which a preview has not.
        serviceMonitor: { ...metrics.serviceMonitor, trustCRDsExist: serviceMonitors },
      },
      envoy: { prometheus: metrics },
      dashboards: { enabled: dashboards },
      hubble: hubbleValues(settings),
    },
  };
}

/** The UI needs the relay and the relay needs Hubble, so each brings or takes the other along. */
function hubbleValues(settings: Settings): HelmValues {
  const { hubble, prometheus } = settings.cilium;
  const { serviceMonitors, dashboards } = settings.observability;
  // Certificates from a job: the chart's own method makes new ones at every rendering, a difference without end.
  const tls = { auto: { method: "cronJob" } };
  if (!hubble.enabled) return { enabled: false, tls, relay: { enabled: false }, ui: { enabled: false } };
  const counted = hubble.metrics.length > 0;
  return {
    enabled: true,
    tls,
    relay: {
      enabled: hubble.relay || hubble.ui,
      service: serviceValues(hubble.relayService, hubble.relayNodePort),
      prometheus: { enabled: prometheus, serviceMonitor: { enabled: prometheus && serviceMonitors } },
    },
    ui: { enabled: hubble.ui, service: serviceValues(hubble.uiService, hubble.uiNodePort) },
    metrics: {
      enabled: counted ? hubble.metrics : null,
      serviceMonitor: { enabled: counted && serviceMonitors },
      dashboards: { enabled: counted && dashboards },
    },
  };
}

function serviceValues(type: "ClusterIP" | "NodePort", nodePort: number): HelmValues {
  return type === "NodePort" ? { type, nodePort } : { type };
}

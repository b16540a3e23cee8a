/**
 * Names that NGINX Gateway Fabric and its chart give to things, computed as they compute them.
 *
 * Selectors, backends and policies take them from here: the static manifests of the same project use other names, and a
 * selector that is wrong by one word selects nothing.
 */

export interface GatewayNames {
  /** Deployment and Service of the control plane. */
  readonly controlPlane: string;
  /** `app.kubernetes.io/name` and `app.kubernetes.io/instance` of the control plane's pods. */
  readonly controlPlaneLabels: Readonly<Record<string, string>>;
  /** The NginxProxy object that the chart makes of its values. */
  readonly proxyConfig: string;
  /** Deployment, Service and ServiceAccount of the data plane, in the Gateway's own namespace. */
  readonly dataPlane: string;
  /** Labels of the data plane's pods. */
  readonly dataPlaneLabels: Readonly<Record<string, string>>;
}

const chartName = "nginx-gateway-fabric";

export function namesOfGateway(release: string, gateway: string, gatewayClass: string): GatewayNames {
  const controlPlane = release.includes(chartName) ? release : `${release}-${chartName}`;
  const dataPlane = `${gateway}-${gatewayClass}`;
  return {
    controlPlane,
    controlPlaneLabels: { "app.kubernetes.io/name": chartName, "app.kubernetes.io/instance": release },
    proxyConfig: `${release}-proxy-config`,
    dataPlane,
    dataPlaneLabels: {
      "app.kubernetes.io/name": dataPlane,
      "app.kubernetes.io/instance": release,
      "app.kubernetes.io/managed-by": `${release}-${gatewayClass}`,
      "gateway.networking.k8s.io/gateway-name": gateway,
    },
  };
}

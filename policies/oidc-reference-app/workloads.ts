/** Workloads of the OIDC reference application: where each runs, and the labels by which policies know it. */
import type { BundleContext, GatewayPods } from "../bundle.ts";
import type { Workload } from "../edges.ts";
import { gatewayControlNamespace } from "../names.ts";

export type Choices = BundleContext["choices"]["oidcReferenceApp"];

function labelled(namespace: string, name: string, component: string): Workload {
  return { namespace, labels: { "app.kubernetes.io/name": name, "app.kubernetes.io/component": component } };
}

/** One copy of the application, by what its workloads are called in edges and promises. */
export function environmentWorkloads(namespace: string, { frontends, serviceBus }: Choices) {
  const azurite = labelled(namespace, "azurite", "storage");
  return {
    "oauth2-proxy": labelled(namespace, "oauth2-proxy-frontend", "auth-proxy"),
    frontend: labelled(namespace, "frontend-react-keycloak-protected", "frontend"),
    api: labelled(namespace, "api-fastapi-keycloak", "backend"),
    azurite,
    warmup: labelled(namespace, "subnetcalc-telemetry-warmup", "telemetry"),
    /** In the pod of the storage it has no network, and no address, of its own. */
    ...(serviceBus === "pod" ? { servicebus: labelled(namespace, "servicebus-emulator", "messaging") } : {}),
    frontends: Object.fromEntries(frontends.map((name) => [name, labelled(namespace, name, "frontend")])),
  };
}

export type EnvironmentWorkloads = ReturnType<typeof environmentWorkloads>;

export function keycloak({ identityNamespace }: Choices): Workload {
  return labelled(identityNamespace, "keycloak", "identity");
}

/** One for each environment. The first bears no name of an environment. */
export function apimSimulatorName(environment: string, { environments }: Choices): string {
  return environment === environments[0] ? "apim-simulator" : `apim-simulator-${environment}`;
}

export function apimSimulator(environment: string, choices: Choices): Workload {
  return labelled(choices.apimNamespace, apimSimulatorName(environment, choices), "gateway");
}

/** The data plane of a Gateway of the application's own, `apim-gateway`, beside the simulators. */
export function apimGateway({ apimNamespace }: Choices, { dataPlaneLabels }: GatewayPods): Workload {
  const own = {
    "app.kubernetes.io/name": "apim-gateway-nginx",
    "gateway.networking.k8s.io/gateway-name": "apim-gateway",
  };
  return { namespace: apimNamespace, labels: { ...dataPlaneLabels, ...own } };
}

export function gatewayControlPlane({ controlPlaneLabels }: GatewayPods): Workload {
  return { namespace: gatewayControlNamespace, labels: controlPlaneLabels };
}

export function collector(namespace: string): Workload {
  return labelled(namespace, "signoz", "otel-collector");
}

/** Ports of containers. Those of storage and messaging are the stack's choice. */
export const appPorts = {
  proxy: 4180,
  frontend: 80,
  api: 80,
  keycloak: 8080,
  apim: 8000,
  controlPlane: 8443,
  collector: 4318,
  outside: 443,
} as const;

/** Who may talk to whom in the OIDC reference application, every connection once. */
import type { BundleContext } from "../bundle.ts";
import type { Edge } from "../edges.ts";
import { dataPlane } from "../gateway/bundle.ts";
import {
  apimGateway,
  apimSimulator,
  apimSimulatorName,
  appPorts,
  type Choices,
  collector,
  environmentWorkloads,
  gatewayControlPlane,
  keycloak,
} from "./workloads.ts";

/** Those whose both ends something of the stack's closes. */
export function appEdges(context: BundleContext): readonly Edge[] {
  const choices = context.choices.oidcReferenceApp;
  const environments = [...new Set(choices.environments)];
  return [
    ...environments.flatMap((environment) => environmentEdges(environment, context)),
    ...environments.map((environment) => simulatorEdge(environment, context)),
    ...sharedIdentity(context),
  ].filter(({ from, ports }) => Object.keys(from).length > 0 && ports.length > 0);
}

/** In one environment: proxy, frontends, API and what is behind it. */
function environmentEdges(
  environment: string,
  { gateway, choices: { oidcReferenceApp } }: BundleContext,
): readonly Edge[] {
  const { frontends, servicebus, ...app } = environmentWorkloads(environment, oidcReferenceApp);
  const { storagePorts, messagingPorts, serviceBus } = oidcReferenceApp;
  const proxy = { "oauth2-proxy": app["oauth2-proxy"] };
  const messaging = serviceBus === "pod" ? servicebus : serviceBus === "sidecar" ? app.azurite : undefined;
  return [
    {
      // The gateway has a policy for each environment, so their names differ.
      name: `oauth2-proxy-${environment}`,
      server: "oauth2-proxy",
      description: "Whoever comes in is asked to sign in first.",
      from: gateway === undefined ? {} : { gateway: dataPlane(gateway) },
      to: app["oauth2-proxy"],
      ports: [appPorts.proxy],
    },
    ...Object.entries({ frontend: app.frontend, ...frontends }).map(([name, frontend]): Edge => ({
      name,
      description: "Whoever has signed in sees the frontend.",
      from: proxy,
      to: frontend,
      ports: [appPorts.frontend],
    })),
    {
      name: "api",
      description: "API Management, frontends that call by themselves and the warm-up call the API.",
      from: {
        [apimSimulatorName(environment, oidcReferenceApp)]: apimSimulator(environment, oidcReferenceApp),
        warmup: app.warmup,
        ...frontends,
      },
      to: app.api,
      ports: [appPorts.api],
    },
    {
      name: "azurite",
      description: "The API, and the emulator that keeps its messages there, use the storage.",
      from: { api: app.api, ...(servicebus === undefined ? {} : { servicebus }) },
      to: app.azurite,
      ports: storagePorts,
    },
    ...(messaging === undefined
      ? []
      : [
          {
            name: "servicebus",
            description: "The API sends and receives messages.",
            from: { api: app.api },
            to: messaging,
            ports: messagingPorts,
          },
        ]),
    {
      name: `keycloak-${environment}`,
      server: "keycloak",
      description: `Proxy and API of ${environment} ask who is signed in.`,
      from: { ...proxy, api: app.api },
      to: keycloak(oidcReferenceApp),
      ports: [appPorts.keycloak],
    },
  ];
}

/** The browser's calls come by the gateway, never from the frontend. */
function simulatorEdge(environment: string, { gateway, choices: { oidcReferenceApp } }: BundleContext): Edge {
  const first = environment === oidcReferenceApp.environments[0];
  return {
    name: apimSimulatorName(environment, oidcReferenceApp),
    description: `Calls to the API of ${environment} pass API Management.`,
    from:
      gateway === undefined
        ? {}
        : {
            gateway: dataPlane(gateway),
            ...(first ? { "apim-gateway": apimGateway(oidcReferenceApp, gateway) } : {}),
          },
    to: apimSimulator(environment, oidcReferenceApp),
    ports: [appPorts.apim],
  };
}

function sharedIdentity({ gateway, choices: { oidcReferenceApp } }: BundleContext): readonly Edge[] {
  return [
    {
      name: "keycloak",
      description: "People sign in by the gateway, and API Management checks their tokens.",
      from: {
        ...(gateway === undefined
          ? {}
          : { gateway: dataPlane(gateway), "apim-gateway": apimGateway(oidcReferenceApp, gateway) }),
        ...Object.fromEntries(
          oidcReferenceApp.environments.map((environment) => [
            apimSimulatorName(environment, oidcReferenceApp),
            apimSimulator(environment, oidcReferenceApp),
          ]),
        ),
      },
      to: keycloak(oidcReferenceApp),
      ports: [appPorts.keycloak],
    },
  ];
}

/** The other side belongs to the bundle `gateway`, which takes every data plane. */
export function controlPlaneEdges({ gateway, choices: { oidcReferenceApp } }: BundleContext): readonly Edge[] {
  if (gateway === undefined) return [];
  return [
    {
      name: "control-plane",
      description: "The data plane asks for its configuration.",
      from: { "apim-gateway": apimGateway(oidcReferenceApp, gateway) },
      to: gatewayControlPlane(gateway),
      ports: [appPorts.controlPlane],
    },
  ];
}

/** The other side is written only where the stack has closed it: in an open namespace it would close the collector. */
export function collectorEdges({ choices: { oidcReferenceApp } }: BundleContext): readonly Edge[] {
  const { collectorNamespace } = oidcReferenceApp;
  if (collectorNamespace === undefined) return [];
  return [
    {
      name: "collector",
      description: "The API reports what it does.",
      from: Object.fromEntries(
        oidcReferenceApp.environments.map((environment) => [
          `api-${environment}`,
          environmentWorkloads(environment, oidcReferenceApp).api,
        ]),
      ),
      to: collector(collectorNamespace),
      ports: [appPorts.collector],
    },
  ];
}

/** Exact names outside the cluster that the API of each environment may call. */
export function outsideNames({ apiNames }: Choices): readonly string[] {
  return [...new Set(apiNames)];
}

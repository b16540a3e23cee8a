/** OIDC reference application: sign-in at a proxy, a frontend, API Management, an API and what is behind it, per environment. */
import type { Bundle, BundleContext, Manifest } from "../bundle.ts";
import { bothSides, clientSides, serverSide } from "../edges.ts";
import { namedEgress } from "../named-egress.ts";
import { environmentLabel, gatewayAccessLabel, present } from "../names.ts";
import { appEdges, collectorEdges, controlPlaneEdges, outsideNames } from "./edges.ts";
import { appExamples } from "./examples.ts";
import { appPromises } from "./promises.ts";
import { appPorts, environmentWorkloads } from "./workloads.ts";

export const oidcReferenceApp: Bundle = {
  name: "oidc-reference-app",
  version: "1.0.0",
  promise:
    "People reach the application by signing in, it reaches its API by API Management, and no part of it reaches another but by a listed connection.",
  namespacesOf: ({ oidcReferenceApp: { environments, identityNamespace, apimNamespace } }) => {
    // Whoever the gateway forwards to attaches its routes.
    const routed = { [gatewayAccessLabel]: present };
    return [
      ...environments.map((environment) => ({
        namespace: environment,
        setting: "environments",
        labels: { ...routed, [environmentLabel]: environment },
      })),
      { namespace: identityNamespace, setting: "identityNamespace", labels: routed },
      { namespace: apimNamespace, setting: "apimNamespace", labels: routed },
    ];
  },
  // Server names are read by the proxy.
  needs: ({ choices }) => ({ l7Proxy: choices.oidcReferenceApp.apiNames.length > 0, authentication: false }),
  manifests: (context) => {
    const { authenticatedEdges } = context.choices;
    return [
      ...appEdges(context).flatMap((edge) => bothSides(edge, authenticatedEdges)),
      ...controlPlaneEdges(context).flatMap((edge) => clientSides(edge, authenticatedEdges)),
      ...collectorEdges(context).flatMap((edge) => [
        ...(context.isolatedNamespaces.includes(edge.to.namespace) ? [serverSide(edge, authenticatedEdges)] : []),
        ...clientSides(edge, authenticatedEdges),
      ]),
      ...outside(context),
    ];
  },
  edges: (context) => [...appEdges(context), ...controlPlaneEdges(context), ...collectorEdges(context)],
  promises: appPromises,
  examples: appExamples,
};

function outside({ choices: { oidcReferenceApp: choices } }: BundleContext): readonly Manifest[] {
  return choices.environments.flatMap((environment) =>
    namedEgress({
      name: "api-outside",
      description: "The API may call these names outside the cluster, over TLS.",
      from: environmentWorkloads(environment, choices).api,
      names: outsideNames(choices),
      ports: [appPorts.outside],
      serverName: "required",
    }),
  );
}

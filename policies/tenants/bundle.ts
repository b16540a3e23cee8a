/**
 * Tenants: teams in namespaces of their own. Whatever one of them may do is said by the stack, edge by edge, and rendered
 * on both sides; everything else between them stays closed.
 */
import type { Bundle, BundleContext, GatewayPods, Manifest } from "../bundle.ts";
import { bothSides, type Edge, networkPolicy } from "../edges.ts";
import { dataPlane, dataPlaneExamples } from "../gateway/bundle.ts";
import { examplePods, pod } from "../inventory.ts";
import { namedEgress } from "../named-egress.ts";
import { ciliumNamespaceKey } from "../names.ts";
import { callersOf, peerName, promisesOf } from "./promises.ts";
import type { Tenant, TenantWorkload } from "./tenant.ts";

export const tenants: Bundle = {
  name: "tenants",
  version: "1.0.0",
  promise:
    "A tenant's pods are reached by the callers and through the routes that the stack lists, reach the outside names it lists, and no other tenant.",
  // What is outside is reached by name, which takes a look into questions for names.
  needs: (context) => ({
    l7Proxy: context.tenants.some(({ workloads }) => workloads.some(({ externalNames }) => externalNames.length > 0)),
    authentication: false,
  }),
  manifests: (context) =>
    context.tenants.flatMap((tenant) => [
      ...(tenant.within === "open" ? tenant.namespaces.map((namespace) => openWithin(tenant, namespace)) : []),
      ...tenant.workloads.flatMap((workload) => [
        ...edgesTo(tenant, workload, context).flatMap((edge) => bothSides(edge, context.choices.authenticatedEdges)),
        ...outsideOf(tenant, workload),
      ]),
    ]),
  edges: (context) =>
    context.tenants.flatMap((tenant) => tenant.workloads.flatMap((workload) => edgesTo(tenant, workload, context))),
  promises: (context) => [...promisesOf(context), ...context.tenants.flatMap(({ promises }) => promises)],
  examples: (context) => [
    ...(context.gateway === undefined ? [] : dataPlaneExamples(context.gateway)),
    ...context.tenants.flatMap(({ namespaces, workloads }) => [
      ...namespaces.flatMap(examplePods),
      ...workloads.flatMap(workloadPods),
    ]),
  ],
};

/** Two, because pods of one workload may or may not call each other. */
function workloadPods(workload: TenantWorkload): readonly Manifest[] {
  const { namespace, name, labels } = workload;
  const ports = workload.ports.map((port) => ({ name: `tcp-${String(port)}`, containerPort: port }));
  return [name, peerName(workload)].map((each) => pod(namespace, each, labels, ports));
}

/** A workload's policies begin with this, so that those of two tenants never share a name in a caller's namespace. */
function policyName(tenant: Tenant, workload: TenantWorkload): string {
  return `${tenant.name}.${workload.name}`;
}

function openWithin({ name, namespaces }: Tenant, namespace: string): Manifest {
  const peers = [{ matchExpressions: [{ key: ciliumNamespaceKey, operator: "In" as const, values: namespaces }] }];
  return networkPolicy(namespace, "within-tenant", {
    description: `Pods of the tenant ${name} reach each other.`,
    endpointSelector: {},
    ingress: [{ fromEndpoints: peers }],
    egress: [{ toEndpoints: peers }],
  });
}

/** From its callers, and from the gateway where it has a route. */
function edgesTo(tenant: Tenant, workload: TenantWorkload, context: BundleContext): readonly Edge[] {
  return [
    ...callEdge(tenant, workload, context),
    ...(context.gateway === undefined ? [] : routeEdge(tenant, workload, context.gateway)),
  ];
}

function callEdge(tenant: Tenant, workload: TenantWorkload, context: BundleContext): readonly Edge[] {
  const from = Object.fromEntries(
    callersOf(tenant, workload, context.tenants).map(({ tenant: { name }, workload: caller }) => [
      `${name}.${caller.name}`,
      caller,
    ]),
  );
  if (Object.keys(from).length === 0) return [];
  return [
    {
      name: policyName(tenant, workload),
      description: `Callers of ${workload.name} of the tenant ${tenant.name} reach its ports.`,
      from,
      to: workload,
      ports: workload.ports,
    },
  ];
}

function routeEdge(tenant: Tenant, workload: TenantWorkload, gateway: GatewayPods): readonly Edge[] {
  const { route } = workload;
  if (route === undefined) return [];
  return [
    {
      name: `${policyName(tenant, workload)}-route`,
      server: policyName(tenant, workload),
      description: `The gateway forwards to ${workload.name} of the tenant ${tenant.name}.`,
      from: { gateway: dataPlane(gateway) },
      to: workload,
      ports: [route.targetPort],
    },
  ];
}

/** On 443 the handshake has to ask for one of the names: what shares their addresses stays closed. */
function outsideOf(tenant: Tenant, workload: TenantWorkload): readonly Manifest[] {
  return workload.externalNames.flatMap(({ names, ports }, index) => {
    const name = `${policyName(tenant, workload)}-names-${String(index + 1)}`;
    const plain = ports.filter((port) => port !== tlsPort);
    const egress = {
      description: `${workload.name} of the tenant ${tenant.name} reaches these names outside the cluster.`,
      from: workload,
      names,
    };
    return [
      ...(ports.includes(tlsPort)
        ? namedEgress({ ...egress, name: `${name}-tls`, ports: [tlsPort], serverName: "required" })
        : []),
      ...(plain.length === 0 ? [] : namedEgress({ ...egress, name, ports: plain, serverName: "ignored" })),
    ];
  });
}

const tlsPort = 443;

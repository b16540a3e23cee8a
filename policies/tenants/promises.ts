/** What every tenant is promised: its listed connections, and beside each of them what is nearly it and must never be. */
import type { BundleContext, BundlePromise } from "../bundle.ts";
import { dataPlaneExample, dataPlaneNeighbour } from "../gateway/bundle.ts";
import type { Tenant, TenantWorkload } from "./tenant.ts";

/** A workload and whose it is. */
interface Owned {
  readonly tenant: Tenant;
  readonly workload: TenantWorkload;
}

/** Who may call a workload beside those that reach it anyhow, because their tenant is open within. */
export function callersOf(tenant: Tenant, { callers }: TenantWorkload, tenants: readonly Tenant[]): readonly Owned[] {
  return callers
    .filter((caller) => caller.tenant !== tenant.name || tenant.within === "closed")
    .flatMap((caller) =>
      tenants
        .filter(({ name }) => name === caller.tenant)
        .flatMap((owner) =>
          owner.workloads
            .filter(({ name }) => name === caller.workload)
            .map((workload) => ({ tenant: owner, workload })),
        ),
    );
}

export function promisesOf(context: BundleContext): readonly BundlePromise[] {
  const { tenants } = context;
  return tenants.flatMap((tenant) => [
    ...tenant.namespaces.flatMap((namespace) => namespacePromises(tenant, namespace)),
    ...tenant.workloads.flatMap((workload) => [
      ...callPromises({ tenant, workload }, tenants),
      ...wayOut(workload),
      ...(context.gateway === undefined ? [] : wayIn(workload)),
    ]),
    ...tenants.filter((other) => other !== tenant).flatMap((other) => apart(tenant, other, tenants)),
  ]);
}

/** A second pod of a workload, for what its pods may do to each other. No workload may be called so. */
export function peerName({ name }: Pick<TenantWorkload, "name">): string {
  return `${name}-peer`;
}

function at({ namespace, name }: TenantWorkload): string {
  return `${namespace}/${name}`;
}

function tcp(ports: readonly number[]): string {
  return `TCP ${ports.join(", ")}`;
}

function namespacePromises({ namespaces, within }: Tenant, namespace: string): readonly BundlePromise[] {
  return [
    { never: `world -> ${namespace}/*`, because: "what comes from outside comes through the gateway" },
    { never: `${namespace}/* -> kube-apiserver`, because: "an application has no business with the API server" },
    ...(within === "closed"
      ? []
      : namespaces.map((other) => ({
          must: `${namespace}/example -> ${other}/other-example all ports`,
          because: "the tenant is open within",
        }))),
  ];
}

function callPromises({ tenant, workload }: Owned, tenants: readonly Tenant[]): readonly BundlePromise[] {
  const callers = callersOf(tenant, workload, tenants);
  const server = at(workload);
  const peer = `${workload.namespace}/${peerName(workload)}`;
  const siblings = tenant.workloads.filter((other) => other !== workload);
  return [
    ...callers
      .map(({ workload: caller }) => (caller === workload ? peer : at(caller)))
      .flatMap((client): BundlePromise[] => [
        { must: `${client} -> ${server} ${tcp(workload.ports)}`, because: "the stack lists it among the callers" },
        { never: `${client} -> ${server} UDP ${workload.ports.join(", ")}`, because: "what is opened is TCP" },
      ]),
    ...(tenant.within === "open"
      ? []
      : [
          `${workload.namespace}/example`,
          ...(callers.some((caller) => caller.workload === workload) ? [] : [peer]),
          ...siblings.filter((other) => callers.every((caller) => caller.workload !== other)).map(at),
        ].map((client) => ({ never: `${client} -> ${server}`, because: "it is none of the callers" }))),
  ];
}

function wayOut(workload: TenantWorkload): readonly BundlePromise[] {
  const client = at(workload);
  const { externalNames } = workload;
  return [
    { must: `${client} -> kube-system/coredns UDP 53; TCP 53`, because: "it resolves names" },
    ...(externalNames.length === 0
      ? [{ never: `${client} -> world`, because: "the stack lists no name outside for it" }]
      : [{ never: `${client} -> not-listed.invalid`, because: "the stack lists other names" }]),
    ...externalNames.flatMap(({ names, ports }) =>
      names.flatMap((name): BundlePromise[] => [
        { must: `${client} -> ${name} ${tcp(ports)}`, because: "the stack lists the name and the ports" },
        { never: `${client} -> ${name} UDP ${ports.join(", ")}`, because: "what is opened is TCP" },
      ]),
    ),
  ];
}

function wayIn(workload: TenantWorkload): readonly BundlePromise[] {
  const server = at(workload);
  const { route } = workload;
  if (route === undefined) return [{ never: `${dataPlaneExample} -> ${server}`, because: "no route leads to it" }];
  return [
    { must: `${dataPlaneExample} -> ${server} ${tcp([route.targetPort])}`, because: "a route leads to it" },
    { never: `${dataPlaneExample} -> ${server} UDP ${String(route.targetPort)}`, because: "what is opened is TCP" },
    ...(route.servicePort === route.targetPort
      ? []
      : [
          {
            never: `${dataPlaneExample} -> ${server} ${tcp([route.servicePort])}`,
            because: "that is the port of the Service, which no policy sees",
          },
        ]),
    { never: `${dataPlaneNeighbour} -> ${server}`, because: "the data plane alone forwards" },
  ];
}

/** What one tenant must never reach of another: all of it, but for the calls that the other one lists. */
function apart(from: Tenant, to: Tenant, tenants: readonly Tenant[]): readonly BundlePromise[] {
  const because =
    from.environment === undefined || to.environment === undefined || from.environment === to.environment
      ? `${from.name} and ${to.name} are different tenants`
      : `${from.environment} and ${to.environment} are different environments`;
  const called = to.workloads.map((workload) => ({
    workload,
    callers: callersOf(to, workload, tenants).filter(({ tenant }) => tenant === from),
  }));
  if (called.every(({ callers }) => callers.length === 0)) {
    return from.namespaces.flatMap((one) =>
      to.namespaces.map((other) => ({ never: `${one}/* -> ${other}/*`, because })),
    );
  }
  const strangers = (callers: readonly Owned[]): readonly string[] => [
    ...from.namespaces.flatMap((namespace) => [`${namespace}/example`, `${namespace}/other-example`]),
    ...from.workloads.filter((own) => callers.every(({ workload }) => workload !== own)).map(at),
  ];
  return [
    ...from.namespaces.flatMap((one) =>
      to.namespaces.flatMap((other) =>
        ["example", "other-example"].map((name) => ({ never: `${one}/* -> ${other}/${name}`, because })),
      ),
    ),
    ...called.flatMap(({ workload, callers }) =>
      strangers(callers).map((client) => ({ never: `${client} -> ${at(workload)}`, because })),
    ),
  ];
}

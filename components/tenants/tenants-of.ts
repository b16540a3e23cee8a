/** tenantsOf: the tenants of a stack with every default filled, as policies and objects take them. */
import type { BundlePromise } from "../../policies/bundle.ts";
import type { Tenant, TenantWorkload, WorkloadName } from "../../policies/tenants/tenant.ts";
import type { Settings, TenantSettings } from "../settings.ts";

/** In the order of the stack file. Names that lead nowhere have been refused: {@link tenantProblems}. */
export function tenantsOf({ tenants }: Pick<Settings, "tenants">): readonly Tenant[] {
  return Object.entries(tenants).map(([name, tenant]) => ({
    name,
    ...(tenant.environment === undefined ? {} : { environment: tenant.environment }),
    namespaces: namespacesOf(name, tenant),
    within: tenant.within,
    workloads: Object.keys(tenant.workloads).map((workload) => workloadOf(name, tenant, workload)),
    promises: tenant.promises.map((promise) => extraPromise(name, promise)),
  }));
}

/** Of a tenant as it was written. */
export function namespacesOf(name: string, { namespaces }: Pick<TenantSettings, "namespaces">): readonly string[] {
  return namespaces.length === 0 ? [name] : [...new Set(namespaces)];
}

/** Where a workload runs and how its pods are told. */
export function homeOf(
  name: string,
  tenant: TenantSettings,
  workload: string,
): Pick<TenantWorkload, "namespace" | "labels"> {
  const written = tenant.workloads[workload];
  return {
    namespace: written?.namespace ?? namespacesOf(name, tenant)[0] ?? name,
    labels: written?.labels ?? { "app.kubernetes.io/name": workload },
  };
}

/** `web` is one of the same tenant, `books/site` one of another. */
export function workloadCalled(caller: string, tenant: string): WorkloadName {
  const [first = "", second] = caller.split("/");
  return second === undefined ? { tenant, workload: first } : { tenant: first, workload: second };
}

/** Undefined where several ports leave it open. */
export function targetPortOf({
  ports,
  route,
}: Pick<TenantSettings["workloads"][string], "ports" | "route">): number | undefined {
  return route?.targetPort ?? (new Set(ports).size === 1 ? ports[0] : undefined);
}

function workloadOf(tenantName: string, tenant: TenantSettings, name: string): TenantWorkload {
  const written = tenant.workloads[name];
  const targetPort = written === undefined ? undefined : targetPortOf(written);
  return {
    name,
    ...homeOf(tenantName, tenant, name),
    ports: [...new Set(written?.ports)],
    callers: (written?.callers ?? []).map((caller) => workloadCalled(caller, tenantName)),
    ...(written?.route === undefined || targetPort === undefined
      ? {}
      : { route: { servicePort: written.route.servicePort, targetPort } }),
    externalNames: tenant.externalNames
      .filter(({ workloads }) => workloads.includes(name))
      .map(({ names, ports }) => ({ names, ports })),
  };
}

function extraPromise(
  tenant: string,
  { must, never, because = `the tenant ${tenant} is promised it` }: TenantSettings["promises"][number],
): BundlePromise {
  return must === undefined ? { never: never ?? "", because } : { must, because };
}

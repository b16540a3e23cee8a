/**
 * Tenants: what teams have besides their namespaces and policies: quotas, rights, a project of Argo CD's, routes.
 *
 * Namespaces and policies are made where everybody's are, so that nothing tells a tenant's from others.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { ClusterHandle } from "../cluster/handle.ts";
import { ownedBy } from "../owned.ts";
import type { Settings } from "../settings.ts";
import { administratorClusterRole, administratorsBinding, hasAdministrators } from "./access.ts";
import { tenantProject } from "./project.ts";
import { limitRange, resourceQuota } from "./quota.ts";
import { httpRoutes } from "./route.ts";
import { namespacesOf } from "./tenants-of.ts";

export interface TenantsArgs {
  readonly cluster: ClusterHandle;
  /** The `tenants` block of the stack file. */
  readonly tenants: Settings["tenants"];
  /** What makes their namespaces. */
  readonly namespaces: pulumi.Resource;
  /** Absent: no tenant gets a project. */
  readonly argoCd: pulumi.Resource | undefined;
  /** What brings the Gateway API's kinds. Absent: no workload gets a route. */
  readonly gatewayApi: pulumi.Resource | undefined;
}

export class Tenants extends pulumi.ComponentResource {
  constructor(name: string, args: TenantsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { cluster, tenants, namespaces, argoCd, gatewayApi } = args;
    super("platform:tenants:Tenants", name, {}, { ...opts, providers: [cluster.provider] });
    const owned = ownedBy(cluster, this, [namespaces]);

    const role = Object.values(tenants).some(hasAdministrators)
      ? new k8s.rbac.v1.ClusterRole(`${name}-administrator`, administratorClusterRole(), ownedBy(cluster, this))
      : undefined;
    for (const [tenant, choices] of Object.entries(tenants)) {
      const own = namespacesOf(tenant, choices);
      for (const namespace of own) {
        new k8s.core.v1.ResourceQuota(`${name}-${namespace}-quota`, resourceQuota(namespace, choices.quota), owned);
        new k8s.core.v1.LimitRange(`${name}-${namespace}-defaults`, limitRange(namespace, choices.quota), owned);
        if (role !== undefined && hasAdministrators(choices)) {
          new k8s.rbac.v1.RoleBinding(
            `${name}-${namespace}-administrators`,
            administratorsBinding(namespace, choices.administrators),
            ownedBy(cluster, this, [namespaces, role]),
          );
        }
      }
      if (argoCd !== undefined && choices.repositories.length > 0) {
        new k8s.apiextensions.CustomResource(
          `${name}-${tenant}-project`,
          tenantProject(tenant, choices.repositories, own),
          ownedBy(cluster, this, [argoCd]),
        );
      }
      for (const route of gatewayApi === undefined ? [] : httpRoutes(tenant, choices)) {
        const { metadata } = route;
        new k8s.apiextensions.CustomResource(
          `${name}-${metadata.namespace}-${metadata.name}-route`,
          route,
          ownedBy(cluster, this, [namespaces, ...(gatewayApi === undefined ? [] : [gatewayApi])]),
        );
      }
    }
    this.registerOutputs({});
  }
}

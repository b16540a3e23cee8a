/** The AppProject of a tenant, as plain data: its repositories, into its namespaces, and nothing of the platform's. */
import { argoCdNamespace } from "../../policies/names.ts";
import { thisCluster } from "../argocd/project.ts";
import { tenantKinds } from "./kinds.ts";

export function tenantProject(tenant: string, repositories: readonly string[], namespaces: readonly string[]) {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    // No tenant's name can be that of the platform's own project.
    metadata: { name: `tenant-${tenant}`, namespace: argoCdNamespace },
    spec: {
      description: `What the tenant ${tenant} takes from git.`,
      sourceRepos: [...new Set(repositories)],
      destinations: namespaces.map((namespace) => ({ server: thisCluster, namespace })),
      clusterResourceWhitelist: [],
      namespaceResourceWhitelist: tenantKinds.map(({ group, kind }) => ({ group, kind })),
    },
  };
}

/** Who may do what in Azure and on the cluster, and how to log in: role assignments and the kubeconfig. */
import * as authorization from "@pulumi/azure-native/authorization/index.js";
import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../settings.ts";
import { apiServerIn, kubeloginKubeconfig } from "./aks-kubeconfig.ts";
import { type BuiltInRole, roleAssignmentName, roleDefinitionId } from "./aks-roles.ts";

export interface Assignment {
  readonly role: BuiltInRole;
  /** Id of what the role is about. */
  readonly scope: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;
  readonly principalType: "User" | "ServicePrincipal";
  readonly subscriptionId: pulumi.Output<string>;
}

export function assignRole(
  name: string,
  { role, scope, principalId, principalType, subscriptionId }: Assignment,
  opts: pulumi.CustomResourceOptions,
): authorization.RoleAssignment {
  return new authorization.RoleAssignment(
    name,
    {
      roleAssignmentName: pulumi.all([scope, principalId]).apply(([what, who]) => roleAssignmentName(what, who, role)),
      roleDefinitionId: subscriptionId.apply((id) => roleDefinitionId(id, role)),
      scope,
      principalId,
      principalType,
    },
    opts,
  );
}

/** Always secret, although no credential is in it: the next reader cannot know that. */
export function kubeconfigFor(
  cluster: containerservice.ManagedCluster,
  resourceGroupName: pulumi.Output<string>,
  login: Settings["aks"]["login"],
  opts: pulumi.InvokeOutputOptions,
): pulumi.Output<string> {
  const credentials = containerservice.listManagedClusterUserCredentialsOutput(
    { resourceGroupName, resourceName: cluster.name, format: "exec" },
    opts,
  );
  return pulumi.secret(
    pulumi.all([cluster.name, credentials]).apply(([name, { kubeconfigs }]) => {
      const [first] = kubeconfigs;
      if (first === undefined) throw new Error(`Azure gave no credentials for cluster ${name}`);
      return kubeloginKubeconfig(name, apiServerIn(Buffer.from(first.value, "base64").toString("utf8")), login);
    }),
  );
}

/** Access: what administrators of a tenant may do, and who they are, as plain data. */
import type { TenantSettings } from "../settings.ts";
import { tenantKinds } from "./kinds.ts";

/** Of a ClusterRole: it is bound in namespaces of tenants only. */
export const administratorRole = "platform-tenant-administrator";

const write = ["create", "delete", "get", "list", "patch", "update", "watch"];
const read = ["get", "list", "watch"];

/** Everything their applications consist of; of what the platform decides, nothing but a look at it. */
export function administratorClusterRole() {
  const groups = [...new Set(tenantKinds.map(({ group }) => group))];
  return {
    metadata: { name: administratorRole },
    rules: [
      ...groups.map((group) => ({
        apiGroups: [group],
        resources: tenantKinds.filter((each) => each.group === group).map(({ plural }) => plural),
        verbs: write,
      })),
      // To look into a pod, and to reach it without a way through the network.
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods/exec", "pods/portforward"], verbs: ["create", "get"] },
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale", "statefulsets/scale"],
        verbs: ["get", "patch", "update"],
      },
      { apiGroups: [""], resources: ["endpoints", "events", "limitranges", "resourcequotas"], verbs: read },
      { apiGroups: ["apps"], resources: ["controllerrevisions", "replicasets"], verbs: read },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
      { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: read },
      { apiGroups: ["cilium.io"], resources: ["ciliumnetworkpolicies"], verbs: read },
      { apiGroups: ["gateway.networking.k8s.io"], resources: ["httproutes"], verbs: read },
    ],
  };
}

export function administratorsBinding(namespace: string, { groups, users }: TenantSettings["administrators"]) {
  const apiGroup = "rbac.authorization.k8s.io";
  return {
    metadata: { name: "tenant-administrators", namespace },
    roleRef: { apiGroup, kind: "ClusterRole", name: administratorRole },
    subjects: [
      ...groups.map((name) => ({ apiGroup, kind: "Group", name })),
      ...users.map((name) => ({ apiGroup, kind: "User", name })),
    ],
  };
}

export function hasAdministrators({ administrators }: Pick<TenantSettings, "administrators">): boolean {
  return administrators.groups.length + administrators.users.length > 0;
}

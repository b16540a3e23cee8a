/**
 * Roles: which built-in roles the cluster needs, and the names of their assignments.
 *
 * Azure names an assignment by a GUID. Ours follows from what is assigned, as Bicep's `guid()` does, so that the same
 * assignment has the same name in every run and a lost state can be imported again.
 */
import { createHash } from "node:crypto";

import type { Settings } from "../settings.ts";

/** {@link https://learn.microsoft.com/azure/role-based-access-control/built-in-roles} */
export const builtInRoles = {
  networkContributor: "4d97b98b-1d4f-4787-a291-c67834d212e7",
  aksRbacClusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
} as const;

export type BuiltInRole = keyof typeof builtInRoles;

/** With the subscription: without it Azure answers with another id than was sent, a difference at every refresh. */
export function roleDefinitionId(subscriptionId: string, role: BuiltInRole): string {
  return `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles[role]}`;
}

/** Namespace of our names, in the sense of RFC 4122: any GUID, as long as it never changes. */
const namespace = "6f0f3a52-64c4-4d7e-9a53-0f1b1b1c7d0e";

/** Name of an assignment: a version 5 UUID of scope, principal and role. */
export function roleAssignmentName(scope: string, principalId: string, role: BuiltInRole): string {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    // Azure's ids are case-insensitive and come back in either case.
    .update([scope.toLowerCase(), principalId.toLowerCase(), builtInRoles[role]].join("|"))
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/**
 * What Entra calls whoever runs `up`. Azure refuses an assignment of the wrong type, and fails to find a principal made
 * a moment ago when no type is given.
 */
export function deployerType(aks: Pick<Settings["aks"], "deployer" | "login">): "User" | "ServicePrincipal" {
  switch (aks.deployer) {
    case "user":
      return "User";
    case "servicePrincipal":
      return "ServicePrincipal";
    case undefined:
      return aks.login === "azurecli" ? "User" : "ServicePrincipal";
  }
}

/** OIDC reference application: choices with which two of its workloads would be one, or nobody could come in. */
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";

/** What its other workloads and their policies are called. */
const taken = [
  "frontend",
  "frontend-react-keycloak-protected",
  "oauth2-proxy",
  "api",
  "azurite",
  "servicebus",
  "warmup",
];

/** Judges the bundle as if it were chosen. */
export function oidcProblems({ policies }: Settings, file: string): readonly Problem[] {
  const { environments, identityNamespace, apimNamespace, frontends } = policies.oidcReferenceApp;
  const where = `${file} › policies.oidcReferenceApp`;
  const namespaces = [
    ...environments.map((name, index) => ({ name, at: `environments[${String(index)}]` })),
    { name: identityNamespace, at: "identityNamespace" },
    { name: apimNamespace, at: "apimNamespace" },
  ];
  return [
    ...(policies.bundles.includes("gateway") ? [] : [withoutGateway(file)]),
    ...(environments.length === 0
      ? [
          {
            code: "settings/bundle-about-nobody",
            where: `${where}.environments`,
            what: "the bundle `oidc-reference-app` is chosen, and the application runs nowhere",
            expected: "at least one environment",
          },
        ]
      : []),
    ...namespaces
      .filter(({ name }, index) => namespaces.findIndex((earlier) => earlier.name === name) < index)
      .map(({ name, at }) =>
        twice(
          `${where}.${at}`,
          name,
          "a namespace of its own for each environment, for Keycloak and for API Management",
        ),
      ),
    ...frontends.flatMap((name, index) =>
      taken.includes(name) || frontends.indexOf(name) < index
        ? [twice(`${where}.frontends[${String(index)}]`, name, "a name that no other workload of the application has")]
        : [],
    ),
  ];
}

function withoutGateway(file: string): Problem {
  return {
    code: "policies/needs-gateway",
    where: `${file} › policies.bundles`,
    what: "`oidc-reference-app` is chosen without `gateway`",
    expected: "the way in to be closed but for what it needs, since the application is reached by it alone",
    fix: "add `gateway`",
  };
}

function twice(where: string, name: string, expected: string): Problem {
  return { code: "settings/name-taken", where, what: `\`${name}\` is the name of another one`, expected };
}

/**
 * Policies: what a stack tells its bundles, as far as the bundles could not keep their promises with it.
 */
import { environmentLabel } from "../../policies/names.ts";
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";
import { loadBalancerProblems } from "./load-balancer.ts";
import { oidcProblems } from "./oidc-reference-app.ts";

/** Judges only bundles that are switched on: what an idle one was told changes nothing. */
export function policyProblems(settings: Settings, file: string): readonly Problem[] {
  const { bundles } = settings.policies;
  return [
    ...(bundles.includes("environment-isolation") ? environmentProblems(settings, file) : []),
    ...(bundles.includes("oidc-reference-app") ? oidcProblems(settings, file) : []),
    ...(bundles.includes("egress-gateway") ? egressProblems(settings, file) : []),
    ...(bundles.includes("load-balancer") ? loadBalancerProblems(settings, file) : []),
    ...(bundles.includes("gateway") && !settings.gateway.enabled ? [gatewayOff(file)] : []),
    ...(bundles.includes("admission") && !settings.kyverno.enabled ? [kyvernoOff(file)] : []),
    ...(bundles.includes("tenants") && Object.keys(settings.tenants).length === 0 ? [noTenants(file)] : []),
  ];
}

function gatewayOff(file: string): Problem {
  return {
    code: "settings/bundle-about-nobody",
    where: `${file} › policies.bundles`,
    what: "`gateway` is chosen, but the stack has no gateway",
    expected: "`gateway.enabled: true` with the bundle `gateway`",
  };
}

function kyvernoOff(file: string): Problem {
  return {
    code: "settings/bundle-without-judge",
    where: `${file} › policies.bundles`,
    what: "`admission` is chosen, but the stack has no Kyverno",
    expected: "`kyverno.enabled: true` with the bundle `admission`",
  };
}

function egressProblems({ policies: { bundles, egressGateway } }: Settings, file: string): readonly Problem[] {
  const where = `${file} › policies.egressGateway`;
  return [
    ...(egressGateway.namespace === undefined && !bundles.includes("apim-openai")
      ? [
          {
            code: "settings/bundle-about-nobody",
            where: `${where}.namespace`,
            what: "`egress-gateway` leads the pods of `apim-openai` unless it is told others, and that bundle is not chosen",
            expected: "the namespace of the pods that leave through the gateway, or the bundle `apim-openai`",
          },
        ]
      : []),
    ...(egressGateway.destinations.length === 0
      ? [
          {
            code: "settings/egress-to-nowhere",
            where: `${where}.destinations`,
            what: "the bundle `egress-gateway` is chosen, and no address leads through it",
            expected: "the ranges of the other side, as narrow as it says them, for example `203.0.113.0/24`",
          },
        ]
      : []),
    ...(egressGateway.pods.length === 0
      ? [
          {
            code: "settings/bundle-about-nobody",
            where: `${where}.pods`,
            what: "the bundle `egress-gateway` is chosen, and no pod leaves through it",
            expected: "labels of pods, for example `[{ app: backend-service }]`",
          },
        ]
      : []),
  ];
}

function noTenants(file: string): Problem {
  return {
    code: "settings/bundle-about-nobody",
    where: `${file} › policies.bundles`,
    what: "`tenants` is chosen, but the stack has none",
    expected: "a tenant under `tenants`, which brings the bundle along",
    fix: "take it off the list",
  };
}

function environmentProblems({ policies, namespaces }: Settings, file: string): readonly Problem[] {
  const where = `${file} › policies.environmentIsolation.environments`;
  const environments = [...new Set(policies.environmentIsolation.environments)];
  if (environments.length < 2) {
    return [
      {
        code: "settings/too-few-environments",
        where,
        what: "one environment alone is isolated from nobody",
        expected: "at least two different environments for the bundle `environment-isolation`",
      },
    ];
  }
  const inhabited = new Set(Object.values(namespaces).map(({ labels }) => labels[environmentLabel]));
  return environments
    .filter((environment) => !inhabited.has(environment))
    .map((environment) => ({
      code: "settings/empty-environment",
      where,
      what: `no namespace of the stack is in \`${environment}\``,
      expected: `a namespace with the label \`${environmentLabel}: ${environment}\``,
      fix: `add the label to a namespace under \`namespaces\`, or take \`${environment}\` off the list`,
    }));
}

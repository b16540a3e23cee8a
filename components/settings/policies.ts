/**
 * Policies: what a stack tells its bundles, as far as the bundles could not keep their promises with it.
 */
import { environmentLabel } from "../../policies/names.ts";
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";

/** Judges only bundles that are switched on: what an idle one was told changes nothing. */
export function policyProblems(settings: Settings, file: string): readonly Problem[] {
  const { bundles } = settings.policies;
  return [
    ...(bundles.includes("environment-isolation") ? environmentProblems(settings, file) : []),
    ...(bundles.includes("gateway") && !settings.gateway.enabled ? [gatewayOff(file)] : []),
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

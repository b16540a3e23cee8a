/**
 * Environment isolation: a guardrail between environments. It opens nothing and closes nobody else out: whatever any
 * other policy allows, pods of two different environments of the list do not reach each other.
 */
import type { Bundle, BundleContext, BundlePromise, Manifest } from "../bundle.ts";
import { examplePod } from "../inventory.ts";
import { ciliumNamespaceLabelKey, environmentLabel } from "../names.ts";
import type { CiliumClusterwideNetworkPolicySpec } from "../types/cilium.ts";

export const environmentIsolation: Bundle = {
  name: "environment-isolation",
  version: "1.0.0",
  promise: "Pods of two different environments never reach each other, whatever another policy allows.",
  needs: () => ({ l7Proxy: false, authentication: false }),
  manifests: ({ choices }) => {
    const environments = sorted(choices.environmentIsolation.environments);
    return environments.map((environment) =>
      guardrail(
        environment,
        environments.filter((other) => other !== environment),
      ),
    );
  },
  promises: (context) => {
    const inhabitants = inhabitantsOf(context);
    return inhabitants.flatMap((from) => [
      ...inhabitants.filter(({ environment }) => environment !== from.environment).map((to) => separation(from, to)),
      ...nearMisses(from),
    ]);
  },
  examples: (context) => inhabitantsOf(context).map(({ namespace }) => examplePod(namespace)),
};

/** Each once, in an order that does not depend on how the list was written. */
function sorted(environments: readonly string[]): readonly string[] {
  return [...new Set(environments)].sort();
}

const environmentKey = ciliumNamespaceLabelKey(environmentLabel);

/**
 * Both directions, so that one of two policies is enough to keep the two apart. A deny isolates whom it selects unless it
 * says otherwise: a guardrail must leave all else as it was.
 */
function guardrail(environment: string, others: readonly string[]): Manifest {
  const peers = [{ matchExpressions: [{ key: environmentKey, operator: "In" as const, values: others }] }];
  const spec: CiliumClusterwideNetworkPolicySpec = {
    description: `Pods of the environment ${environment} neither reach nor are reached by ${others.join(", ")}.`,
    endpointSelector: { matchLabels: { [environmentKey]: environment } },
    enableDefaultDeny: { ingress: false, egress: false },
    ingressDeny: [{ fromEndpoints: peers }],
    egressDeny: [{ toEndpoints: peers }],
  };
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumClusterwideNetworkPolicy",
    metadata: { name: `isolate-environment-${environment}` },
    spec,
  };
}

interface Inhabitant {
  readonly namespace: string;
  readonly environment: string;
}

/** Namespaces of the stack that are in an environment of the list. */
function inhabitantsOf({ namespaceLabels, choices }: BundleContext): readonly Inhabitant[] {
  const { environments } = choices.environmentIsolation;
  return Object.entries(namespaceLabels).flatMap(([namespace, labels]) => {
    const environment = labels[environmentLabel];
    return environment !== undefined && environments.includes(environment) ? [{ namespace, environment }] : [];
  });
}

function separation(from: Inhabitant, to: Inhabitant): BundlePromise {
  return {
    never: `${from.namespace}/* -> ${to.namespace}/*`,
    because: `${from.environment} and ${to.environment} are different environments`,
  };
}

/** What the guardrail must not take, with or without another bundle. */
function nearMisses({ namespace }: Inhabitant): readonly BundlePromise[] {
  return [
    {
      must: `${namespace}/example -> kube-system/coredns UDP 53; TCP 53`,
      because: "name resolution belongs to no environment",
    },
    { must: `host -> ${namespace}/example all ports`, because: "the kubelet belongs to no environment" },
  ];
}

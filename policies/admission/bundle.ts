/**
 * Admission: what is put into an isolated namespace can be found by policies, and gets past none of them.
 *
 * Kyverno judges requests, and no connection depends on that: the proof has nothing to say about these objects.
 */
import type { Bundle, BundleContext, Manifest } from "../bundle.ts";
import { manifestsIn } from "../manifests.ts";
import { environmentLabel, isolateLabel, present } from "../names.ts";
import type { ValidatingPolicy, ValidatingPolicySpec } from "../types/kyverno.ts";

export const admission: Bundle = {
  name: "admission",
  version: "1.0.0",
  promise: "What is put into an isolated namespace can be found by policies and gets past none of them.",
  needs: () => ({ l7Proxy: false, authentication: false }),
  manifests: (context) => {
    if (context.kyverno === "absent") return [];
    const { administrators, exposedNamespaces } = context.choices.admission;
    return [
      outside(context.bundleNamespaces, read("require-selectable-pods.yaml")),
      read("restrict-host-access.yaml"),
      outside(exposedNamespaces, read("restrict-services.yaml")),
      read("restrict-open-rules.yaml"),
      read("disallow-default-namespace.yaml"),
      ...requireEnvironment(context),
      ...(administrators.length === 0 ? [] : [changedBy(administrators, read("protect-platform-policies.yaml"))]),
    ];
  },
  promises: () => [],
  examples: () => [],
};

function read(file: string): Manifest {
  const [manifest] = manifestsIn(import.meta.dirname, file);
  if (manifest === undefined) throw new Error(`nothing was read from ${file}`);
  return manifest;
}

/** The same policy for all namespaces but these. */
function outside(namespaces: readonly string[], policy: Manifest): Manifest {
  if (namespaces.length === 0) return policy;
  const spec = policy.spec as ValidatingPolicySpec;
  const { namespaceSelector } = spec.matchConstraints ?? {};
  const names = { key: "kubernetes.io/metadata.name", operator: "NotIn", values: [...namespaces].sort() };
  return {
    ...policy,
    spec: {
      ...spec,
      matchConstraints: {
        ...spec.matchConstraints,
        namespaceSelector: { ...namespaceSelector, matchExpressions: [names] },
      },
    },
  };
}

/** The same policy with somebody who may. */
function changedBy(administrators: readonly string[], policy: Manifest): Manifest {
  const spec = policy.spec as ValidatingPolicySpec;
  const variables = spec.variables?.map((variable) =>
    variable.name === "administrators" ? { ...variable, expression: textsInCel(administrators) } : variable,
  );
  return { ...policy, spec: { ...spec, variables } };
}

/** A list of texts, as an expression of CEL says it. */
export function textsInCel(texts: readonly string[]): string {
  return `[${texts.map((text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`).join(", ")}]`;
}

/**
 * Where environments are kept apart, an isolated namespace that is in none of them is kept apart from none. Those of the
 * stack are as the stack says.
 */
function requireEnvironment({ choices, namespaceLabels }: BundleContext): readonly Manifest[] {
  const environments = [...new Set(choices.environmentIsolation.environments)].sort();
  if (environments.length === 0) return [];
  const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["namespaces"] };
  const policy = {
    apiVersion: "policies.kyverno.io/v1",
    kind: "ValidatingPolicy",
    metadata: { name: "require-environment" },
    spec: {
      validationActions: ["Deny"],
      matchConstraints: {
        resourceRules: [rule],
        excludeResourceRules: [{ ...rule, resourceNames: Object.keys(namespaceLabels).sort() }],
      },
      matchConditions: [
        {
          name: "is-isolated",
          expression: `object.metadata.?labels[?'${isolateLabel}'].orValue('') == '${present}'`,
        },
      ],
      validations: [
        {
          message: `An isolated namespace is in one of the environments that are kept apart: label ${environmentLabel}, ${environments.join(" or ")}.`,
          expression: `object.metadata.?labels[?'${environmentLabel}'].orValue('') in ${textsInCel(environments)}`,
        },
      ],
    },
  } as const satisfies ValidatingPolicy;
  return [policy];
}

/** Kinds of github.com/kyverno/kyverno v1.19.1, written by `npm run types` from its CustomResourceDefinitions. */

export type ObjectMetadata = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type GeneratingPolicy = {
  readonly apiVersion: "policies.kyverno.io/v1";
  readonly kind: "GeneratingPolicy";
  readonly metadata: ObjectMetadata;
  readonly spec?: GeneratingPolicySpec;
};

export type ValidatingPolicy = {
  readonly apiVersion: "policies.kyverno.io/v1";
  readonly kind: "ValidatingPolicy";
  readonly metadata: ObjectMetadata;
  readonly spec?: ValidatingPolicySpec;
};

export type AuditAnnotation = {
  readonly key: string;
  readonly valueExpression: string;
};
export type Admission = {
  readonly enabled?: boolean;
};
export type GenerateExisting = {
  readonly enabled?: boolean;
};
export type OrphanDownstreamOnPolicyDelete = {
  readonly enabled?: boolean;
};
export type Synchronize = {
  readonly enabled?: boolean;
};
export type Evaluation = {
  readonly admission?: Admission;
  readonly generateExisting?: GenerateExisting;
  readonly orphanDownstreamOnPolicyDelete?: OrphanDownstreamOnPolicyDelete;
  readonly skipBackgroundRequests?: boolean;
  readonly synchronize?: Synchronize;
};
export type Template = {
  readonly interpolate?: "none" | "cel";
  readonly value: string;
};
export type Generate = {
  readonly expression?: string;
  readonly template?: Template;
};
export type MatchCondition = {
  readonly expression: string;
  readonly name: string;
};
export type ExcludeResourceRule = {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
};
export type MatchExpression = {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
};
export type LabelSelector = {
  readonly matchExpressions?: readonly MatchExpression[];
  readonly matchLabels?: {
    readonly [k: string]: string;
  };
};
export type ResourceRule = {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
};
export type MatchConstraints = {
  readonly excludeResourceRules?: readonly ExcludeResourceRule[];
  readonly matchPolicy?: string;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly resourceRules?: readonly ResourceRule[];
};
export type Variable = {
  readonly expression: string;
  readonly name: string;
};
export type WebhookConfiguration = {
  readonly timeoutSeconds?: number;
};
export type GeneratingPolicySpec = {
  readonly auditAnnotations?: readonly AuditAnnotation[];
  readonly evaluation?: Evaluation;
  readonly generate: readonly Generate[];
  readonly matchConditions?: readonly MatchCondition[];
  readonly matchConstraints?: MatchConstraints;
  readonly useServerSideApply?: boolean;
  readonly variables?: readonly Variable[];
  readonly webhookConfiguration?: WebhookConfiguration;
};
export type PodControllers = {
  readonly controllers?: readonly string[];
};
export type ValidatingAdmissionPolicy = {
  readonly enabled?: boolean;
};
export type Autogen = {
  readonly podControllers?: PodControllers;
  readonly validatingAdmissionPolicy?: ValidatingAdmissionPolicy;
};
export type Background = {
  readonly enabled?: boolean;
};
export type Evaluation2 = {
  readonly admission?: Admission;
  readonly background?: Background;
  readonly mode?: string;
};
export type Validation = {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
};
export type ValidatingPolicySpec = {
  readonly auditAnnotations?: readonly AuditAnnotation[];
  readonly autogen?: Autogen;
  readonly evaluation?: Evaluation2;
  readonly failurePolicy?: "Ignore" | "Fail";
  readonly matchConditions?: readonly MatchCondition[];
  readonly matchConstraints?: MatchConstraints;
  readonly validationActions?: readonly ("Deny" | "Audit" | "Warn")[];
  readonly validations?: readonly Validation[];
  readonly variables?: readonly Variable[];
  readonly webhookConfiguration?: WebhookConfiguration;
};

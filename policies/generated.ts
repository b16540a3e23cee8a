/**
 * Generated: what Kyverno makes out of GeneratingPolicies for namespaces, so that a proof covers it before it exists.
 *
 * Only policies whose meaning needs no engine are read: namespaces chosen by labels and names, templates with the name of
 * the namespace in them. Any other is a problem, because what it makes cannot be known here. The CLI of the pinned
 * version generates the same objects, and so do the controllers; tests compare.
 */
import { parseAllDocuments } from "yaml";

import type { Manifest } from "./bundle.ts";
import { asManifest } from "./manifests.ts";
import type { Problem } from "./problems.ts";
import { isFields, Reading, type Fields } from "./reachability/read/fields.ts";
import { readLabelSelector } from "./reachability/read/label-selector.ts";
import { identityLabels, type Label } from "./reachability/select/labels.ts";
import { selectsLabels, type LabelSelector } from "./reachability/select/selectors.ts";
import type { Generate, GeneratingPolicySpec, MatchCondition, ResourceRule } from "./types/kyverno.ts";

export interface Generated {
  /** As Kyverno makes them, without the labels by which it knows them again. */
  readonly objects: readonly Manifest[];
  /** Policies that make objects nobody knows. */
  readonly problems: readonly Problem[];
}

/** What the GeneratingPolicies among the objects make for the namespaces among them. */
export function generatedFrom(objects: readonly Manifest[]): Generated {
  const there = new Set(objects.map(identity));
  const read = objects.filter(isGeneratingPolicy).map((policy) => readPolicy(policy));
  const namespaces = objects.filter(({ apiVersion, kind }) => apiVersion === "v1" && kind === "Namespace");
  const made = read.flatMap(({ readable }) =>
    readable === undefined
      ? []
      : namespaces
          .filter((namespace) => isTrigger(namespace, readable))
          .flatMap(({ metadata }) => readable.templates.map((template) => filled(template, metadata.name))),
  );
  return {
    // What another hand has made is left as it is.
    objects: made.filter((object) => !there.has(identity(object))),
    problems: read.flatMap(({ problems }) => problems),
  };
}

function isGeneratingPolicy({ apiVersion, kind }: Manifest): boolean {
  return kind === "GeneratingPolicy" && apiVersion.startsWith("policies.kyverno.io/");
}

function identity({ apiVersion, kind, metadata }: Manifest): string {
  return [apiVersion, kind, metadata.namespace ?? "", metadata.name].join("/");
}

/** A policy as far as it is understood. */
interface Readable {
  readonly selector: LabelSelector;
  /** Labels that a namespace must have, each with its value. */
  readonly labels: readonly Pick<Label, "key" | "value">[];
  readonly spared: readonly string[];
  readonly templates: readonly Manifest[];
}

function readPolicy(policy: Manifest): { readonly readable?: Readable; readonly problems: readonly Problem[] } {
  const where = `GeneratingPolicy ${policy.metadata.name}`;
  const spec = policy.spec as Partial<GeneratingPolicySpec>;
  const { objectSelector, resourceRules, excludeResourceRules, ...others } = spec.matchConstraints ?? {};
  const reading = new Reading(where);
  const selector = readLabelSelector(objectSelector, "spec.matchConstraints.objectSelector", reading);
  const templates = (spec.generate ?? []).map(readTemplate);
  const conditions = (spec.matchConditions ?? []).map(readCondition);
  const reasons = [
    ...beyond(spec, ["evaluation", "matchConstraints", "matchConditions", "generate"], "spec"),
    ...beyond(others, [], "spec.matchConstraints"),
    ...[resourceRules ?? [], excludeResourceRules ?? []].flat().filter(isOfOthers).map(forOthers),
    ...(spec.evaluation?.generateExisting?.enabled === true ? [] : ["namespaces that exist already get nothing"]),
    ...(spec.evaluation?.synchronize?.enabled === true ? [] : ["what it makes may be changed and deleted"]),
    ...[...conditions, ...templates].filter((each) => typeof each === "string"),
  ];
  const problems = [...reading.problems, ...reasons.map((reason) => unknown(where, reason))];
  if (problems.length > 0) return { problems };
  return {
    problems,
    readable: {
      selector,
      spared: (excludeResourceRules ?? []).flatMap(({ resourceNames }) => resourceNames ?? []),
      labels: conditions.filter((condition) => typeof condition !== "string"),
      templates: templates.flatMap((template) => (typeof template === "string" ? [] : template)),
    },
  };
}

function beyond(fields: object, known: readonly string[], path: string): string[] {
  return Object.keys(fields)
    .filter((key) => !known.includes(key))
    .map((key) => `\`${path}.${key}\` decides what it makes`);
}

function isOfOthers({ apiGroups, apiVersions, resources }: ResourceRule): boolean {
  return JSON.stringify([apiGroups, apiVersions, resources]) !== JSON.stringify([[""], ["v1"], ["namespaces"]]);
}

function forOthers({ resources }: ResourceRule): string {
  return `it is about ${(resources ?? []).join(", ")} and not about namespaces alone`;
}

/** The label that a condition asks for, or why it is not known what it asks. */
function readCondition({ name, expression }: MatchCondition): Pick<Label, "key" | "value"> | string {
  const [, key, value] = labelCondition.exec(expression.trim()) ?? [];
  if (key === undefined || value === undefined) return `the condition \`${name}\` decides what it makes`;
  return { key, value };
}

/** A label that says one thing: `object.metadata.?labels[?'key'].orValue('') == 'value'`. */
const labelCondition = /^object\.metadata\.\?labels\[\?'([^'\\]+)'\]\.orValue\(''\) == '([^'\\]+)'$/;

/** The objects of one template, or why they are not known. */
function readTemplate({ template }: Generate): readonly Manifest[] | string {
  if (template === undefined) return "an expression makes its objects";
  const contents = parseAllDocuments(template.value).map((document) => document.toJS() as unknown);
  const objects = contents.flatMap((content) => asManifest(content) ?? []);
  if (objects.length < contents.length) return "a template of it holds no Kubernetes object";
  const surplus = objects.flatMap(placeholders).find((placeholder) => placeholder !== nameOfTheNamespace);
  return surplus === undefined ? objects : `\`${surplus}\` is filled in by Kyverno`;
}

const nameOfTheNamespace = "(( object.metadata.name ))";

function placeholders(value: unknown): string[] {
  if (typeof value === "string") return value.match(/\(\(.*?\)\)/g) ?? [];
  return childrenOf(value).flatMap(placeholders);
}

function childrenOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : isFields(value) ? Object.values(value) : [];
}

function filled(template: Manifest, name: string): Manifest {
  return fill(template, name) as Manifest;
}

function fill(value: unknown, name: string): unknown {
  if (typeof value === "string") return value.replaceAll(nameOfTheNamespace, name);
  if (Array.isArray(value)) return value.map((each) => fill(each, name));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, name)])) satisfies Fields;
}

function isTrigger({ metadata }: Manifest, { selector, labels, spared }: Readable): boolean {
  if (spared.includes(metadata.name)) return false;
  const theirs = Object.entries({ ...metadata.labels, "kubernetes.io/metadata.name": metadata.name });
  const has = identityLabels(theirs.map(([key, value]) => ({ source: "k8s", key, value })));
  return selectsLabels(selector, has) && labels.every(({ key, value }) => metadata.labels?.[key] === value);
}

function unknown(where: string, what: string): Problem {
  return {
    code: "policies/generated-unknown",
    where,
    what,
    expected: "a policy of which is known what it makes: namespaces by labels and names, and templates with their name",
  };
}

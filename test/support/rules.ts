/**
 * Rules: what holds of every resource of every stack, whoever writes the next component.
 *
 * Each rule names what breaks it; an empty list is the good case.
 */
import { lifecycles } from "../../components/provider/lifecycles.ts";
import { type ProgramRecord, referenceOf, type ResourceRecord } from "./records.ts";

export type Rule = (program: ProgramRecord) => readonly string[];

const isProvider = ({ type }: ResourceRecord): boolean => type.startsWith("pulumi:providers:");
/** Resources whose code is in this project: the one provider they have is Pulumi's own. */
const isLifecycle = ({ type }: ResourceRecord): boolean => type in lifecycles;
const isRelease = ({ type }: ResourceRecord): boolean => type === "kubernetes:helm.sh/v3:Release";

/** Without one, a resource goes to whatever cluster or subscription the person's shell points to. */
export const everyResourceHasItsProvider: Rule = ({ resources }) =>
  resources
    .filter((resource) => resource.kind === "custom" && !isProvider(resource) && !isLifecycle(resource))
    .filter(({ provider }) => provider === undefined)
    .map(referenceOf);

/** A range would install another version tomorrow. */
export const everyReleaseIsPinned: Rule = ({ resources }) =>
  resources
    .filter(isRelease)
    .filter(({ inputs }) => !/^\d+\.\d+\.\d+$/.test(String(inputs["version"])))
    .map((release) => `${referenceOf(release)} has version ${String(release.inputs["version"])}`);

/** An absolute path would be a difference between two engineers. */
export const everyChartLiesInTheProject: Rule = ({ resources }) =>
  resources
    .filter(isRelease)
    .filter(({ inputs }) => !String(inputs["chart"]).startsWith("./"))
    .map((release) => `${referenceOf(release)} takes ${String(release.inputs["chart"])}`);

/** Inputs and outputs both: each of them is printed and kept. */
export const everyKubeconfigIsSecret: Rule = ({ resources, outputs }) => [
  ...resources.filter(({ inputs }) => "kubeconfig" in inputs && inputs["kubeconfig"] !== "<secret>").map(referenceOf),
  ...resources
    .filter(({ inputs, type }) => !("kubeconfig" in inputs) && makesCluster(type))
    .filter(({ additionalSecretOutputs }) => !additionalSecretOutputs.includes("kubeconfig"))
    .map((resource) => `${referenceOf(resource)} gives one`),
  ...("kubeconfig" in outputs && outputs["kubeconfig"] !== "<secret>" ? ["the output kubeconfig"] : []),
];

const makesCluster = (type: string): boolean => /^platform:(kind|kwok):/.test(type);

/** What the mocks' kubeconfigs hold; nobody but the provider may see it. */
export const noCredentialIsShown: Rule = (program) =>
  ["bW9jay1rZXk=", "bW9jay1jZXJ0aWZpY2F0ZQ==", "client-key-data"].filter((credential) =>
    JSON.stringify(program).includes(credential),
  );

export const nothingOfAzure: Rule = ({ resources }) =>
  resources.map(referenceOf).filter((reference) => /azure/i.test(reference));

/** Otherwise a destroy takes apart, object by object, what falls with the cluster anyway, and hangs on finalizers. */
export const everythingGoesWithItsCluster: Rule = ({ resources }) => {
  const owners = new Map(
    resources
      .filter(({ type }) => type === "pulumi:providers:kubernetes")
      .map((provider) => [referenceOf(provider), provider.deletedWith]),
  );
  const owned = [...owners.values()].find((owner) => owner !== undefined);
  const byReference = new Map(resources.map((resource) => [referenceOf(resource), resource]));
  // What goes with a namespace goes where that goes.
  const goesWith = ({ deletedWith = "" }: (typeof resources)[number]): string | undefined =>
    isNamespace(deletedWith) ? byReference.get(deletedWith)?.deletedWith : deletedWith;
  return resources.flatMap((resource) => {
    const owner = isLifecycle(resource) ? owned : owners.get(resource.provider ?? "");
    if (owner === undefined || referenceOf(resource) === owner || goesWith(resource) === owner) return [];
    return [`${referenceOf(resource)} goes with ${resource.deletedWith ?? "nothing"}`];
  });
};

/** On a cluster somebody else made, everything is uninstalled: forgotten, it would stay there for ever. */
export const nothingIsForgottenElsewhere: Rule = ({ resources }) =>
  resources.filter(({ deletedWith }) => deletedWith !== undefined && !isNamespace(deletedWith)).map(referenceOf);

function isNamespace(reference: string): boolean {
  return reference.startsWith("kubernetes:core/v1:Namespace::");
}

export const childrenAreNamedAfterTheirParents: Rule = ({ resources }) => {
  const names = new Map(resources.map((resource) => [referenceOf(resource), resource.name]));
  return resources.flatMap((resource) => {
    const parent = resource.parent === undefined ? undefined : names.get(resource.parent);
    if (parent === undefined || resource.name.startsWith(`${parent}-`)) return [];
    return [`${resource.name} below ${parent}`];
  });
};

export const everyResourceHasItsComponent: Rule = ({ resources }) =>
  resources.filter(({ kind, parent }) => kind === "custom" && parent === undefined).map(referenceOf);

/** `platform:<folder>:<Class>`. */
export const everyComponentHasOurType: Rule = ({ resources }) =>
  resources
    .filter(({ kind, type }) => kind === "component" && !/^platform:[a-z]+:[A-Z][A-Za-z]+$/.test(type))
    .map(referenceOf);

/** Arguments of a component end in the state, secrets among them, and serve nobody there. */
export const noComponentKeepsItsArguments: Rule = ({ resources }) =>
  resources.filter(({ kind, inputs }) => kind === "component" && Object.keys(inputs).length > 0).map(referenceOf);

export const thereIsOneNetwork: Rule = ({ resources }) => {
  const networks = resources.filter((resource) => isRelease(resource) && resource.inputs["name"] === "cilium");
  return networks.length === 1 ? [] : [`${String(networks.length)} releases called cilium`];
};

/** Policies name who talks to whom; addresses are a stack's configuration, and differ on the next target. */
export const noPolicyNamesAnAddress: Rule = ({ resources }) =>
  resources
    .filter(({ type }) => /NetworkPolicy$/.test(type))
    .filter(({ inputs }) => /\d+\.\d+\.\d+\.\d+/.test(JSON.stringify(inputs)))
    .map(referenceOf);

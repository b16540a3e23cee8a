/** Bundles: the namespaces that chosen bundles bring along, and the choices that cannot go with them. */
import { choiceKey } from "../../policies/choices.ts";
import { selectBundles } from "../../policies/bundles.ts";
import { baseline } from "../../policies/baseline/bundle.ts";
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";
import { ownedNamespaces } from "./answers.ts";

/** A bundle and the namespace that it lives in. */
export interface Home {
  readonly bundle: string;
  readonly namespace: string;
}

export function homes({ policies }: Pick<Settings, "policies">): readonly Home[] {
  return selectBundles(policies).flatMap(({ name, namespaceOf }) =>
    namespaceOf === undefined ? [] : [{ bundle: name, namespace: namespaceOf(policies) }],
  );
}

/** The stack as it is with the namespaces of its bundles, which start closed. What the stack says itself counts. */
export function withBundleNamespaces(settings: Settings): Settings {
  const brought = homes(settings).map(({ namespace }) => [namespace, { isolated: true, labels: {} }] as const);
  return { ...settings, namespaces: { ...Object.fromEntries(brought), ...settings.namespaces } };
}

/** Of a stack as it was written, before {@link withBundleNamespaces}. */
export function bundleProblems(settings: Settings, file: string): readonly Problem[] {
  const { namespaces, policies } = settings;
  return homes(settings).flatMap(({ bundle, namespace }): Problem[] => {
    const owner = ownedNamespaces[namespace];
    return [
      ...(policies.bundles.includes("baseline") ? [] : [withoutBaseline(bundle, file)]),
      ...(owner === undefined ? [] : [taken({ bundle, namespace }, owner, file)]),
      ...(namespaces[namespace]?.isolated === false ? [open({ bundle, namespace }, file)] : []),
    ];
  });
}

function withoutBaseline(bundle: string, file: string): Problem {
  return {
    code: "policies/needs-baseline",
    where: `${file} › policies.bundles`,
    what: `\`${bundle}\` is chosen without \`${baseline.name}\``,
    expected: "what it opens to be closed first, and name resolution to be left open",
    fix: `add \`${baseline.name}\``,
  };
}

function taken({ bundle, namespace }: Home, owner: string, file: string): Problem {
  return {
    code: "settings/namespace-taken",
    where: `${file} › policies.${choiceKey(bundle)}.namespace`,
    what: `\`${namespace}\` belongs to ${owner}`,
    expected: "a namespace of the stack's own",
    fix: "choose another name",
  };
}

function open({ bundle, namespace }: Home, file: string): Problem {
  return {
    code: "policies/namespace-open",
    where: `${file} › namespaces.${namespace}.isolated`,
    what: `\`false\`, but the bundle \`${bundle}\` lives in \`${namespace}\``,
    expected: "a closed namespace, because what the bundle does not allow would be open",
    fix: `take the line away, or name another namespace in policies.${choiceKey(bundle)}.namespace`,
  };
}

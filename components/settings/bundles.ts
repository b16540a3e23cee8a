/** Bundles: the namespaces that chosen bundles bring along, and the choices that cannot go with them. */
import { choiceKey } from "../../policies/choices.ts";
import type { BundleNamespace } from "../../policies/bundle.ts";
import { bundles, selectBundles } from "../../policies/bundles.ts";
import { baseline } from "../../policies/baseline/bundle.ts";
import { neverObserved } from "../../policies/observe.ts";
import { tenants } from "../../policies/tenants/bundle.ts";
import type { Problem } from "../../policies/problems.ts";
import type { Settings } from "../settings.ts";
import { ownedNamespaces } from "./answers.ts";

/** A bundle and a namespace that it lives in. */
export interface Home extends BundleNamespace {
  readonly bundle: string;
}

export function homes({ policies }: Pick<Settings, "policies">): readonly Home[] {
  return selectBundles(policies).flatMap(({ name, namespacesOf }) =>
    (namespacesOf?.(policies) ?? []).map((each) => ({ bundle: name, ...each })),
  );
}

/**
 * The stack as it is with the namespaces of its bundles, which start closed unless the bundle is only observed. What the
 * stack says itself counts.
 */
export function withBundleNamespaces(settings: Settings): Settings {
  const all = homes(settings);
  const namespaces: Settings["namespaces"] = { ...settings.namespaces };
  for (const { namespace, labels } of all) {
    const closed = all.some((home) => home.namespace === namespace && !isObserved(home.bundle, settings));
    const written = namespaces[namespace] ?? { isolated: closed, labels: {} };
    namespaces[namespace] = { ...written, labels: { ...labels, ...written.labels } };
  }
  return { ...settings, namespaces };
}

/** The same stack with nothing observed: every bundle enforced, in namespaces that start closed. */
export function enforced(settings: Settings): Settings {
  const closed = homes(settings).map(({ namespace }) => [
    namespace,
    { labels: {}, ...settings.namespaces[namespace], isolated: true },
  ]);
  return {
    ...settings,
    policies: { ...settings.policies, observe: [] },
    namespaces: { ...settings.namespaces, ...(Object.fromEntries(closed) as Settings["namespaces"]) },
  };
}

function isObserved(bundle: string, { policies }: Pick<Settings, "policies">): boolean {
  return policies.observe.some((name) => name === bundle);
}

/** Of a stack as it was written, before {@link withBundleNamespaces}. */
export function bundleProblems(settings: Settings, file: string): readonly Problem[] {
  const { namespaces, policies } = settings;
  const closes = policies.bundles.includes("baseline") && !isObserved(baseline.name, settings);
  const all = homes(settings);
  const ofHomes = all.flatMap((home, index): Problem[] => {
    const { bundle, namespace } = home;
    // What is wrong with the bundle and not with a namespace is told once.
    const first = all.findIndex((each) => each.bundle === bundle) === index;
    const owner = ownedNamespaces[namespace];
    const isolated = namespaces[namespace]?.isolated;
    const isOnlyObserved = isObserved(bundle, settings);
    return [
      ...(policies.bundles.includes("baseline") || !first ? [] : [withoutBaseline(bundle, file)]),
      ...(policies.bundles.includes("baseline") && !closes && !isOnlyObserved && first
        ? [beforeBaseline(bundle, file)]
        : []),
      ...(owner === undefined ? [] : [taken(home, owner, file)]),
      ...(isolated === false && !isOnlyObserved ? [open(home, file)] : []),
      ...(isolated === true && isOnlyObserved && closes ? [closed(home, file)] : []),
    ];
  });
  const tenantsClosed = closes && isObserved(tenants.name, settings) ? [tenantsAreClosed(file)] : [];
  return [...ofHomes, ...observeProblems(policies, file), ...tenantsClosed];
}

function observeProblems({ bundles, observe }: Settings["policies"], file: string): readonly Problem[] {
  const where = `${file} › policies.observe`;
  return [...new Set(observe)].flatMap((name): Problem[] => {
    if (!bundles.includes(name)) {
      return [
        {
          code: "policies/observed-but-absent",
          where,
          what: `\`${name}\` is not among the stack's bundles`,
          expected: "bundles of `policies.bundles`",
          fix: `add \`${name}\` to policies.bundles, or take it off this list`,
        },
      ];
    }
    if (!neverObserved.includes(name)) return [];
    return [
      {
        code: "policies/nothing-to-observe",
        where,
        what: `\`${name}\` says nothing of who may talk to whom`,
        expected: "bundles that could close a connection",
        fix: `take \`${name}\` off this list`,
      },
    ];
  });
}

/** What a person should know of every run on which something is observed. */
export function observeWarnings({ policies }: Pick<Settings, "policies">, stack: string): readonly Problem[] {
  return bundles
    .filter(({ name }) => policies.observe.some((each) => each === name))
    .map(({ name }) => ({
      code: "policies/observed",
      where: `Pulumi.${stack}.yaml › policies.observe`,
      what: `\`${name}\` is observed, not enforced: it closes nothing, and its \`never\` lines are not proved`,
      expected: "that to be for a while",
      fix: `\`npm run observe -- ${stack} --flows FILE\` says what enforcing it would close`,
    }));
}

function beforeBaseline(bundle: string, file: string): Problem {
  return {
    code: "policies/needs-baseline",
    where: `${file} › policies.observe`,
    what: `\`${bundle}\` is enforced, and \`${baseline.name}\` only observed`,
    expected: "what the bundle opens to be closed first",
    fix: `enforce \`${baseline.name}\` first, or observe \`${bundle}\` as well`,
  };
}

function tenantsAreClosed(file: string): Problem {
  return {
    code: "policies/observed-but-closed",
    where: `${file} › policies.observe`,
    what: `\`${tenants.name}\` is observed, but \`${baseline.name}\` closes every tenant's namespaces`,
    expected: "open namespaces for as long as that, because a closed one leaves nothing to observe",
    fix: `observe \`${baseline.name}\` as well`,
  };
}

function closed({ bundle, namespace }: Home, file: string): Problem {
  return {
    code: "policies/observed-but-closed",
    where: `${file} › namespaces.${namespace}.isolated`,
    what: `\`true\`, but the bundle \`${bundle}\`, which lives in \`${namespace}\`, is only observed`,
    expected: "an open namespace for as long as that, because a closed one leaves nothing to observe",
    fix: `set it to false until \`${bundle}\` is enforced, or take the namespace out of \`namespaces\``,
  };
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

function taken({ bundle, namespace, setting }: Home, owner: string, file: string): Problem {
  return {
    code: "settings/namespace-taken",
    where: `${file} › policies.${choiceKey(bundle)}.${setting}`,
    what: `\`${namespace}\` belongs to ${owner}`,
    expected: "a namespace of the stack's own",
    fix: "choose another name",
  };
}

function open({ bundle, namespace, setting }: Home, file: string): Problem {
  return {
    code: "policies/namespace-open",
    where: `${file} › namespaces.${namespace}.isolated`,
    what: `\`false\`, but the bundle \`${bundle}\` lives in \`${namespace}\``,
    expected: "a closed namespace, because what the bundle does not allow would be open",
    fix: `take the line away, or name another namespace in policies.${choiceKey(bundle)}.${setting}`,
  };
}

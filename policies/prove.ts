/**
 * prove: the promises of the chosen bundles, held against all their objects together, before any of them exists.
 *
 * Whatever Cilium would refuse, drop or silently reinterpret breaks the proof, and so does what cannot be known.
 */
import type { Bundle, BundleContext, Manifest } from "./bundle.ts";
import { clusterDnsPod, namespace } from "./inventory.ts";
import type { Problem } from "./problems.ts";
import { outsideOf } from "./reachability/outside.ts";
import { checkPromises, readPromises, type PromiseResult } from "./reachability/promises.ts";
import { withExternals, type ApiServer } from "./reachability/read/externals.ts";
import { readWorld } from "./reachability/read/world.ts";

export interface Candidate {
  readonly bundles: readonly Bundle[];
  readonly context: BundleContext;
  /** Where the API server may run, seen from a pod: it decides what else it is to a policy, so each is proved. */
  readonly apiServer: readonly [ApiServer, ...ApiServer[]];
}

export interface Proof {
  /** What was proved, and is to be applied: the objects of all bundles, in their order. */
  readonly manifests: readonly Manifest[];
  /** In the order of the bundles and of their promises. */
  readonly results: readonly PromiseResult[];
  /** Every reason not to apply these objects. Empty: all is proved. */
  readonly problems: readonly Problem[];
}

export function prove({ bundles, context, apiServer }: Candidate): Proof {
  const manifests = bundles.flatMap((bundle) => bundle.manifests(context));
  const namespaces = Object.entries(context.namespaceLabels).map(([name, labels]) => namespace(name, labels));
  const inventory = once([...namespaces, clusterDnsPod, ...bundles.flatMap((bundle) => bundle.examples(context))]);
  const { world, problems } = readWorld({
    manifests: [...inventory, ...manifests].map((object) => ({ object: { ...object } })),
    externals: [],
    names: "as learned",
  });
  const promises = bundles.map((bundle) => readPromises(bundle.promises(context), placeIn(bundle)));
  const lines = promises.flatMap((read) => read.promises);
  const outside = outsideOf(world.rules);
  const results = apiServer
    .map((place) => checkPromises(lines, withExternals(world, outside, place)))
    .reduce((first, next) => first.map((result, index) => (result.kept ? (next[index] ?? result) : result)));
  return {
    manifests,
    results,
    problems: [
      ...problems,
      ...promises.flatMap((read) => read.problems),
      ...results.filter(({ kept }) => !kept).map(brokenPromise),
    ],
  };
}

function placeIn({ name }: Bundle): (index: number) => string {
  return (index) => `bundle ${name}, promise ${String(index + 1)}`;
}

/** Two bundles may speak of the same pod. */
function once(manifests: readonly Manifest[]): readonly Manifest[] {
  const keyOf = ({ kind, metadata }: Manifest): string => [kind, metadata.namespace ?? "", metadata.name].join("/");
  return [...new Map(manifests.map((manifest) => [keyOf(manifest), manifest])).values()];
}

function brokenPromise({ kind, text, where, because, failures }: PromiseResult): Problem {
  const told = failures.map(({ what, explanation }) => [what, ...explanation].join("\n    "));
  return {
    code: "policies/broken-promise",
    where,
    what: `\`${kind}: ${text}\` does not hold: ${told.join("\n  ")}`,
    expected: because === undefined ? "every promise to be kept" : `it to hold, because ${because}`,
  };
}

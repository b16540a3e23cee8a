/**
 * prove: the promises of the chosen bundles, held against all their objects together, before any of them exists.
 *
 * Whatever Cilium would refuse, drop or silently reinterpret breaks the proof, and so does what cannot be known and what
 * lint says does not do what it says.
 */
import type { Bundle, BundleContext, Manifest } from "./bundle.ts";
import { generatedFrom, type Generated } from "./generated.ts";
import { inventoryOf } from "./inhabitants.ts";
import { promisePlace } from "./inventory-head.ts";
import { judged, lint, lintCodes } from "./lint/lint.ts";
import { sourceOf } from "./manifests.ts";
import { partOfLabel, platformName } from "./names.ts";
import { judgeOwn, nothingOwn, type JudgedOwn, type Own } from "./own.ts";
import type { Problem } from "./problems.ts";
import type { Place } from "./reachability/explain.ts";
import { re2Error } from "./reachability/judge/re2.ts";
import { outsideOf } from "./reachability/outside.ts";
import {
  checkPromises,
  readPromises,
  type PlatformPromise,
  type PromiseResult,
  worstOf,
} from "./reachability/promises.ts";
import { withExternals, type ApiServer } from "./reachability/read/externals.ts";
import { isFields, type Manifest as ReadManifest } from "./reachability/read/fields.ts";
import { placeOf, readWorld } from "./reachability/read/world.ts";
import { atItsField } from "./reachability/report/places.ts";

export interface Candidate {
  readonly bundles: readonly Bundle[];
  readonly context: BundleContext;
  /** Where the API server may run, seen from a pod: it decides what else it is to a policy, so each is proved. */
  readonly apiServer: readonly [ApiServer, ...ApiServer[]];
  /** What the stack brings itself. Absent: nothing. */
  readonly own?: Own;
}

export interface Proof {
  /** What was proved, and is to be applied: the objects of all bundles in their order, then the stack's own. */
  readonly manifests: readonly Manifest[];
  /** In the order of the bundles and of their promises, then the stack's own. */
  readonly results: readonly PromiseResult[];
  /** Every reason not to apply these objects. Empty: all is proved. */
  readonly problems: readonly Problem[];
  /** What is applied all the same, and is seldom meant. */
  readonly warnings: readonly Problem[];
}

export function prove(candidate: Candidate): Proof {
  const { bundles, context, apiServer, own = nothingOwn } = candidate;
  const { inventory, brought, generated, judgedOwn } = gathered(candidate);
  const manifests = [...brought, ...judgedOwn.policies.map(({ object }) => object)].map(ofThePlatform);
  const objects = [...inventory, ...brought.map(asRead), ...generated.objects.map(asRead), ...judgedOwn.policies];
  const promises = bundles.map((bundle) => readPromises(bundle.promises(context), promisePlace(bundle.name)));
  const lines = [...promises.flatMap((read) => read.promises), ...own.promises];
  const seen = apiServer.map((place) => look({ objects, lines, context, apiServer: place, place: own.place }));
  const results = worstOf(seen.map((each) => each.results));
  const found = judged(distinct(seen.flatMap(({ findings }) => findings)), objects).flatMap(({ problem, accepted }) =>
    accepted === undefined ? [atItsField(problem, own.place)] : [],
  );
  return {
    manifests,
    results,
    problems: [
      ...judgedOwn.problems.map((problem) => atItsField(problem, own.place)),
      ...generated.problems,
      ...found.filter(stops),
      ...promises.flatMap((read) => read.problems),
      ...results.filter(({ kept }) => !kept).map(brokenPromise),
    ],
    warnings: found.filter((problem) => !stops(problem)),
  };
}

/** What a candidate is made of. */
export interface Gathered {
  /** Whom the policies are about. Of two that are the same pod, the stack's own word counts. */
  readonly inventory: readonly ReadManifest[];
  /** The objects of the bundles, in their order. */
  readonly brought: readonly Manifest[];
  /** What Kyverno makes out of them: never applied by us, and in force all the same. */
  readonly generated: Generated;
  readonly judgedOwn: JudgedOwn;
}

export function gathered({ bundles, context, own = nothingOwn }: Candidate): Gathered {
  const brought = bundles.flatMap((bundle) => bundle.manifests(context));
  const judgedOwn = judgeOwn(own, context, brought);
  const peopled = judgedOwn.workloads.map(({ object }) => placedIn(object));
  const known = inventoryOf({ bundles, context, peopled });
  return {
    inventory: once([...known.map(asRead), ...judgedOwn.workloads]),
    brought,
    generated: generatedFrom([...known, ...brought]),
    judgedOwn,
  };
}

/** The namespace of an object. */
function placedIn({ metadata }: ReadManifest["object"]): string {
  return isFields(metadata) && typeof metadata["namespace"] === "string" ? metadata["namespace"] : "default";
}

/** The object with the label by which the cluster knows it; no policy selects by labels of policies. */
function ofThePlatform(manifest: Manifest): Manifest {
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, labels: { ...metadata.labels, [partOfLabel]: platformName } } };
}

function asRead(manifest: Manifest): ReadManifest {
  const source = sourceOf(manifest);
  return { object: { ...manifest }, ...(source === undefined ? {} : { source }) };
}

function once(objects: readonly ReadManifest[]): readonly ReadManifest[] {
  return [...new Map(objects.map((each) => [placeOf({ object: each.object }), each])).values()];
}

interface Question {
  readonly objects: readonly ReadManifest[];
  readonly lines: readonly PlatformPromise[];
  readonly context: BundleContext;
  readonly apiServer: ApiServer;
  readonly place: Place;
}

interface Look {
  readonly results: readonly PromiseResult[];
  /** Of reading and of lint. */
  readonly findings: readonly Problem[];
}

/** All that can be said with the API server in one place. */
function look({ objects, lines, context, apiServer, place }: Question): Look {
  const read = readWorld({
    manifests: objects,
    externals: [],
    names: "as learned",
    apiServer,
    expressionError: re2Error,
  });
  const world = withExternals(read.world, outsideOf(read.world.rules), apiServer);
  const { meshAuthentication, sctp } = context;
  const findings = [...read.problems, ...lint({ manifests: objects, world, meshAuthentication, sctp, apiServer })];
  return { results: checkPromises(lines, world, place), findings };
}

const severities = new Map(lintCodes.map(({ code, severity }) => [code, severity]));

/** Notes of lint because manifests do not tell what the agents can do. A stack does. */
const certainHere: readonly string[] = ["lint/authentication-off", "lint/sctp-off"];

/** What works as it is written, and says something else than it seems to. */
const harmless: readonly string[] = ["reachability/bare-address", "reachability/kind-without-effect"];

/** Whether the object is refused, does nothing of what it says, or locks out. */
function stops({ code }: Problem): boolean {
  if (certainHere.includes(code)) return true;
  return severities.get(code) !== "note" && !harmless.includes(code);
}

/** What is found wherever the API server runs is told once. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
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

/**
 * Images built on this machine (`kind.images: built`): what the charts are told otherwise because of it, each with its
 * reason, and what cannot be had with it. On every other stack nothing of this applies.
 */
import type { Manifest } from "../policies/bundle.ts";
import type { Problem } from "../policies/problems.ts";
import type { BuiltImageName } from "../scripts/kind-images/images.ts";
import type { HelmValues } from "./chart.ts";
import { isMap, mergeValues, valueAt } from "./helm-values.ts";
import type { Settings } from "./settings.ts";

/** A value of Cilium's chart that differs from the one a stack with upstream's images gets. */
export interface Deviation {
  readonly path: string;
  readonly value: boolean | string;
  readonly because: string;
}

const ownDigest = "an image built here has another digest than upstream's";

export const deviations: readonly Deviation[] = [
  { path: "image.useDigest", value: false, because: ownDigest },
  { path: "operator.image.useDigest", value: false, because: ownDigest },
  { path: "hubble.relay.image.useDigest", value: false, because: ownDigest },
  {
    path: "envoy.enabled",
    value: false,
    because:
      "Cilium's Envoy is a C++ build of hours, and no package registry has it; L3, L4, DNS and FQDN rules need none",
  },
  {
    path: "hubble.tls.auto.method",
    value: "helm",
    because:
      "the job that makes Hubble's certificates has an image of its own; on a throw-away cluster the chart makes them",
  },
];

/** Does the stack run images that are built on this machine? */
export function buildsImages({ target, kind }: Pick<Settings, "target" | "kind">): boolean {
  return target === "kind" && kind.images === "built";
}

/** Values to merge over ours and below the stack's own; none where images are upstream's. */
export function builtImageValues(settings: Settings): HelmValues {
  if (!buildsImages(settings)) return {};
  return deviations.map(({ path, value }) => at(path, value)).reduce(mergeValues, {});
}

function at(path: string, value: boolean | string): HelmValues {
  return path
    .split(".")
    .reduceRight<HelmValues | boolean | string>((inner, key) => ({ [key]: inner }), value) as HelmValues;
}

/** The pods' images that the stack needs. The node's own lie in the node image. */
export function podImages({ cilium }: Pick<Settings, "cilium">): readonly BuiltImageName[] {
  const { enabled, relay, ui } = cilium.hubble;
  return ["cilium", "cilium-operator", ...(enabled && (relay || ui) ? (["hubble-relay"] as const) : [])];
}

/** What a stack asks for and nobody can build here: every piece by name, with what to say instead. */
export function builtImageProblems(settings: Settings, ciliumValues: HelmValues, file: string): readonly Problem[] {
  if (!buildsImages(settings)) return [];
  const { gateway, argocd, kyverno, cilium, kind, imageRegistry } = settings;
  const absent: (readonly [boolean, string, string, string])[] = [
    [gateway.enabled, "gateway.enabled", "NGINX Gateway Fabric", "set gateway.enabled: false"],
    [argocd.enabled, "argocd.enabled", "Argo CD", "set argocd.enabled: false"],
    [kyverno.enabled, "kyverno.enabled", "Kyverno", "set kyverno.enabled: false"],
    [cilium.hubble.ui, "cilium.hubble.ui", "the Hubble UI", "set cilium.hubble.ui: false"],
    [cilium.meshAuth === "spire", "cilium.meshAuth", "SPIRE", "set cilium.meshAuth: disabled"],
    [
      kind.pullThroughCaches.length > 0,
      "kind.pullThroughCaches",
      "the registry cache",
      "remove kind.pullThroughCaches",
    ],
  ];
  const unbuilt = absent
    .filter(([asked]) => asked)
    .map(([, where, what, fix]): Problem => ({
      code: "images/not-built",
      where: `${file} › ${where}`,
      what: `the image of ${what} is not among those that are built`,
      expected: "only what is built, with `kind.images: built`",
      fix: `${fix}, or leave out kind.images`,
    }));
  const overruled = deviations
    .filter(({ path, value }) => valueAt(ciliumValues, path) !== value)
    .map(({ path, value, because }): Problem => ({
      code: "images/value-fixed",
      where: `${file} › cilium.values › ${path}`,
      what: `must be \`${String(value)}\` with \`kind.images: built\`: ${because}`,
      expected: "the value to be left alone",
      fix: `remove it from cilium.values`,
    }));
  const mirror: Problem[] =
    imageRegistry === undefined
      ? []
      : [
          {
            code: "images/mirror-unused",
            where: `${file} › imageRegistry`,
            what: "has no effect where nothing is pulled",
            expected: "either a mirror or `kind.images: built`",
            fix: "remove one of the two",
          },
        ];
  return [...unbuilt, ...overruled, ...mirror];
}

/** Parts of a policy that only Envoy enforces. Without one the endpoint keeps its earlier policy, which may be open. */
const needsEnvoy: ReadonlySet<string> = new Set([
  ...["http", "kafka", "l7proto", "l7"],
  ...["serverNames", "terminatingTLS", "originatingTLS", "listener"],
]);

/** Refuses every policy whose enforcement would be left to an Envoy that is not there. */
export function envoyProblems(settings: Settings, manifests: readonly Manifest[], file: string): readonly Problem[] {
  if (!buildsImages(settings)) return [];
  return manifests
    .filter(({ kind }) => kind === "CiliumNetworkPolicy" || kind === "CiliumClusterwideNetworkPolicy")
    .flatMap((manifest): Problem[] => {
      const found = [...envoyRules(manifest)];
      if (found.length === 0) return [];
      const { name, namespace } = manifest.metadata;
      return [
        {
          code: "images/needs-envoy",
          where: `${file} › ${manifest.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
          what: `\`${found.join("`, `")}\` is enforced by Envoy, which is not built; without it the pods keep an earlier policy, possibly an open one`,
          expected: "policies of addresses, ports, names and labels only, with `kind.images: built`",
          fix: "leave out the bundle, tenant or folder it comes from",
        },
      ];
    });
}

function envoyRules(value: unknown): Set<string> {
  const found = new Set<string>();
  const look = (inner: unknown): void => {
    if (Array.isArray(inner)) inner.forEach(look);
    else if (isMap(inner)) {
      for (const [key, below] of Object.entries(inner)) {
        if (needsEnvoy.has(key) && isAsked(below)) found.add(key);
        else if (key !== "labels" && key !== "annotations" && key !== "matchLabels") look(below);
      }
    }
  };
  look(value);
  return found;
}

function isAsked(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
}

/** Images that are not there yet, told before anything is created. */
export function missingImageProblems(missing: readonly string[], stack: string): readonly Problem[] {
  if (missing.length === 0) return [];
  return [
    {
      code: "images/missing",
      where: `Pulumi.${stack}.yaml › kind.images`,
      what: `not built on this machine yet: ${missing.join(", ")}`,
      expected: "the images of the cluster to be there",
      fix: `npm run setup -- ${stack} --images=build`,
    },
  ];
}

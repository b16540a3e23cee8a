/**
 * Own: what a stack brings besides its bundles: policies that are applied with them, workloads that are only spoken of, and
 * promises. Who reads the files is not known here.
 */
import type { BundleContext, Manifest } from "./bundle.ts";
import { argoCdNamespace, gatewayControlNamespace, gatewayNamespace, kyvernoNamespace } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problems.ts";
import type { Place } from "./reachability/explain.ts";
import type { PlatformPromise } from "./reachability/promises.ts";
import { isFields, type Fields, type Manifest as Written } from "./reachability/read/fields.ts";
import { policyKindOf } from "./reachability/read/policy-objects.ts";
import { isWorkload } from "./reachability/read/workloads.ts";
import { placeOf } from "./reachability/read/world.ts";
import { textOf } from "./lint/seen.ts";

export interface Own {
  /** Applied after the proof, as they are written. */
  readonly policies: readonly Written[];
  /** Never applied: pods of the proof, and the Services before them. */
  readonly workloads: readonly Written[];
  readonly promises: readonly PlatformPromise[];
  /** `file:line` of a field of one of the policies. */
  readonly place: Place;
}

export const nothingOwn: Own = { policies: [], workloads: [], promises: [], place: () => undefined };

/** What of it is usable, and everything that is wrong with it. */
export interface JudgedOwn {
  readonly policies: readonly Applied[];
  readonly workloads: readonly Written[];
  readonly problems: readonly Problem[];
}

/** `taken` are the objects of the bundles, beside which these are applied. */
export function judgeOwn(own: Own, context: BundleContext, taken: readonly Manifest[]): JudgedOwn {
  const existing = existingNamespaces(context);
  const policies = own.policies.filter(isApplied);
  const workloads = own.workloads.filter(isInventory);
  return {
    policies,
    workloads,
    problems: [
      ...own.policies.flatMap(wrongWithKind),
      ...policies.flatMap((written) => [
        ...wrongWithMetadata(written),
        ...wrongNamespace(written, existing),
        ...clashes(written, taken),
      ]),
      ...own.workloads.flatMap((written) => wrongWorkload(written, context)),
      ...workloads.flatMap((written) => wrongNamespace(written, existing)),
    ],
  };
}

/** An object that has what every manifest has. */
export type Applied = Written & { readonly object: Manifest & Fields };

function isApplied(written: Written): written is Applied {
  return wrongWithKind(written).length === 0;
}

/** What may be applied, each with its one spelling. */
const appliedKinds: ReadonlyMap<string, string> = new Map([
  ["NetworkPolicy", "networking.k8s.io/v1"],
  ["CiliumNetworkPolicy", "cilium.io/v2"],
  ["CiliumClusterwideNetworkPolicy", "cilium.io/v2"],
  ["CiliumCIDRGroup", "cilium.io/v2"],
]);

function isNamespaced(kind: string): boolean {
  return kind !== "CiliumClusterwideNetworkPolicy" && kind !== "CiliumCIDRGroup";
}

const kindOf = ({ object }: Written): string => (typeof object["kind"] === "string" ? object["kind"] : "");

function wrongWithKind(written: Written): Problem[] {
  const kind = kindOf(written);
  const apiVersion = appliedKinds.get(kind);
  const where = placeOf(written);
  if (apiVersion === undefined) {
    return [
      {
        code: "own/not-a-policy",
        where,
        what: `\`${kind}\` is no policy, and what stands in policies/ is applied`,
        expected: [...appliedKinds.keys()].join(", "),
        ...(isInventory(written) ? { fix: "move it to workloads/, where it is only spoken of" } : {}),
      },
    ];
  }
  if (written.object["apiVersion"] !== apiVersion) {
    const what = `\`${String(written.object["apiVersion"])}\` has no ${kind} here`;
    return [{ code: "own/other-version", where: `${where} › apiVersion`, what, expected: `\`${apiVersion}\`` }];
  }
  if (isFields(written.object["spec"])) return [];
  const what = written.object["specs"] === undefined ? "there is no `spec`" : "`specs` holds several policies";
  return [{ code: "own/no-spec", where, what, expected: "one object for each policy, with its `spec`" }];
}

/** Fields that an author writes; the API server adds the others. */
const writtenFields = {
  object: ["apiVersion", "kind", "metadata", "spec"],
  metadata: ["name", "namespace", "labels", "annotations"],
} as const;

function wrongWithMetadata(written: Applied): Problem[] {
  const { object } = written;
  const where = placeOf(written);
  const added = [
    ...Object.keys(object).filter((key) => !writtenFields.object.some((known) => known === key)),
    ...Object.entries<unknown>(object.metadata)
      .filter(([key, value]) => value !== null && !writtenFields.metadata.some((known) => known === key))
      .map(([key]) => `metadata.${key}`),
  ];
  return [
    ...(added.length === 0
      ? []
      : [
          {
            code: "own/from-a-cluster",
            where,
            what: `${added.map((key) => `\`${key}\``).join(", ")}: not for the author of an object to write`,
            expected: "apiVersion, kind, metadata (name, namespace, labels, annotations) and spec",
            fix: "remove what a cluster added when the object was read out of it",
          },
        ]),
  ];
}

/** Namespaces that are there when policies are applied. */
function existingNamespaces({ namespaceLabels, gateway, argocd, kyverno }: BundleContext): readonly string[] {
  return [
    ...Object.keys(namespaceLabels),
    "default",
    "kube-system",
    ...(gateway === undefined ? [] : [gatewayNamespace, gatewayControlNamespace]),
    ...(argocd === undefined ? [] : [argoCdNamespace]),
    ...(kyverno === "installed" ? [kyvernoNamespace] : []),
  ];
}

function wrongNamespace(written: Written, existing: readonly string[]): Problem[] {
  if (!isNamespaced(kindOf(written)) || kindOf(written) === "Namespace") return [];
  const metadata = written.object["metadata"];
  // One that is no text is refused while the object is read.
  const namespace = isFields(metadata) ? textOf(metadata, "namespace") : undefined;
  if (namespace !== undefined && existing.includes(namespace)) return [];
  const expected = "a namespace of the stack, of an add-on that it installs, `default` or `kube-system`";
  const where = `${placeOf(written)} › metadata.namespace`;
  if (namespace === undefined)
    return [{ code: "own/namespace", where, what: "the object names no namespace", expected }];
  const close = nearest(namespace, existing);
  return [
    {
      code: "own/namespace",
      where,
      what: `there will be no namespace \`${namespace}\``,
      expected,
      fix: close === undefined ? "add it under `namespaces` of the stack" : `did you mean \`${close}\`?`,
    },
  ];
}

function clashes(written: Applied, taken: readonly Manifest[]): Problem[] {
  const { kind, metadata } = written.object;
  const clash = taken.find((each) => each.kind === kind && resourceKey(each) === resourceKey(written.object));
  if (clash === undefined) return [];
  const name = [clash.metadata.namespace, clash.metadata.name].filter((part) => part !== undefined).join("/");
  return [
    {
      code: "own/taken",
      where: `${placeOf(written)} › metadata.name`,
      what: `a bundle of the stack brings ${kind} \`${name}\``,
      expected: "a name that no bundle uses",
      fix: `call it otherwise, for example \`own-${metadata.name}\`: policies add up, whatever they are called`,
    },
  ];
}

/** What tells resources of one kind apart, in the cluster and in the state of a stack. */
function resourceKey({ metadata: { namespace, name } }: Manifest): string {
  return namespace === undefined ? name : `${namespace}-${name}`;
}

/** What the engine reads besides policies. */
const inventoryKinds: readonly string[] = ["Service", "Endpoints", "EndpointSlice"];

function isInventory(written: Written): boolean {
  const kind = kindOf(written);
  return isWorkload(kind) || inventoryKinds.includes(kind);
}

function wrongWorkload(written: Written, { namespaceLabels }: BundleContext): Problem[] {
  const kind = kindOf(written);
  const where = placeOf(written);
  if (policyKindOf(kind) !== undefined || appliedKinds.has(kind)) {
    return [
      {
        code: "own/not-applied",
        where,
        what: `\`${kind}\` is a policy, and what stands in workloads/ is never applied`,
        expected: "objects that make pods, and Services",
        fix: "move it to policies/",
      },
    ];
  }
  return kind === "Namespace" ? wrongLabels(written, namespaceLabels) : [];
}

/** The stack makes its namespaces; a manifest may bring one along that says the same. */
function wrongLabels(written: Written, namespaceLabels: BundleContext["namespaceLabels"]): Problem[] {
  const metadata = isFields(written.object["metadata"]) ? written.object["metadata"] : {};
  const name = String(metadata["name"]);
  const labels = isFields(metadata["labels"]) ? metadata["labels"] : {};
  const known: Fields = { "kubernetes.io/metadata.name": name, ...namespaceLabels[name] };
  const other = Object.entries(labels).filter(([key, value]) => known[key] !== value);
  if (other.length === 0) return [];
  return [
    {
      code: "own/namespace-labels",
      where: `${placeOf(written)} › metadata.labels`,
      what: `the stack does not give the namespace ${other.map(([key, value]) => `\`${key}: ${String(value)}\``).join(", ")}`,
      expected: "the labels that the namespace will have, since policies may ask for them",
      fix: `say them under \`namespaces.${name}.labels\` of the stack, or take them out here`,
    },
  ];
}

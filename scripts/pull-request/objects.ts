/** Objects: what a stack applies of its own, by kind and name, and how two such lists differ. */
import { bundleAnnotation, sourceAnnotation } from "../../policies/inventory-head.ts";
import { isFields, type Fields, type Manifest } from "../../policies/reachability/read/fields.ts";
import { resourceDiff, type ResourceDiff } from "../ci/resource-diff.ts";

/** Pods stand for workloads and are not applied; where an object came from is no part of it. */
export function appliedObjects(manifests: readonly Manifest[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    manifests.filter(({ object }) => object["kind"] !== "Pod").map(({ object }) => [nameOf(object), plain(object)]),
  );
}

export function objectDiff(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): ResourceDiff {
  return resourceDiff({ resources: before }, { resources: after });
}

function nameOf(object: Fields): string {
  const { namespace, name } = metadataOf(object);
  const called = [namespace, name].filter((part) => typeof part === "string").join("/");
  return `${String(object["kind"])} ${called}`;
}

function plain(object: Fields): unknown {
  const { annotations, ...metadata } = metadataOf(object);
  const kept = Object.entries(isFields(annotations) ? annotations : {}).filter(
    ([key]) => key !== bundleAnnotation && key !== sourceAnnotation,
  );
  return {
    ...object,
    metadata: { ...metadata, ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }) },
  };
}

function metadataOf(object: Fields): Fields {
  return isFields(object["metadata"]) ? object["metadata"] : {};
}

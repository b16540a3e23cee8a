/**
 * Objects: Kubernetes objects in the order written, lists of them taken apart.
 */
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import type { Document } from "./documents.ts";
import type { Located } from "./located.ts";

export interface Written {
  readonly object: unknown;
  /** In the whole text. Of an item of a list it is looked up when asked for. */
  readonly offset: number;
  readonly locate: () => Located;
}

/** The items of every list, and whatever else there is; empty documents are nothing. */
export function objectsIn(document: Document): readonly Written[] {
  return document.value === null || document.value === undefined ? [] : flat({ ...document, object: document.value });
}

function flat(written: Written): readonly Written[] {
  const { object } = written;
  const items = isFields(object) ? itemsOf(object) : undefined;
  if (!isFields(object) || items === undefined) return [written];
  // Looked up once for all items, and only when somebody asks for a place.
  let located: readonly Located[] | undefined;
  const locate = (index: number): Located =>
    (located ??= itemLocations(written.locate()))[index] ?? { offset: written.offset, entries: () => [] };
  return items.flatMap((item, index) =>
    flat({
      object: isFields(item) ? withKind(item, object) : item,
      get offset() {
        return locate(index).offset;
      },
      locate: () => locate(index),
    }),
  );
}

/** `List`, and what the API server answers, such as `PodList`. */
function itemsOf(object: Fields): readonly unknown[] | undefined {
  const { kind, items } = object;
  if (typeof kind !== "string" || !kind.endsWith("List")) return undefined;
  return Array.isArray(items) ? items : items === null || items === undefined ? [] : undefined;
}

/** In a list of one kind the items need not say it. */
function withKind(item: Fields, { kind, apiVersion }: Fields): Fields {
  if (item["kind"] !== undefined || kind === "List") return item;
  return { apiVersion, ...item, kind: String(kind).slice(0, -"List".length) };
}

function itemLocations(list: Located): readonly Located[] {
  for (const { key, value } of list.entries()) {
    if (key === "items") return [...value.entries()].map((entry) => entry.value);
  }
  return [];
}

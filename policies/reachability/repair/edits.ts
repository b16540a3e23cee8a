/**
 * Edits: what a repair does to manifests, as data, so that it can be proved on objects and then drawn on their text.
 */
import { isFields, type Fields, type Manifest } from "../read/fields.ts";

/** Keys and positions from the object's root: `["spec", "egress", 0]`. */
export type Path = readonly (string | number)[];

export type Edit =
  /** Sets the field at the path, which may be new; what holds it stands already. */
  | { readonly kind: "put"; readonly manifest: number; readonly path: Path; readonly value: unknown }
  | { readonly kind: "append"; readonly manifest: number; readonly path: Path; readonly value: unknown }
  | { readonly kind: "remove"; readonly manifest: number; readonly path: Path }
  /** A whole new object. */
  | { readonly kind: "add"; readonly object: Fields };

/** The manifests with the edits made, in their order; new objects stand last. The given ones are left as they are. */
export function edited(manifests: readonly Manifest[], edits: readonly Edit[]): readonly Manifest[] {
  const result = [...manifests];
  for (const edit of edits) {
    if (edit.kind === "add") {
      result.push({ object: edit.object });
      continue;
    }
    const manifest = result[edit.manifest];
    if (manifest === undefined) throw new RangeError(`no manifest at ${String(edit.manifest)}`);
    const object = changed(manifest.object, edit.path, edit);
    if (!isFields(object)) throw new RangeError("an object cannot be replaced as a whole");
    result[edit.manifest] = { ...manifest, object };
  }
  return result;
}

type Change = Exclude<Edit, { kind: "add" }>;

function changed(value: unknown, path: Path, edit: Change): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (edit.kind !== "append") return edit.kind === "put" ? edit.value : undefined;
    return [...(Array.isArray(value) ? (value as unknown[]) : []), edit.value];
  }
  if (typeof step === "number") {
    if (!Array.isArray(value)) throw new RangeError(`no list where ${pathText(edit.path)} needs one`);
    const list = value as unknown[];
    if (rest.length === 0 && edit.kind === "remove") return list.filter((_each, index) => index !== step);
    return list.map((each, index) => (index === step ? changed(each, rest, edit) : each));
  }
  // An object that is not written is one without fields.
  const fields = value ?? {};
  if (!isFields(fields)) throw new RangeError(`no object where ${pathText(edit.path)} needs one`);
  if (rest.length === 0 && edit.kind === "remove") {
    return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== step));
  }
  return { ...fields, [step]: changed(fields[step], rest, edit) };
}

/** `spec.egress[0].toPorts`. */
export function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${String(step)}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}

/** The steps of a rule's path, which has no keys with dots: `spec.egress[0]`. */
export function pathOf(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? "") : Number(index),
  );
}

/** What stands at the path. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof step === "number") return Array.isArray(inner) ? (inner as unknown[])[step] : undefined;
    return isFields(inner) ? inner[step] : undefined;
  }, value);
}

/** How much a person has to read: every value that is written counts one, and every one that is taken away. */
export function sizeOf(edit: Edit): number {
  if (edit.kind === "add") return leaves(edit.object);
  return edit.kind === "remove" ? 1 : leaves(edit.value);
}

function leaves(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + leaves(each), 0);
  if (isFields(value)) return Object.values(value).reduce<number>((sum, each) => sum + leaves(each), 0);
  return 1;
}

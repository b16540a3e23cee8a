/** Change: a recorded pull request on a set of manifests: what it says, what it edits, and every edge that it changes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Change {
  /** As its author would say it: one sentence. */
  readonly says: string;
  /** A folder below test/fixtures/reach. */
  readonly set: string;
  readonly edits: readonly Edit[];
  /** All that becomes different between any two endpoints on any port; empty for a pure refactoring. */
  readonly edges: readonly string[];
}

/**
 * Places are a file of the set, and behind a blank the object that is meant: `orders/orders-db`, or with its kind
 * `NetworkPolicy:books/lending`. What is replaced stands there once.
 */
export type Edit =
  | { readonly in: string; readonly from: string; readonly to: string }
  /** An object with its file, which may be new. */
  | { readonly add: string; readonly text: string }
  | { readonly remove: string }
  | { readonly move: string; readonly to: string };

/** Texts of files by their path. */
export type Files = ReadonlyMap<string, string>;

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "reach");

export function folderOf(set: string): string {
  return join(fixtures, set);
}

export function filesOf(set: string): Files {
  const folder = folderOf(set);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".yaml"));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

/** The files as the edits leave them. Throws where an edit does not fit. */
export function edited(files: Files, edits: readonly Edit[]): Files {
  return edits.reduce(withEdit, files);
}

function withEdit(files: Files, edit: Edit): Files {
  if ("add" in edit) return new Map([...files, [edit.add, joined(files.get(edit.add), edit.text)]]);
  if ("remove" in edit) return withObject(files, edit.remove, () => "");
  if ("move" in edit) {
    let moved = "";
    const left = withObject(files, edit.move, (text) => {
      moved = text;
      return "";
    });
    return new Map([...left, [edit.to, joined(left.get(edit.to), moved)]]);
  }
  return withObject(files, edit.in, (text) => {
    const { from, to } = edit;
    if (text.split(from).length !== 2) throw new Error(`\`${from}\` does not stand once in ${edit.in}`);
    return text.replace(from, () => to);
  });
}

function joined(before: string | undefined, text: string): string {
  return before === undefined || before === "" ? text : `${before.trimEnd()}\n---\n${text}`;
}

/** The files with one of their objects written anew; nothing is left of one that becomes empty. */
function withObject(files: Files, place: string, change: (text: string) => string): Files {
  const [file = "", object] = place.split(" ");
  const text = files.get(file);
  if (text === undefined) throw new Error(`there is no ${file}`);
  if (object === undefined) return new Map([...files, [file, change(text)]]);
  const documents = text.split(/^---\n/m);
  const meant = documents.filter((document) => namesOf(document).includes(object));
  if (meant.length !== 1) throw new Error(`${place} is there ${String(meant.length)} times`);
  const left = documents
    .map((document) => (document === meant[0] ? change(document) : document))
    .filter((document) => document.trim() !== "");
  return new Map([...files, [file, left.join("---\n")]]);
}

/** `orders/orders-api`, or the name alone of what is in no namespace; also with the kind before it and a colon. */
function namesOf(document: string): readonly string[] {
  const of = (key: string): string | undefined =>
    new RegExp(`^(?: {2}|metadata: \\{.*?)${key}: ([\\w.-]+)`, "m").exec(document)?.[1];
  const [namespace, name = ""] = [of("namespace"), of("name")];
  const whole = namespace === undefined ? name : `${namespace}/${name}`;
  return [whole, `${/^kind: (\w+)/m.exec(document)?.[1] ?? ""}:${whole}`];
}

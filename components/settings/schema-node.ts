/**
 * SchemaNode: the settings' schema as a tree that can be walked, and paths in it.
 */

/** The parts of a valibot schema that are walked here. */
export interface SchemaNode {
  readonly type: string;
  readonly message?: unknown;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly wrapped?: SchemaNode;
  readonly item?: SchemaNode;
  readonly value?: SchemaNode;
  readonly options?: readonly string[];
}

/** Keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** `cilium.hubble.metrics[0]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${String(key)}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** Every path of a setting below the top, without names and list positions that the user chooses. */
export function pathsOf(node: SchemaNode, path = ""): readonly string[] {
  if (node.wrapped !== undefined) return pathsOf(node.wrapped, path);
  if (node.entries === undefined) return [];
  return Object.entries(node.entries).flatMap(([key, below]) => {
    const here = path === "" ? key : `${path}.${key}`;
    return [here, ...pathsOf(below, here)];
  });
}

/** The schema of what stands at a path; undefined where nothing is known of it. */
export function nodeAt(root: SchemaNode, path: Path): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const key of path) {
    while (node?.wrapped !== undefined) node = node.wrapped;
    node = typeof key === "number" ? node?.item : (node?.entries?.[key] ?? node?.value);
  }
  while (node?.wrapped !== undefined) node = node.wrapped;
  return node;
}

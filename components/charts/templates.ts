/**
 * templateReads: which values a Helm template reads.
 *
 * Not a template engine: it follows paths written out, `with` blocks, variables and the few functions that take keys as
 * text. What it misses stays unknown, and the tests of the known charts show that nothing we need is missed.
 */

/** `whole`: the value is written out as it stands, or walked through, so that its keys are the user's. */
export interface TemplateRead {
  readonly path: readonly string[];
  readonly form: "value" | "whole";
}

type Path = readonly string[];

/** What `.` and the variables stand for at some place of a template. */
interface Block {
  /** Absent: something else than a value. Empty: all values. */
  readonly dot: Path | undefined;
  readonly kind: string;
}

export function templateReads(template: string): readonly TemplateRead[] {
  const reads: TemplateRead[] = [];
  const blocks: Block[] = [];
  const variables = new Map<string, readonly Path[]>();
  for (const [, action = ""] of template
    .replaceAll(/\{\{-?\s*\/\*[\s\S]*?\*\/\s*-?\}\}/g, "")
    .matchAll(/\{\{-?\s*([\s\S]*?)\s*-?\}\}/g)) {
    const dot = [...blocks].reverse().find(({ kind }) => kind === "with" || kind === "range" || kind === "define")?.dot;
    const paths = pathsIn(action, dot, variables);
    const form = writesWhole(action) ? "whole" : "value";
    for (const path of paths) reads.push({ path, form });
    for (const path of pathsIn(laidOver(action), dot, variables)) reads.push({ path, form: "whole" });
    const [, variable] = /^(?:with\s+|if\s+|range\s+(?:\$\w+\s*,\s*)?)?(\$\w+)\s*:?=/.exec(action) ?? [];
    if (variable !== undefined) variables.set(variable, [...(variables.get(variable) ?? []), ...paths]);
    track(action, paths, blocks);
  }
  return reads;
}

function track(action: string, paths: readonly Path[], blocks: Block[]): void {
  const [word = ""] = /^\w+/.exec(action) ?? [];
  switch (word) {
    case "with":
      blocks.push({ kind: "with", dot: paths[0] });
      return;
    case "range":
      // Inside, `.` is an element, whose keys are the user's or the list's own.
      blocks.push({ kind: "range", dot: undefined });
      return;
    case "define":
    case "block":
      blocks.push({ kind: "define", dot: undefined });
      return;
    case "if":
      blocks.push({ kind: "if", dot: undefined });
      return;
    case "end":
      blocks.pop();
      return;
    default:
  }
}

/** Every path of values that an action names, whichever way. */
function pathsIn(
  action: string,
  dot: Path | undefined,
  variables: ReadonlyMap<string, readonly Path[]>,
): readonly Path[] {
  const expression = action
    .replace(/^(?:\$\w+\s*,\s*)?\$\w+\s*:?=\s*/, "")
    .replace(/^(\w+\s+)(?:\$\w+\s*,\s*)?\$\w+\s*:?=\s*/, "$1");
  const found: Path[] = [];
  for (const [, root = "", rest = ""] of expression.matchAll(
    /(?<![\w)$"])(\$\w*|)((?:\.[A-Za-z_][\w-]*)+|\.(?![\w.]))/g,
  )) {
    const keys = rest.split(".").filter((key) => key !== "");
    for (const base of basesOf(root, keys, dot, variables)) found.push(base.filter((key) => key !== "AsMap"));
  }
  return [...found.filter((path) => path.length > 0), ...namedByText(expression, found)];
}

function basesOf(
  root: string,
  keys: readonly string[],
  dot: Path | undefined,
  variables: ReadonlyMap<string, readonly Path[]>,
): readonly Path[] {
  if (keys[0] === "Values") return [keys.slice(1)];
  if (root === "") return dot === undefined ? [] : [[...dot, ...keys]];
  return (variables.get(root) ?? []).map((path) => [...path, ...keys]);
}

/** `hasKey .Values.a "b"`, `get .Values.a "b"`, `index .Values.a "b" "c"`, `dig "b" "c" <default> .Values.a`. */
function namedByText(expression: string, found: readonly Path[]): readonly Path[] {
  const named: Path[] = [];
  for (const [, path = "", text = ""] of expression.matchAll(
    /(?:hasKey|get|index)\s+\$?\.Values((?:\.[\w-]+)*)((?:\s+"[^"]+")+)/g,
  )) {
    named.push([...keysOf(path), ...stringsIn(text)]);
  }
  for (const [, text = "", fallback = "", path = ""] of expression.matchAll(
    /dig((?:\s+"[^"]*")+?)\s+("[^"]*"|\([^)]*\)|\w+)\s+\$?\.Values((?:\.[\w-]+)*)/g,
  )) {
    if (fallback !== "") named.push([...keysOf(path), ...stringsIn(text)]);
  }
  return found.length === 0 && named.length === 0 ? [] : named;
}

function keysOf(path: string): readonly string[] {
  return path.split(".").filter((key) => key !== "" && key !== "AsMap");
}

function stringsIn(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"/g)].map(([, key = ""]) => key);
}

/** The action writes a value as YAML or JSON, walks through its keys, or takes what is left after some of them. */
function writesWhole(action: string): boolean {
  return /\b(?:toYaml|toJson|toRawJson|omit)\b/.test(action) || /^range\s+\$\w+\s*,/.test(action);
}

/** What a merge lays over a copy of known values may hold any of their keys. */
function laidOver(action: string): string {
  return /\bmerge(?:Overwrite)?\b/.test(action) ? action.replaceAll(/deepCopy\s+\$?\.Values[\w.-]*/g, "") : "";
}

/**
 * Shape: whether the settings are known, of the right type and in range.
 *
 * Every key is looked at before anything is refused. What was wrong is left out of the result and its default stands in,
 * so that the checks that need whole settings can still run and everything is told at once.
 */
import * as v from "valibot";

import type { Problem } from "../../policies/problems.ts";
import { isMap } from "../helm-values.ts";
import { formatPath, type Path, type SchemaNode } from "./schema-node.ts";
import { withoutUnknownKeys } from "./unknown-keys.ts";
import { isMissing, wrongValue } from "./wrong-values.ts";

/** What came out, undefined where not even the required keys were there, and everything that was wrong. */
export interface Shape<S extends v.GenericSchema> {
  readonly value: v.InferOutput<S> | undefined;
  readonly problems: readonly Problem[];
}

/** `input` is plain data of any shape; it is not changed. */
export function readShape<const S extends v.GenericSchema>(schema: S, input: unknown, file: string): Shape<S> {
  const node = schema as unknown as SchemaNode;
  const { known, problems: unknown } = withoutUnknownKeys(node, input, file);
  const problems = [...unknown];
  let rest = known;
  for (;;) {
    const result = v.safeParse(schema, rest, { abortPipeEarly: true });
    if (result.success) return { value: result.output, problems };
    const wrong = result.issues.map((issue) => ({ issue, path: pathOf(issue) }));
    // A required value that was told to be wrong, and left out, is not missing as well.
    const told = new Set(problems.map(({ where }) => where));
    problems.push(
      ...wrong
        .map(({ issue, path }) => ({ issue, problem: wrongValue(issue, path, node, file) }))
        .filter(({ issue, problem }) => !(isMissing(issue) && told.has(problem.where)))
        .map(({ problem }) => problem),
    );
    const replaced = wrong.map(({ issue, path }) => ({ issue, path: replaceable(path) }));
    // A key that must be there has no default to stand in, unless the list it belongs to can go.
    if (replaced.some(({ issue, path }) => isMissing(issue) && path.length === pathOf(issue).length)) {
      return { value: undefined, problems };
    }
    rest = withoutPaths(rest, [], new Set(replaced.map(({ path }) => formatPath(path))));
  }
}

function pathOf(issue: v.BaseIssue<unknown>): Path {
  return (issue.path ?? []).map((item) => item.key as string | number);
}

/** Where a default can stand in: a list with one wrong item is left out as a whole, so that positions stay true. */
function replaceable(path: Path): Path {
  const position = path.findIndex((key) => typeof key === "number");
  return position === -1 ? path : path.slice(0, position);
}

/** A copy without what stands at the paths. */
function withoutPaths(value: unknown, path: Path, broken: ReadonlySet<string>): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !broken.has(formatPath([...path, key])))
      .map(([key, below]) => [key, withoutPaths(below, [...path, key], broken)]),
  );
}

/**
 * Unknown keys: every key the settings do not have, at every level, with the name that was probably meant.
 */
import type { Problem } from "../../policies/problems.ts";
import { isMap } from "../helm-values.ts";
import { type KeyAnswer, keyAnswers } from "./answers.ts";
import { orList } from "./formats.ts";
import { nearest } from "../../policies/nearest.ts";
import { formatPath, type Path, pathsOf, type SchemaNode } from "./schema-node.ts";

/** The input without the keys that are not known, and one problem for each of those. */
export function withoutUnknownKeys(
  root: SchemaNode,
  input: unknown,
  file: string,
): { readonly known: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const known = knownPart(root, input, [], (path, names) => problems.push(unknownKey(path, names, root, file)));
  return { known, problems };
}

function knownPart(
  node: SchemaNode | undefined,
  value: unknown,
  path: Path,
  refuse: (path: Path, known: readonly string[]) => void,
): unknown {
  if (node === undefined) return value;
  if (node.wrapped !== undefined) return knownPart(node.wrapped, value, path, refuse);
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => knownPart(node.item, item, [...path, index], refuse));
  }
  if (!isMap(value)) return value;
  const { entries } = node;
  if (entries === undefined) {
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) => [key, knownPart(node.value, below, [...path, key], refuse)]),
    );
  }
  const kept: Record<string, unknown> = {};
  for (const [key, below] of Object.entries(value)) {
    if (Object.hasOwn(entries, key)) kept[key] = knownPart(entries[key], below, [...path, key], refuse);
    else refuse([...path, key], Object.keys(entries));
  }
  return kept;
}

function unknownKey(path: Path, known: readonly string[], root: SchemaNode, file: string): Problem {
  const where = `${file} › ${formatPath(path)}`;
  const answer = keyAnswers.find(({ key }) => key === formatPath(path));
  if (answer !== undefined) return { where, ...answerFor(answer) };
  const key = String(path.at(-1));
  const expected = `one of ${orList([...known].sort())}`;
  if (path.length === 1 && key.includes(".") && known.includes(key.split(".")[0] ?? "")) {
    return {
      code: "settings/unknown-key",
      where,
      what: `a key with a dot is one key to Pulumi, not a path, got \`platform:${key}\``,
      expected,
      fix: `set it with \`pulumi config set --path 'platform:${key}' <value>\``,
    };
  }
  const elsewhere = pathsOf(root).filter((other) => other.split(".").at(-1)?.toLowerCase() === key.toLowerCase());
  const suggestion = elsewhere.length === 1 ? elsewhere[0] : nearest(key, known);
  return {
    code: "settings/unknown-key",
    where,
    what: "unknown key",
    expected,
    ...(suggestion === undefined ? {} : { fix: `did you mean \`${suggestion}\`?` }),
  };
}

function answerFor(answer: KeyAnswer): Pick<Problem, "code" | "what" | "expected" | "fix"> {
  switch (answer.kind) {
    case "renamed":
      return {
        code: "settings/renamed",
        what: `is called \`${answer.now}\` here, because ${answer.why}`,
        expected: `\`${answer.now}\``,
        fix: `move the choice to \`${answer.now}\``,
      };
    case "derived":
      return {
        code: "settings/derived",
        what: "is no setting, because its value follows from another one",
        expected: `it to be derived from ${answer.from}`,
        fix: "remove it",
      };
    case "not-offered":
      return {
        code: "settings/not-offered",
        what: `is not offered, because ${answer.why}`,
        expected: "the key to be absent",
        fix: "remove it",
      };
  }
}

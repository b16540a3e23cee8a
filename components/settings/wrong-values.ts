/**
 * Wrong values: what valibot found, told as a person would say it, with the slip that probably led to it.
 */
import type * as v from "valibot";

import type { Problem } from "../../policies/problems.ts";
import { wordAnswers } from "./answers.ts";
import { nearest } from "../../policies/nearest.ts";
import { formatPath, nodeAt, type Path, type SchemaNode } from "./schema-node.ts";

/** An object lacks a key it must have. */
export function isMissing(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === "object" && issue.input === undefined && issue.expected !== "Object";
}

export function wrongValue(issue: v.BaseIssue<unknown>, path: Path, root: SchemaNode, file: string): Problem {
  const where = `${file} › ${formatPath(path)}`;
  const node = nodeAt(root, path);
  if (isMissing(issue)) {
    return { code: "settings/missing", where, what: "is missing", expected: expectedOf(node) };
  }
  if (issue.path?.at(-1)?.origin === "key") {
    return {
      code: "settings/wrong-name",
      where,
      what: `wrong name, got \`${String(issue.input)}\``,
      expected: issue.message,
    };
  }
  const why = wordAnswers.find(
    ({ setting, words }) => setting === formatPath(path) && words.includes(String(issue.input)),
  )?.why;
  if (why !== undefined) {
    return {
      code: "settings/not-offered",
      where,
      what: `is not offered, because ${why}, got \`${String(issue.input)}\``,
      expected: issue.message,
    };
  }
  const { code, what } = faultOf(issue);
  const fix = adviceFor(node, issue.input);
  return {
    code,
    where,
    what: `${what}, got \`${shown(issue.input)}\``,
    expected: issue.message,
    ...(fix === undefined ? {} : { fix }),
  };
}

function faultOf(issue: v.BaseIssue<unknown>): Pick<Problem, "code" | "what"> {
  switch (issue.type) {
    case "picklist":
      return { code: "settings/unknown-word", what: "unknown word" };
    case "integer":
    case "min_value":
    case "max_value":
      return { code: "settings/out-of-range", what: "out of range" };
    case "regex":
    case "check":
    case "non_empty":
    case "max_length":
    case "not_value":
      return { code: "settings/wrong-format", what: "wrong format" };
    default:
      return { code: "settings/wrong-type", what: "wrong type" };
  }
}

const wordsForNo = ["off", "no", "none", "false", "disabled", "disable"];
const wordsForYes = ["on", "yes", "true", "enabled", "enable"];

/** The likely slip of whoever wrote this value, where there is one. */
function adviceFor(node: SchemaNode | undefined, input: unknown): string | undefined {
  const word = String(input).toLowerCase();
  if (node === undefined) return undefined;
  switch (node.type) {
    case "picklist": {
      const options = node.options ?? [];
      // Some readers of YAML turn a bare `off` into false.
      if (options.includes("disabled") && wordsForNo.includes(word)) return "write `disabled`";
      const close = nearest(word, options);
      return close === undefined ? undefined : `did you mean \`${close}\`?`;
    }
    case "boolean":
      if (wordsForNo.includes(word)) return "write `false`, without quotes";
      if (wordsForYes.includes(word)) return "write `true`, without quotes";
      return undefined;
    case "number":
      return typeof input === "string" && /^[0-9]+$/.test(input) ? `write \`${input}\` without quotes` : undefined;
    case "string":
      return typeof input === "number" || typeof input === "boolean" ? "put it in quotes" : undefined;
    default:
      return undefined;
  }
}

function expectedOf(node: SchemaNode | undefined): string {
  return typeof node?.message === "string" ? node.message : "a value";
}

/** A value as it is told in a message: short, on one line. */
function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

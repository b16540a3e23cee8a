/** What may stand behind `npm run pr-comment --`: read once, everything wrong told at once. */
import { parseArgs } from "node:util";

import { ProblemsError, type Problem } from "../../policies/problems.ts";

export const outputs = ["markdown", "json", "sarif", "html"] as const;
export type Output = (typeof outputs)[number];

const gates = ["allowed", "denied", "any"] as const;
/** A change that ends the command with 1, as `reach diff --fail-on` has it. */
export type Gate = (typeof gates)[number];

export interface Words {
  /** In the order given, each once. */
  readonly stacks: readonly string[];
  /** Anything that git takes for a commit. Absent: where the branch left the default branch. */
  readonly base?: string;
  readonly output: Output;
  readonly failOn?: Gate;
  /** What Hubble recorded. */
  readonly flows?: string;
  /** A folder for the comment of each stack in every format. */
  readonly out?: string;
  /** Where a reader finds that folder, as Markdown. */
  readonly whole?: string;
  /** A folder with what `npm run preview` printed, `<stack>.txt`, and with which code it ended, `<stack>.code`. */
  readonly previews?: string;
}

const usage =
  "npm run pr-comment -- --stack <stack> [--base <git ref>] [-o markdown|json|sarif|html] " +
  "[--fail-on allowed|denied|any] [--flows FILE] [--out FOLDER]";

export function readWords(args: readonly string[]): Words {
  const problems: Problem[] = [];
  const wrong = (what: string, expected: string): void => {
    problems.push({ code: "pr-comment/usage", where: "pr-comment", what, expected });
  };
  const values = parsed(args);
  const stacks = [...new Set(values.stack ?? [])];
  const { output = "markdown", "fail-on": gate } = values;
  if (stacks.length === 0) wrong("no stack", usage);
  for (const stack of stacks) {
    if (!/^[\w.-]+$/.test(stack)) wrong(`\`${stack}\` is no name of a stack`, "a name such as kwok");
  }
  const format = outputs.find((each) => each === output);
  if (format === undefined) wrong(`-o \`${output}\``, outputs.join(", "));
  const failOn = gates.find((each) => each === gate);
  if (gate !== undefined && failOn === undefined) wrong(`--fail-on \`${gate}\``, gates.join(", "));
  if (stacks.length > 1 && format !== undefined && format !== "markdown") {
    wrong(`several stacks as ${output}`, "one stack, or --out FOLDER for a file of each");
  }
  if (problems.length > 0 || format === undefined) throw new ProblemsError(problems);
  const { base, flows, out, whole, previews } = values;
  return {
    stacks,
    output: format,
    ...(base === undefined ? {} : { base }),
    ...(failOn === undefined ? {} : { failOn }),
    ...(flows === undefined ? {} : { flows }),
    ...(out === undefined ? {} : { out }),
    ...(whole === undefined ? {} : { whole }),
    ...(previews === undefined ? {} : { previews }),
  };
}

const text = { type: "string" } as const;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        stack: { type: "string", multiple: true, short: "s" },
        base: text,
        output: { ...text, short: "o" },
        "fail-on": text,
        flows: text,
        out: text,
        whole: text,
        previews: text,
      },
    }).values;
  } catch (error) {
    const what = error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
    throw new ProblemsError([{ code: "pr-comment/usage", where: "pr-comment", what, expected: usage }]);
  }
}

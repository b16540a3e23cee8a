/** Usage: a command line that cannot be understood, told like every other problem. */
import type { Command, CommanderError } from "commander";

import { ProblemsError } from "../policies/problems.ts";

/** What commander found, with what it would have understood. */
export function usageProblem(error: CommanderError, command: Command): ProblemsError {
  const [first = "", ...rest] = error.message.split("\n");
  const what = first
    .replace(/^error: /, "")
    .replaceAll("'", "`")
    .replace(/\. Allowed choices are .*$/, "");
  const choices = /Allowed choices are (.*)\.$/.exec(first)?.[1];
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(" "))?.[1];
  const name = nameOf(command);
  return new ProblemsError([
    {
      code: "reach/usage",
      where: name,
      what,
      expected: choices ?? `${name} ${command.usage()}`,
      fix: suggestion === undefined ? `\`${name} --help\` says more` : `did you mean \`${suggestion}\`?`,
    },
  ]);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
}

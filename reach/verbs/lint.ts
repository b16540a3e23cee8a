/** `reach lint`: what Cilium refuses, drops or ignores in the manifests, and what is accepted and does not do what it says. */
import { writeFile } from "node:fs/promises";

import { ProblemsError } from "../../policies/problems.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Finding } from "../findings.ts";
import type { Fixes } from "../fixes.ts";
import { linted, type Agents } from "../linted.ts";
import { pathsOf, surroundingsOf, type WorldWords } from "../options.ts";
import { lintJson, lintMarkdown, lintText } from "../output/lint.ts";
import { readScenario } from "../scenario.ts";
import type { Given } from "../surroundings.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "markdown" | "json" | "sarif";
  readonly meshAuth?: boolean;
  readonly sctp?: boolean;
  readonly fix?: boolean;
  readonly dryRun?: boolean;
}

export async function lint([paths]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const given = pathsOf(paths as readonly string[], words, "lint");
  const surroundings = await surroundingsOf(words);
  const agents: Partial<Agents> = {
    ...(words.meshAuth === true ? { meshAuthentication: "on" } : {}),
    ...(words.sctp === true ? { sctp: "on" } : {}),
  };
  if (words.dryRun === true && words.fix !== true) throw new ProblemsError([dryRunAlone]);
  const found =
    words.fix === true
      ? await fixed(given, surroundings, agents, { words, terminal })
      : linted(await readScenario(given, surroundings), agents);
  // A patch alone is what `git apply` takes.
  if (words.dryRun !== true) terminal.print(await told(found, words.output, terminal));
  return found.some(({ severity }) => severity === "refused") ? exitCodes.no : exitCodes.fine;
}

const dryRunAlone = {
  code: "reach/usage",
  where: "reach lint",
  what: "`--dry-run` says what `--fix` would change",
  expected: "both, or neither",
} as const;

async function told(found: readonly Finding[], output: Words["output"], { paint }: Terminal): Promise<string> {
  switch (output) {
    case "text":
      return lintText(found, paint);
    case "markdown":
      return lintMarkdown(found);
    case "json":
      return lintJson(found);
    case "sarif":
      return (await import("../output/sarif.ts")).lintSarif(found);
  }
}

/** What is found once the fixes are made. They are told beside the answer, and written unless somebody only wants to look. */
async function fixed(
  paths: readonly string[],
  given: Given,
  agents: Partial<Agents>,
  { words, terminal }: { readonly words: Words; readonly terminal: Terminal },
): Promise<readonly Finding[]> {
  const { fixesFor } = await import("../fixes.ts");
  const { fixesText } = await import("../output/fixes.ts");
  const fixes: Fixes = await fixesFor(paths, given, agents);
  terminal.warn(fixesText(fixes));
  if (words.dryRun === true) {
    terminal.print((await import("../flows/patch.ts")).patchText(fixes.texts, process.cwd()));
  } else {
    for (const { path, after } of fixes.texts) await writeFile(path, after);
  }
  return linted(fixes.after, agents);
}

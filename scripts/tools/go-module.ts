/** downloadModule: the folder of one module in Go's own cache, its content vouched for by our go.sum. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ProblemsError } from "../../policies/problems.ts";
import { runGo, type Go } from "./go.ts";
import { buildProblem } from "./go-problems.ts";

/** The committed checksum of a module, from the text of a go.sum. */
export function committedSum(goSum: string, module: string, version: string): string | undefined {
  const prefix = `${module} ${version} `;
  return goSum
    .split("\n")
    .find((line) => line.startsWith(prefix))
    ?.slice(prefix.length)
    .trim();
}

/** Download (or find) a module and return its folder. */
export async function downloadModule(go: Go, folder: string, module: string, version: string): Promise<string> {
  const tool = folder.slice(folder.lastIndexOf("/") + 1);
  const expected = committedSum(readFileSync(join(folder, "go.sum"), "utf8"), module, version);
  const run = await runGo(go, ["mod", "download", "-json", `${module}@${version}`], { cwd: folder });
  const answer = readAnswer(run.stdout);
  if (!run.ok || answer.Dir === undefined) {
    throw new ProblemsError([buildProblem(tool, answer.Error === undefined ? run.output : [answer.Error])]);
  }
  // The Go command checks only lines that are there; a missing line must not mean "anything will do".
  if (answer.Sum === undefined || answer.Sum !== expected) {
    throw new ProblemsError([
      buildProblem(tool, [`${module} ${version}: checksum mismatch, got ${answer.Sum ?? "nothing"}`]),
    ]);
  }
  return answer.Dir;
}

interface DownloadAnswer {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

function readAnswer(stdout: string): DownloadAnswer {
  try {
    return JSON.parse(stdout) as DownloadAnswer;
  } catch {
    return {};
  }
}

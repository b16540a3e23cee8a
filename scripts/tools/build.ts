/**
 * buildTool: one recipe compiled from the modules its go.sum vouches for, put into the cache in one step.
 *
 * An interrupted build leaves nothing in the cache; what Go had downloaded and compiled until then it keeps itself, so
 * the next run goes on from there.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ProblemsError } from "../../policies/problems.ts";
import { builtName, buildTargets, linkedNames, type BuildInput } from "./build-input.ts";
import { runGo, type Go } from "./go.ts";
import { buildProblem } from "./go-problems.ts";
import { downloadModule } from "./go-module.ts";
import { publish } from "./publish.ts";
import { folderOf } from "./recipes.ts";
import type { Workplace } from "./tool-paths.ts";
import { countLine, progressLine, withHeartbeat, type BuildCount, type Log } from "./progress.ts";

/** Build into `<cache>/tools/<name>/bin`. The caller holds the lock of that folder. */
export async function buildTool(
  input: BuildInput,
  go: Go,
  places: Pick<Workplace, "tools" | "scratch" | "platform">,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const { recipe } = input;
  mkdirSync(places.scratch, { recursive: true });
  const scratch = mkdtempSync(join(places.scratch, `${recipe.name}-`));
  const count: BuildCount = { modules: 0, packages: 0 };
  const title = `${recipe.name} ${input.version}`;
  try {
    const finished = join(scratch, "finished");
    const output = join(finished, "bin");
    mkdirSync(output, { recursive: true });
    const overlay = await embedOverlay(input, go, scratch);
    const args = ["build", "-v", ...overlay, ...input.flags, ...buildTargets(recipe, output)];
    const run = await withHeartbeat(
      log,
      (seconds) => progressLine(title, count, seconds),
      () =>
        runGo(go, args, {
          cwd: input.folder,
          platform: places.platform,
          signal,
          onLine: (line) => countLine(line, count),
        }),
    );
    if (!run.ok) throw new ProblemsError([buildProblem(recipe.name, run.output.filter(isMessage), folderOf(recipe))]);
    for (const [linked, name] of linkedNames(recipe)) renameSync(join(output, linked), join(output, name));
    publish(finished, join(places.tools, builtName(input)));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Files that the program embeds and the module carries: laid over our folder for the time of the build. */
async function embedOverlay(input: BuildInput, go: Go, scratch: string): Promise<string[]> {
  if (input.recipe.embeds === undefined) return [];
  const module = await downloadModule(go, input.folder, input.recipe.module, input.moduleVersion);
  const replace = Object.fromEntries(
    Object.entries(input.recipe.embeds).map(([name, path]) => [join(input.folder, name), join(module, path)]),
  );
  const file = join(scratch, "overlay.json");
  writeFileSync(file, JSON.stringify({ Replace: replace }));
  return ["-overlay", file];
}

function isMessage(line: string): boolean {
  return !countLine(line, { modules: 0, packages: 0 });
}

/** `reach conformance`: the engine beside the verdicts that Cilium's own engine gave. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { ProblemsError } from "../../policies/problems.ts";
import {
  compareCells,
  compareLists,
  comparePair,
  type Compared,
} from "../../policies/reachability/conformance/compare.ts";
import { isProblem, readPair, readScenario, type Scenario } from "../../policies/reachability/conformance/format.ts";
import { headOf, worldOf } from "../../policies/reachability/conformance/world.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { jsonLines } from "../input/json-lines.ts";
import type { Terminal } from "../terminal.ts";

interface Words {
  readonly cases?: string;
  readonly diffs?: string;
}

const fixtures = join(import.meta.dirname, "../../test/fixtures/cilium-verdicts");
const ownFiles: Required<Words> = {
  cases: join(fixtures, "random-cases-000-299.jsonl.gz"),
  diffs: join(fixtures, "diff-cases-000-299.jsonl.gz"),
};

/** Of what differs, so much is printed. */
const shown = 20;

export async function conformance(_words: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const files = filesOf(words);
  const [cells, lists, diffs] = [new Tally(), new Tally(), new Tally()];
  const scenarios = new Map<number, Scenario>();
  for await (const { value, where, line } of jsonLines(files.cases)) {
    const scenario = readScenario(value, where, line);
    if (isProblem(scenario)) throw new ProblemsError([scenario]);
    terminal.progress(`scenario ${String(scenario.id)}`);
    const world = worldOf(scenario);
    cells.add(compareCells(scenario, world));
    lists.add(compareLists(scenario, world));
    // Kept only if a change may start from it: files may be larger than memory.
    if (files.diffs !== undefined) scenarios.set(scenario.id, scenario);
  }
  if (files.diffs !== undefined) {
    for await (const { value, where, line } of jsonLines(files.diffs)) {
      const pair = readPair(value, where);
      if (isProblem(pair)) throw new ProblemsError([pair]);
      const base = scenarios.get(pair.base);
      if (base === undefined) throw new ProblemsError([unknownBase(where, pair.base, files.cases)]);
      terminal.progress(`change ${String(line + 1)}`);
      diffs.add(comparePair(pair, line + 1, base, worldOf(base), worldOf(headOf(base, pair))), "as one");
    }
  }
  terminal.progress("");
  terminal.print(`cells ${cells.text()}; L7 lists ${lists.text()}; diffs ${diffs.text()}\n`);
  const first = [cells, lists, diffs].flatMap((tally) => tally.first).slice(0, shown);
  for (const line of first) terminal.print(`  ${line}\n`);
  return first.length === 0 ? exitCodes.fine : exitCodes.no;
}

/** The project's own files, unless others are named. Changes belong to their scenarios. */
function filesOf({ cases, diffs }: Words): { readonly cases: string; readonly diffs?: string } {
  if (cases !== undefined) return { cases, ...(diffs === undefined ? {} : { diffs }) };
  if (!existsSync(ownFiles.cases)) {
    throw new ProblemsError([
      {
        code: "conformance/no-cases",
        where: "--cases",
        what: "no file is named, and the project's own verdicts are not here",
        expected: "--cases <file>",
      },
    ]);
  }
  return { cases: ownFiles.cases, diffs: diffs ?? ownFiles.diffs };
}

function unknownBase(
  where: string,
  base: number,
  cases: string,
): ConstructorParameters<typeof ProblemsError>[0][number] {
  return {
    code: "conformance/unknown-base",
    where,
    what: `starts from scenario \`${String(base)}\`, which ${cases} does not hold`,
    expected: "the id of a scenario",
    fix: "name its file with --cases",
  };
}

/** Running sums, with the first lines of what differs. */
class Tally {
  readonly first: string[] = [];
  #compared = 0;
  #differing = 0;

  /** `as one`: however many lines differ, it is one thing that does. */
  add({ compared, differing }: Compared, counting: "each line" | "as one" = "each line"): void {
    this.#compared += compared;
    this.#differing += counting === "each line" ? differing.length : Math.min(1, differing.length);
    this.first.push(...differing.slice(0, shown - this.first.length));
  }

  text(): string {
    return `${String(this.#compared)}, differing ${String(this.#differing)}`;
  }
}

/**
 * `npm run test:oracle`: the engine against Cilium's own policy code, on the fixtures, on our bundles and on random worlds.
 *
 * What differs is shrunk and printed as one line of JSON, which is a scenario with the verdicts that Cilium gives.
 */
import { UserError } from "../../policies/problems.ts";
import { obtainTools } from "../../scripts/tools/obtain.ts";
import { readCases } from "../reachability/cases.ts";
import { bundleWorlds, changeWorlds, publishedWorlds, stackWorlds } from "./bundle-worlds.ts";
import { compareScenario, fixtureDifferences } from "./compare.ts";
import { OracleError, startOracle, type Oracle } from "./oracle.ts";
import { smallest } from "./shrink.ts";
import type { Scenario } from "./scenario.ts";
import { worldOf } from "./worlds.ts";

/** What CI asks for: some seconds after the build. */
const defaultWorlds = 300;

export interface OracleOptions {
  readonly worlds: number;
  /** Of the first world; the next one has the next number. */
  readonly seed: number;
  /** No world is begun after so many. */
  readonly seconds: number;
}

const usage = "[--worlds N] [--seed S] [--seconds T]";

/** Numbers behind names; anything else is refused. */
export function readOracleOptions(args: readonly string[]): OracleOptions {
  const options = { worlds: defaultWorlds, seed: 1, seconds: Infinity };
  const rest = args.flatMap((arg) => (/^--\w+=/.test(arg) ? arg.split("=", 2) : [arg]));
  while (rest.length > 0) {
    const [option = "", value = ""] = rest.splice(0, 2);
    const name = option.replace(/^--/, "");
    if (!option.startsWith("--") || !(name in options) || !/^\d+$/.test(value)) {
      throw new UserError(`test:oracle: cannot use \`${[option, value].join(" ").trim()}\`\n  expected ${usage}`);
    }
    options[name as keyof OracleOptions] = Number(value);
  }
  return options;
}

/** Exit code 1 if anything differs. */
export async function testOracle(args: readonly string[]): Promise<number> {
  const options = readOracleOptions(args);
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const { path } = await obtainTools(["policy-oracle"], { log });
  const program = path["policy-oracle"];
  if (program === undefined) throw new Error("the oracle was obtained and is not there");
  const oracle = startOracle(program);
  try {
    const found = [
      await compareFixtures(oracle),
      await compareNamed(oracle, "stacks", stackWorlds()),
      await compareNamed(oracle, "bundles", bundleWorlds()),
      await compareNamed(oracle, "published sets", publishedWorlds()),
      await compareNamed(oracle, "both sides of recorded changes", changeWorlds()),
      await compareRandom(oracle, options),
    ];
    return found.every((differing) => differing === 0) ? 0 : 1;
  } finally {
    oracle.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The Go program itself, proved on verdicts that were computed elsewhere. */
async function compareFixtures(oracle: Oracle): Promise<number> {
  let [cells, lists, differing] = [0, 0, 0];
  for (const { id, expected, expectedL7: withL7, ...scenario } of readCases()) {
    const expectedL7 = withL7 ?? [];
    const answer = await oracle.ask(scenario);
    const differences = fixtureDifferences({ expected, expectedL7 }, answer);
    cells += expected.length;
    lists += expectedL7.length;
    differing += differences.length;
    for (const line of differences.slice(0, 3)) say(`fixture ${String(id)}: ${line}`);
  }
  say(`fixtures: cells ${grouped(cells)}, L7 lists ${grouped(lists)}, differing ${grouped(differing)}`);
  return differing;
}

async function compareNamed(
  oracle: Oracle,
  what: string,
  worlds: readonly { readonly name: string; readonly scenario: Scenario }[],
): Promise<number> {
  const total = new Tally();
  for (const { name, scenario } of worlds) await total.add(oracle, name, scenario);
  say(total.line(what));
  return total.differing;
}

async function compareRandom(oracle: Oracle, { worlds, seed, seconds }: OracleOptions): Promise<number> {
  const end = performance.now() + seconds * 1000;
  const total = new Tally();
  for (let each = 0; each < worlds && performance.now() < end; each += 1) {
    await total.add(oracle, `seed ${String(seed + each)}`, worldOf(seed + each));
  }
  say(total.line("random worlds"));
  return total.differing;
}

/** Adds up, and shows what differs while it is found. */
class Tally {
  differing = 0;
  #worlds = 0;
  #cells = 0;
  #lists = 0;
  #unknown = 0;
  #refused = 0;
  #unused = 0;
  #wavering = 0;

  async add(oracle: Oracle, name: string, scenario: Scenario): Promise<void> {
    this.#worlds += 1;
    try {
      const answer = await oracle.ask(scenario);
      const { differences, cells, lists, unknown } = compareScenario(scenario, answer);
      this.#cells += cells;
      this.#lists += lists;
      this.#unknown += unknown;
      this.#refused += answer.policyErrors.length;
      if (differences.length === 0) return;
      const settled = await settledDifferences(oracle, scenario);
      if (settled.length === 0) {
        this.#wavering += 1;
        process.stderr.write(`${name}: Cilium's own answer changes from one time to the next\n`);
        return;
      }
      this.differing += 1;
      await show(oracle, name, scenario, settled);
    } catch (error) {
      if (!(error instanceof OracleError)) throw error;
      // Cilium's own code gave up; there is no verdict to be equal to.
      this.#unused += 1;
      process.stderr.write(`${name}: ${error.message.split("\n", 1)[0] ?? ""}\n`);
    }
  }

  line(what: string): string {
    const parts = [
      `${what}: ${grouped(this.#worlds)}`,
      `cells ${grouped(this.#cells)} (${grouped(this.#unknown)} unknown to us)`,
      `L7 lists ${grouped(this.#lists)}`,
      `objects refused by both ${grouped(this.#refused)}`,
      ...(this.#unused === 0 ? [] : [`without an answer ${grouped(this.#unused)}`]),
      ...(this.#wavering === 0 ? [] : [`left open by Cilium itself ${grouped(this.#wavering)}`]),
      `differing worlds ${grouped(this.differing)}`,
    ];
    return parts.join(", ");
  }
}

/** An answer that one in thirty gets is seen with this many, nineteen times of twenty. */
const timesAsked = 100;

/**
 * What differs however often Cilium is asked. Where one entry of its policy map takes over a handshake from another, the
 * order in which Go walks a map can decide; nobody can be equal to that.
 */
async function settledDifferences(oracle: Oracle, scenario: Scenario): Promise<readonly string[]> {
  let settled: readonly string[] | undefined;
  for (let time = 0; time < timesAsked && settled?.length !== 0; time += 1) {
    const { differences } = compareScenario(scenario, await oracle.ask(scenario));
    settled = settled?.filter((line) => differences.includes(line)) ?? differences;
  }
  return settled ?? [];
}

async function show(oracle: Oracle, name: string, scenario: Scenario, differences: readonly string[]): Promise<void> {
  const differs = async (smaller: Scenario): Promise<boolean> => {
    try {
      return compareScenario(smaller, await oracle.ask(smaller)).differences.length > 0;
    } catch {
      // Neither an answer nor a comparison: not what is looked for.
      return false;
    }
  };
  const small = await smallest(scenario, differs);
  const answer = await oracle.ask(small);
  say(`${name}: ${String(differences.length)} differences, for example`);
  for (const line of compareScenario(small, answer).differences.slice(0, 3)) say(`  ${line}`);
  say(JSON.stringify({ ...small, ...answer }));
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

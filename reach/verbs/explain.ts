/** `reach explain`: one connection, side by side, with the rules that decide it and those that almost do. */
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { explain as explained, explanationText } from "../../policies/reachability/explain.ts";
import type { Endpoint, Traffic, World } from "../../policies/reachability/model.ts";
import {
  portPattern,
  positionsOf,
  rangesAt,
  unknownName,
  unusablePort,
} from "../../policies/reachability/selection.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { documentText, schema } from "../output/json.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "json";
}

export async function explain(words: readonly unknown[], options: Words, terminal: Terminal): Promise<ExitCode> {
  const [from, to, port, paths] = words as readonly [string, string, string, readonly string[]];
  const { world, place } = await readScenario(paths, await surroundingsOf(options));
  const walks = questionsOf(from, to, port, world).map((traffic) => explained(traffic, world));
  if (options.output === "text") {
    terminal.print(`${walks.map((walk) => explanationText(walk, place)).join("\n\n")}\n`);
  } else {
    const placed = walks.map((walk) => ({
      ...walk,
      sides: walk.sides.map((side) => ({
        ...side,
        origins: side.origins.map((origin) => ({ ...origin, place: place(origin) })),
      })),
    }));
    terminal.print(documentText({ schema, kind: "explanations", explanations: placed }));
  }
  return exitCodes.fine;
}

/** One for each protocol and number that the port means. */
function questionsOf(from: string, to: string, port: string, world: World): Traffic[] {
  const problems: Problem[] = [];
  const [client, server] = [one("FROM", from, world.endpoints, problems), one("TO", to, world.endpoints, problems)];
  const pattern = portPattern(port);
  if (pattern === undefined) problems.push(unusablePort("PORT", port));
  const listener = server === undefined ? undefined : world.endpoints[server];
  const ranges = pattern === undefined || listener === undefined ? [] : rangesAt([pattern], listener);
  if (pattern?.kind === "name" && listener !== undefined && ranges.length === 0) {
    problems.push({
      code: "reach/unusable-port",
      where: "PORT",
      what: `${listener.name} has no port called \`${port}\``,
      expected: listener.ports.map(({ name }) => name).join(", ") || "a number",
    });
  }
  if (client !== undefined && client === server) {
    problems.push({
      code: "reach/same-end",
      where: "TO",
      what: `\`${to}\` is the client itself`,
      expected: "another workload: policies do not govern what a pod sends to itself",
    });
  }
  if (problems.length > 0 || client === undefined || server === undefined) throw new ProblemsError(problems);
  return ranges
    .filter(({ protocol }) => pattern?.protocol !== undefined || protocol === "TCP" || pattern?.kind === "name")
    .map(({ protocol, first }) => ({ from: client, to: server, protocol, port: first }));
}

function one(where: string, name: string, endpoints: readonly Endpoint[], problems: Problem[]): number | undefined {
  const [found, ...others] = positionsOf(name, endpoints);
  if (found === undefined) problems.push(unknownName(where, name, endpoints));
  else if (others.length > 0) {
    const names = [found, ...others].slice(0, 5).map((position) => endpoints[position]?.name ?? "");
    problems.push({
      code: "reach/ambiguous-name",
      where,
      what: `\`${name}\` is ${String(others.length + 1)} of them`,
      expected: `one, such as ${names.join(", ")}`,
    });
    return undefined;
  }
  return found;
}

/** `reach explain`: one connection, side by side, with the rules that decide it and those that almost do. */
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { explain as explained, type Explanation } from "../../policies/reachability/explain.ts";
import type { Endpoint, Traffic, World } from "../../policies/reachability/model.ts";
import { withNamed } from "../../policies/reachability/named-outside.ts";
import {
  portPattern,
  positionsOf,
  rangesAt,
  unknownName,
  unusablePort,
  type PortPattern,
} from "../../policies/reachability/selection.ts";
import { askService, findService, type ServicePortAnswer } from "../../policies/reachability/service.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { explanationsJson, explanationsText, type Walk } from "../output/explain.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "json";
  readonly service?: true;
}

export async function explain(words: readonly unknown[], options: Words, terminal: Terminal): Promise<ExitCode> {
  const [from, to, port, paths] = words as readonly [string, string, string, readonly string[]];
  const { world: read, place } = await readScenario(paths, await surroundingsOf(options));
  const world = withNamed([from, to], read);
  const walks =
    options.service === true
      ? serviceWalks(from, to, port, world)
      : questionsOf(from, to, port, world).map(walkIn(world));
  terminal.print(options.output === "text" ? explanationsText(walks, place) : explanationsJson(walks, place));
  return exitCodes.fine;
}

function walkIn(world: World): (traffic: Traffic) => Walk {
  return (traffic) => ({ explanation: explained(traffic, world) });
}

/** One for each protocol and number that the port means. */
function questionsOf(from: string, to: string, port: string, world: World): Traffic[] {
  const problems: Problem[] = [];
  const [client, server] = [one("FROM", from, world.endpoints, problems), one("TO", to, world.endpoints, problems)];
  const pattern = patternOf(port, problems);
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
  // A number without a protocol is TCP here: one question, one answer.
  const meant = pattern?.kind === "range" && pattern.protocol === undefined ? ["TCP"] : undefined;
  return ranges
    .filter(({ protocol }) => meant?.includes(protocol) ?? true)
    .map(({ protocol, first }) => ({ from: client, to: server, protocol, port: first }));
}

function patternOf(port: string, problems: Problem[]): PortPattern | undefined {
  const pattern = portPattern(port);
  if (pattern === undefined || (pattern.kind === "range" && pattern.first !== pattern.last)) {
    problems.push({ ...unusablePort("PORT", port), expected: "one port: 443, UDP/53, or the name of a port" });
    return undefined;
  }
  return pattern;
}

/** One for each backend of each port of the Service that is meant. */
function serviceWalks(from: string, name: string, port: string, world: World): Walk[] {
  const problems: Problem[] = [];
  const client = one("FROM", from, world.endpoints, problems);
  const service = findService(world, name);
  const pattern = patternOf(port, problems);
  if (service === undefined) {
    problems.push({
      code: "reach/unknown-name",
      where: "TO",
      what: `no Service is called \`${name}\``,
      expected:
        world.services.map((each) => `${each.namespace}/${each.name}`).join(", ") || "a Service among the manifests",
    });
  }
  if (client === undefined || service === undefined || pattern === undefined) throw new ProblemsError(problems);
  const ports = askService(client, service, world).ports.filter((answer) => isMeant(answer, pattern));
  if (ports.length === 0) {
    const known = service.ports.map(({ protocol, port: number }) => `${protocol}/${String(number)}`);
    problems.push({
      code: "reach/unusable-port",
      where: "PORT",
      what: `the Service \`${name}\` has no port \`${port}\``,
      expected: known.join(", "),
    });
    throw new ProblemsError(problems);
  }
  return ports.flatMap((answer): Walk[] => {
    const { port: own, backends } = answer;
    const heading = serviceHeading(name, answer);
    const walks = backends.map(({ endpoint: to, port: number }): Explanation =>
      explained({ from: client, to, protocol: own.protocol, port: number }, world),
    );
    const [first, ...others] = walks;
    if (first === undefined) return [{ heading }];
    return [{ heading, explanation: first }, ...others.map((explanation) => ({ explanation }))];
  });
}

function isMeant({ port }: ServicePortAnswer, pattern: PortPattern): boolean {
  if ((pattern.protocol ?? port.protocol) !== port.protocol) return false;
  return pattern.kind === "name" ? port.name === pattern.name : port.port === pattern.first;
}

/** What a caller gets: policy sees the pod and its port, never the Service. */
function serviceHeading(name: string, { port, backends, withoutPort, elsewhere, reach }: ServicePortAnswer): string {
  const behind = [
    ...backends.map((each) => `${each.name} ${String(each.port)}`),
    ...withoutPort.map((each) => `${each} has no port called ${String(port.target)}`),
    ...elsewhere.map((each) => `${each}, of which nothing is known`),
  ];
  const gets = {
    all: "every backend answers",
    some: "it depends on which backend is chosen",
    none: "no backend may be reached",
    unknown: "unknown",
    nobody: "nobody serves it",
  }[reach];
  const text = `Service ${name} ${port.protocol} ${String(port.port)}: ${gets}`;
  return behind.length === 0 ? text : `${text}\n  behind it: ${behind.join("; ")}`;
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

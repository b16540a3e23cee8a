/** `reach explain`: one connection, side by side, with the rules that decide it and those that almost do. */
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { explain as explained, type Explanation } from "../../policies/reachability/explain.ts";
import type { Traffic, World } from "../../policies/reachability/model.ts";
import { withNamed } from "../../policies/reachability/report/named-outside.ts";
import type { PortPattern } from "../../policies/reachability/report/selection.ts";
import { askService, findService, type ServicePortAnswer } from "../../policies/reachability/service.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { pathsOf, surroundingsOf, type WorldWords } from "../options.ts";
import { explanationsJson, explanationsText, type Walk } from "../output/explain.ts";
import { connectionsOf, endpointCalled, portCalled } from "../questions.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "json";
  readonly service?: true;
}

export async function explain(words: readonly unknown[], options: Words, terminal: Terminal): Promise<ExitCode> {
  const [from, to, port, paths] = words as readonly [string, string, string, readonly string[]];
  const { world: read, place } = await readScenario(pathsOf(paths, options, "explain"), await surroundingsOf(options));
  const world = withNamed([from, to], read);
  const walks =
    options.service === true
      ? serviceWalks(from, to, port, world)
      : connectionsOf({ from, to, port }, world).map(walkIn(world));
  terminal.print(options.output === "text" ? explanationsText(walks, place) : explanationsJson(walks, place));
  return exitCodes.fine;
}

function walkIn(world: World): (traffic: Traffic) => Walk {
  return (traffic) => ({ explanation: explained(traffic, world) });
}

/** One for each backend of each port of the Service that is meant. */
function serviceWalks(from: string, name: string, port: string, world: World): Walk[] {
  const problems: Problem[] = [];
  const client = endpointCalled("FROM", from, world, problems);
  const service = findService(world, name);
  const pattern = portCalled(port, problems);
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

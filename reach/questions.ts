/** Questions: the connections that somebody asks about, by the words for their ends and their port. */
import { ProblemsError, type Problem } from "../policies/problems.ts";
import type { Traffic, World } from "../policies/reachability/model.ts";
import {
  portPattern,
  positionsOf,
  rangesAt,
  unknownName,
  unusablePort,
  type PortPattern,
} from "../policies/reachability/report/selection.ts";

export interface Connection {
  /** A workload, or something outside. */
  readonly from: string;
  readonly to: string;
  /** `443` (TCP), `UDP/53`, or the name that the server gives a port. */
  readonly port: string;
}

/** One for each protocol and number that the port means. */
export function connectionsOf({ from, to, port }: Connection, world: World): Traffic[] {
  const problems: Problem[] = [];
  const [client, server] = [endpointCalled("FROM", from, world, problems), endpointCalled("TO", to, world, problems)];
  const pattern = portCalled(port, problems);
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

/** Undefined, and a problem, where it is none or several. */
export function portCalled(port: string, problems: Problem[]): PortPattern | undefined {
  const pattern = portPattern(port);
  if (pattern === undefined || (pattern.kind === "range" && pattern.first !== pattern.last)) {
    problems.push({ ...unusablePort("PORT", port), expected: "one port: 443, UDP/53, or the name of a port" });
    return undefined;
  }
  return pattern;
}

/** The one endpoint that a name means; undefined, and a problem, where it is none or several. */
export function endpointCalled(
  where: string,
  name: string,
  world: Pick<World, "endpoints" | "onNodes">,
  problems: Problem[],
): number | undefined {
  const { endpoints } = world;
  const [found, ...others] = positionsOf(name, endpoints);
  if (found === undefined) problems.push(unknownName(where, name, world));
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

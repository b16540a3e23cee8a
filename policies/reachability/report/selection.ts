/**
 * Selection: the part of a matrix that somebody asked for, by name and by port.
 */
import { nearest } from "../../nearest.ts";
import type { Problem } from "../../problems.ts";
import type { Endpoint, World } from "../model.ts";
import { highestPort, type Protocol } from "../judge/ports.ts";
import type { PortRange } from "./report.ts";

/** What to show, as written. Absent is everything. */
export interface Selection {
  /** Clients. `dev/backend`, `dev/` for a namespace, the name of something outside; `*` is any text. */
  readonly from?: readonly string[];
  /** Servers. */
  readonly to?: readonly string[];
  /** Whose connections, in whichever direction. */
  readonly focus?: readonly string[];
  /** `443`, `TCP/443`, `8000-8100`, `TCP/8000-8100`, or the name of a port. */
  readonly port?: readonly string[];
}

/** Which endpoints a selection means; absent is all of them. */
export interface Selected {
  readonly from?: ReadonlySet<number>;
  readonly to?: ReadonlySet<number>;
  readonly focus?: ReadonlySet<number>;
  readonly ports?: readonly PortPattern[];
}

export function isEverything({ from, to, focus, ports }: Selected): boolean {
  return from === undefined && to === undefined && focus === undefined && ports === undefined;
}

export type PortPattern =
  | { readonly kind: "name"; readonly name: string; readonly protocol?: Protocol }
  | { readonly kind: "range"; readonly first: number; readonly last: number; readonly protocol?: Protocol };

/** A pattern that means nothing is a problem: an empty answer to it would be taken for a denial. */
export function select(selection: Selection, world: World): { selected: Selected; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const named = (option: "from" | "to" | "focus"): ReadonlySet<number> | undefined => {
    const patterns = selection[option];
    if (patterns === undefined) return undefined;
    const found = patterns.flatMap((pattern) => {
      const positions = positionsOf(pattern, world.endpoints);
      if (positions.length === 0) problems.push(unknownName(`--${option}`, pattern, world));
      return positions;
    });
    return new Set(found);
  };
  const ports = selection.port?.flatMap((written) => {
    const pattern = portPattern(written);
    if (pattern === undefined) problems.push(unusablePort("--port", written));
    return pattern ?? [];
  });
  const [from, to, focus] = [named("from"), named("to"), named("focus")];
  return {
    selected: {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(focus === undefined ? {} : { focus }),
      ...(ports === undefined ? {} : { ports }),
    },
    problems,
  };
}

/**
 * Positions of the endpoints that a pattern means: by its whole name, a namespace written `dev/`, a workload's name without
 * its namespace, or any of these with `*` for any text.
 */
export function positionsOf(pattern: string, endpoints: readonly Endpoint[]): number[] {
  const exact = endpoints.flatMap(({ name }, position) => (name === pattern ? [position] : []));
  if (exact.length > 0) return exact;
  const whole = expression(pattern.endsWith("/") ? `${pattern}*` : pattern);
  return endpoints.flatMap(({ name, kind }, position) => {
    const bare = kind === "pod" && !pattern.includes("/") ? name.slice(name.indexOf("/") + 1) : name;
    return whole.test(name) || whole.test(bare) ? [position] : [];
  });
}

function expression(pattern: string): RegExp {
  return new RegExp(`^${pattern.split("*").map(literally).join(".*")}$`, "s");
}

export function unknownName(
  where: string,
  name: string,
  { endpoints, onNodes }: Pick<World, "endpoints" | "onNodes">,
): Problem {
  if (positionsOf(name, onNodes).length > 0) {
    return {
      code: "reach/unknown-name",
      where,
      what: `\`${name}\` uses the network of its node, so no policy knows it by name`,
      expected: "host, for the node that the other end is on, or remote-node",
    };
  }
  const close = nearest(
    name,
    endpoints.map((endpoint) => endpoint.name),
  );
  return {
    code: "reach/unknown-name",
    where,
    what: `no workload and nothing outside is called \`${name}\``,
    expected: "namespace/workload, namespace/, or the name of something outside; * is any text",
    ...(close === undefined ? {} : { fix: `did you mean \`${close}\`?` }),
  };
}

export function unusablePort(where: string, written: string): Problem {
  return {
    code: "reach/unusable-port",
    where,
    what: `\`${written}\` is no port`,
    expected: `a number from 1 to ${String(highestPort)}, a range such as 8000-8100, or a name, with TCP/, UDP/ or SCTP/ before it if only one is meant`,
  };
}

/** Undefined when it is none. `TCP 443` and `TCP/443` are the same. */
export function portPattern(written: string): PortPattern | undefined {
  const parts = /^(?:(tcp|udp|sctp|icmp|icmpv6)[/ ])?(?:(\d+)(?:-(\d+))?|([a-z0-9-]+))$/i.exec(written.trim());
  if (parts === null) return undefined;
  const [, protocolText, firstText, lastText, name] = parts;
  const protocol = protocols.find((each) => each.toLowerCase() === protocolText?.toLowerCase());
  const scope = protocol === undefined ? {} : { protocol };
  if (name !== undefined) return { kind: "name", name: name.toLowerCase(), ...scope };
  const first = Number(firstText);
  const last = lastText === undefined ? first : Number(lastText);
  return first < 1 || last > highestPort || last < first ? undefined : { kind: "range", first, last, ...scope };
}

const protocols = ["TCP", "UDP", "SCTP", "ICMP", "ICMPv6"] as const satisfies readonly Protocol[];

/** The ranges that the patterns mean at this server: a name is the number that the server gives it. */
export function rangesAt(patterns: readonly PortPattern[], server: Endpoint): PortRange[] {
  return patterns.flatMap((pattern): PortRange[] => {
    if (pattern.kind === "range") {
      const { first, last } = pattern;
      // Without a protocol a number is a port: a type of ICMP is none.
      const meant = pattern.protocol === undefined ? (["TCP", "UDP", "SCTP"] as const) : [pattern.protocol];
      return meant.map((protocol) => ({ protocol, first, last }));
    }
    return server.ports
      .filter(({ name, protocol }) => name === pattern.name && (pattern.protocol ?? protocol) === protocol)
      .map(({ protocol, port }) => ({ protocol, first: port, last: port }));
  });
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

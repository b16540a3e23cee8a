/**
 * Promises: lines that say which connections must be possible and which never, held against a world.
 *
 * `- must: gateway/ngf -> auth/oauth2-proxy TCP 4180`, `- never: dev/* -> uat/*`. What is unknown breaks both kinds, and so does
 * a name that nobody has: a promise about nobody would be kept for ever.
 */
import type { Problem } from "../problems.ts";
import { explain, explanationText, type Place } from "./explain.ts";
import { hasReserved, worldFamily } from "./select/labels.ts";
import { withDenied, type AnsweredPorts } from "./pairs/cells.ts";
import { connect, type Matrix } from "./matrix.ts";
import type { Endpoint, World } from "./model.ts";
import { withNamed } from "./report/named-outside.ts";
import type { PortRange } from "./report/report.ts";
import { portsText } from "./report/report-text.ts";
import { portPattern, positionsOf, rangesAt, unknownName, unusablePort, type PortPattern } from "./report/selection.ts";
import { portSpace } from "./pairs/port-line.ts";

export interface PlatformPromise {
  readonly kind: "must" | "never";
  /** As written. */
  readonly text: string;
  /** `promises.yaml:3`. */
  readonly where: string;
  readonly from: string;
  readonly to: string;
  readonly ports: readonly PortPattern[] | "all ports";
  /** Why it was promised, in its author's words. */
  readonly because?: string;
}

export interface PromiseResult {
  readonly kind: PlatformPromise["kind"];
  readonly text: string;
  readonly where: string;
  readonly because?: string;
  readonly kept: boolean;
  /** Pairs of different endpoints that the promise is about. */
  readonly pairs: number;
  /** How many of them break it. */
  readonly broken: number;
  /** The first of them, each with its walk. Absent names come first. */
  readonly failures: readonly PromiseFailure[];
}

export interface PromiseFailure {
  /** `dev/backend -> uat/db TCP 5432: allowed`, or what is wrong with a name or a port. */
  readonly what: string;
  readonly explanation: readonly string[];
}

/** Of the pairs that break one promise, so many are explained. */
const explained = 3;

/** What a file of promises holds; `whereOf` is the place of an entry by its number, from 0. */
export function readPromises(
  content: unknown,
  whereOf: (index: number) => string,
): { readonly promises: readonly PlatformPromise[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  if (!Array.isArray(content)) {
    return { promises: [], problems: [malformed(whereOf(0).replace(/:\d+$/, ""), "holds no list of promises")] };
  }
  const promises = content.flatMap((entry: unknown, index) => {
    const read = readPromise(entry, whereOf(index));
    if (!("code" in read)) return [read];
    problems.push(read);
    return [];
  });
  return { promises, problems };
}

function malformed(where: string, what: string, fix?: string): Problem {
  return {
    code: "promises/malformed",
    where,
    what,
    expected: "`must: namespace/workload -> namespace/workload TCP 443` or `never: dev/* -> uat/*`",
    ...(fix === undefined ? {} : { fix }),
  };
}

function readPromise(entry: unknown, where: string): PlatformPromise | Problem {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return malformed(where, "is no promise");
  const { must, never, because, ...rest } = entry as Record<string, unknown>;
  const [surplus] = Object.keys(rest);
  if (surplus !== undefined) return malformed(where, `unknown key \`${surplus}\``);
  if (because !== undefined && typeof because !== "string") return malformed(where, "`because` is no text");
  const text = must ?? never;
  if (typeof text !== "string" || (must !== undefined && never !== undefined)) {
    return malformed(where, "is neither a `must` nor a `never` line");
  }
  const kind = must === undefined ? "never" : "must";
  return readLine(kind, text, where, because === undefined ? {} : { because });
}

function readLine(
  kind: PlatformPromise["kind"],
  text: string,
  where: string,
  because: Pick<PlatformPromise, "because">,
): PlatformPromise | Problem {
  const [, from, to, rest] = /^\s*(\S+)\s*->\s*(\S+)(?:\s+(.*\S))?\s*$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return malformed(where, `\`${text}\` names no two ends`);
  const [, host, number] = /^(.*[^:]):(\d+)$/.exec(to) ?? [];
  const [server, written] = host !== undefined && rest === undefined ? [host, number] : [to, rest];
  if (written === undefined && kind === "must") {
    return malformed(where, "a `must` line without ports", "say `all ports` if that is meant");
  }
  const ports = written === undefined ? "all ports" : readPorts(written);
  if (ports === undefined) return { ...unusablePort(where, written ?? ""), code: "promises/malformed" };
  return { kind, text: text.trim(), where, from, to: server, ports, ...because };
}

/** `TCP 80, 443; UDP 53`, `4180` (TCP), `http`, `all ports`; undefined where it is none of them. */
function readPorts(written: string): readonly PortPattern[] | "all ports" | undefined {
  if (written.trim() === "all ports") return "all ports";
  const patterns = written.split(";").flatMap((group) => {
    const [, protocol = "TCP", list = ""] = /^\s*(?:(TCP|UDP|SCTP|ICMP)[\s/]+)?(.*)$/i.exec(group) ?? [];
    return list.split(",").map((port) => portPattern(`${protocol}/${port.trim()}`));
  });
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined;
}

/** In the order of the promises. */
export function checkPromises(
  promises: readonly PlatformPromise[],
  world: World,
  place?: Place,
): readonly PromiseResult[] {
  // What no policy tells apart is outside all the same.
  const names = promises.flatMap(({ from, to }) => [from, to]);
  const matrix = connect(withNamed(names, world));
  return promises.map((promise) => check(promise, matrix, place));
}

/** Held against worlds that may each be the true one: of a promise that one of them breaks, that one is told. */
export function checkEverywhere(
  promises: readonly PlatformPromise[],
  worlds: readonly World[],
  place?: Place,
): readonly PromiseResult[] {
  return worstOf(worlds.map((world) => checkPromises(promises, world, place)));
}

/** Of results for the same promises, for each promise the first that is broken. */
export function worstOf(results: readonly (readonly PromiseResult[])[]): readonly PromiseResult[] {
  return results.reduce((first, next) =>
    first.map((result, index) => (result.kept ? (next[index] ?? result) : result)),
  );
}

function check(promise: PlatformPromise, matrix: Matrix, place: Place | undefined): PromiseResult {
  const { kind, text, where, because } = promise;
  const { endpoints } = matrix.world;
  const [clients, servers] = [endsOf(promise.from, endpoints), endsOf(promise.to, endpoints)];
  const absent = [...(clients.length === 0 ? [promise.from] : []), ...(servers.length === 0 ? [promise.to] : [])].map(
    (name): PromiseFailure => {
      const { what, fix } = unknownName("", name, matrix.world);
      return { what: fix === undefined ? what : `${what}; ${fix}`, explanation: [] };
    },
  );
  const failures: PromiseFailure[] = [];
  let [pairs, broken] = [0, 0];
  for (const from of clients) {
    for (const to of servers) {
      const [client, server] = [endpoints[from], endpoints[to]];
      if (client === undefined || server === undefined || !isPair(client, server)) continue;
      pairs += 1;
      const failure = failureOf(promise, matrix, from, to);
      if (failure === undefined) continue;
      broken += 1;
      if (failures.length < explained) failures.push(failure(place));
    }
  }
  const nobody =
    pairs === 0 && absent.length === 0 ? [{ what: "names no two ends of a connection", explanation: [] }] : [];
  const all = [...absent, ...nobody, ...failures];
  return {
    kind,
    text,
    where,
    ...(because === undefined ? {} : { because }),
    kept: all.length === 0,
    pairs,
    broken,
    failures: all,
  };
}

/** `world` is all that is outside the cluster, as in a policy, not only what no rule tells apart. */
function endsOf(pattern: string, endpoints: readonly Endpoint[]): number[] {
  if (pattern !== "world") return positionsOf(pattern, endpoints);
  return endpoints.flatMap(({ kind, labels }, position) =>
    kind === "external" && worldFamily(labels) !== undefined && !hasReserved(labels, "kube-apiserver")
      ? [position]
      : [],
  );
}

function isPair(client: Endpoint, server: Endpoint): boolean {
  return client !== server && (client.kind === "pod" || server.kind === "pod");
}

/** Undefined where the pair keeps the promise; otherwise how to tell it. */
function failureOf(
  { kind, ports }: PlatformPromise,
  matrix: Matrix,
  from: number,
  to: number,
): ((place: Place | undefined) => PromiseFailure) | undefined {
  const { world } = matrix;
  const [client, server] = [world.endpoints[from], world.endpoints[to]];
  if (client === undefined || server === undefined) return undefined;
  const ranges: readonly PortRange[] = ports === "all ports" ? portSpace : rangesAt(ports, server);
  const named = ports === "all ports" ? undefined : ports.find((pattern) => rangesAt([pattern], server).length === 0);
  if (named?.kind === "name") {
    const what = `${client.name} -> ${server.name}: the server has no port called \`${named.name}\``;
    // Nobody listens on a port that does not exist.
    return kind === "never" && ranges.length === 0 ? undefined : () => ({ what, explanation: [] });
  }
  const breaking = withDenied(matrix.cell(from, to))
    .filter(({ outcome }) => outcome === "unknown" || (outcome === "allowed") === (kind === "never"))
    .flatMap((span) => ranges.flatMap((range) => common(span, range)));
  const [first] = breaking;
  if (first === undefined) return undefined;
  const same = breaking.filter(({ outcome }) => outcome === first.outcome);
  return (place) => ({
    what: `${client.name} -> ${server.name} ${portsText(same)}: ${first.outcome}`,
    explanation: explanationText(explain({ from, to, protocol: first.protocol, port: first.first }, world), place)
      .split("\n")
      .slice(1),
  });
}

function common(span: AnsweredPorts, { protocol, first, last }: PortRange): AnsweredPorts[] {
  const [begin, end] = [Math.max(span.first, first), Math.min(span.last, last)];
  return span.protocol !== protocol || begin > end ? [] : [{ ...span, first: begin, last: end }];
}

/**
 * Flow: one connection as Hubble recorded it, reduced to what a policy can see of it.
 *
 * Fields are those of Cilium's `api/v1/flow/flow.proto`. Protobuf's JSON lets a printer write either spelling of a name,
 * a number in place of an enum's word, and a text in place of a long number: all are read.
 */
import type { Direction } from "../../policies/reachability/model.ts";
import type { Protocol } from "../../policies/reachability/judge/ports.ts";
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import type { Request } from "../../policies/reachability/repair/requests.ts";

/** One end of a flow. What Hubble did not know is absent or empty. */
export interface Party {
  readonly namespace?: string;
  readonly pod?: string;
  /** The objects that made the pod, as Hubble guesses them. */
  readonly workloads: readonly string[];
  /** With their source: `k8s:app=web`, `reserved:world`. */
  readonly labels: readonly string[];
  /** Below 256 it is one of Cilium's reserved ones. 0 is unknown. */
  readonly identity: number;
  readonly ip?: string;
  /** DNS names that the other end learned for the address. */
  readonly names: readonly string[];
}

/** A policy that Hubble holds responsible. */
export interface NamedPolicy {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface Flow {
  /** A word of the enum `Verdict`. */
  readonly verdict: string;
  /** A word of the enum `DropReason`; absent where none is given. */
  readonly dropReason?: string;
  readonly source: Party;
  readonly destination: Party;
  readonly protocol?: Protocol;
  /** Port of the destination; the type for ICMP. */
  readonly port?: number;
  /** Which side recorded it. */
  readonly direction?: Direction;
  /** Drops do not say, because nothing looked for their connection. */
  readonly reply: "yes" | "no" | "unknown";
  /** The first packet of a TCP connection, another one, or no TCP that we can see. */
  readonly opening: "yes" | "no" | "unknown";
  readonly request?: Request;
  readonly deniedBy: readonly NamedPolicy[];
  /** RFC 3339, as written. */
  readonly time?: string;
  /** How many flows Hubble folded into this record. */
  readonly count: number;
}

/** The field under its name in the schema or its name in protobuf's JSON; `null` is as if absent. */
function field(object: Fields, name: string): unknown {
  const value = object[name] ?? object[camelCase(name)];
  return value === null ? undefined : value;
}

const camelCases = new Map<string, string>();

function camelCase(name: string): string {
  let known = camelCases.get(name);
  if (known === undefined) {
    known = name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
    camelCases.set(name, known);
  }
  return known;
}

function inner(object: Fields, name: string): Fields | undefined {
  const value = field(object, name);
  return isFields(value) ? value : undefined;
}

function text(object: Fields, name: string): string | undefined {
  const value = field(object, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function list(object: Fields, name: string): readonly unknown[] {
  const value = field(object, name);
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function texts(object: Fields, name: string): readonly string[] {
  return list(object, name).filter((each) => typeof each === "string");
}

function number(object: Fields, name: string): number | undefined {
  const value = field(object, name);
  const read = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof read === "number" && Number.isSafeInteger(read) && read >= 0 ? read : undefined;
}

/** The word of an enum, whichever way it was written. */
function word(object: Fields, name: string, numbered: ReadonlyMap<number, string>): string | undefined {
  const value = field(object, name);
  if (typeof value === "string" && !/^\d+$/.test(value)) return value;
  const read = number(object, name);
  return read === undefined ? undefined : (numbered.get(read) ?? String(read));
}

const verdicts = new Map([
  [0, "VERDICT_UNKNOWN"],
  [1, "FORWARDED"],
  [2, "DROPPED"],
  [3, "ERROR"],
  [4, "AUDIT"],
  [5, "REDIRECTED"],
  [6, "TRACED"],
  [7, "TRANSLATED"],
]);

/** By the enum's words. */
export const directions: ReadonlyMap<string, Direction> = new Map([
  ["INGRESS", "ingress"],
  ["EGRESS", "egress"],
]);

const directionNumbers = new Map([
  [1, "INGRESS"],
  [2, "EGRESS"],
]);

/** The reasons that have to do with policy; any other is told by its word or number. */
const dropReasons = new Map([
  [0, "DROP_REASON_UNKNOWN"],
  [133, "POLICY_DENIED"],
  [181, "POLICY_DENY"],
  [189, "AUTH_REQUIRED"],
]);

/** Undefined when the value is no flow: other events of Hubble, or something else altogether. */
export function readFlow(value: unknown): Flow | undefined {
  if (!isFields(value)) return undefined;
  const flow = inner(value, "flow") ?? value;
  const verdict = word(flow, "verdict", verdicts);
  const ends = [inner(flow, "source"), inner(flow, "destination")] as const;
  const ip = inner(flow, "IP") ?? {};
  if (verdict === undefined || (ends[0] === undefined && ends[1] === undefined && text(ip, "source") === undefined)) {
    return undefined;
  }
  const source = partyOf(ends[0], text(ip, "source"), field(flow, "source_names"));
  const destination = partyOf(ends[1], text(ip, "destination"), field(flow, "destination_names"));
  const said = replied(flow);
  const dropReason = word(flow, "drop_reason_desc", dropReasons) ?? word(flow, "drop_reason", dropReasons);
  const direction = directions.get(word(flow, "traffic_direction", directionNumbers) ?? "");
  const request = requested(inner(flow, "l7") ?? {});
  const time = text(flow, "time") ?? text(value, "time");
  return {
    verdict,
    ...(dropReason === undefined || dropReason === "DROP_REASON_UNKNOWN" ? {} : { dropReason }),
    source,
    destination,
    ...transport(field(flow, "l4"), said),
    ...(direction === undefined ? {} : { direction }),
    ...(request === undefined ? {} : { request }),
    deniedBy: [...list(flow, "egress_denied_by"), ...list(flow, "ingress_denied_by")].flatMap(namedPolicy),
    ...(time === undefined ? {} : { time }),
    count: folded(inner(flow, "aggregate")),
  };
}

/** One end of a flow, from the three fields that describe it. */
export function partyOf(value: unknown, ip: string | undefined, names: unknown): Party {
  const end = isFields(value) ? value : {};
  const labels = texts(end, "labels");
  const namespace = text(end, "namespace") ?? namespaceLabel(labels);
  const pod = text(end, "pod_name");
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(pod === undefined ? {} : { pod }),
    workloads: list(end, "workloads").flatMap((each) => (isFields(each) ? (text(each, "name") ?? []) : [])),
    labels,
    identity: number(end, "identity") ?? 0,
    ...(ip === undefined || ip === "" ? {} : { ip }),
    names: Array.isArray(names)
      ? names.filter((each) => typeof each === "string").map((name) => name.replace(/\.$/, ""))
      : [],
  };
}

const namespaced = "k8s:io.kubernetes.pod.namespace=";

function namespaceLabel(labels: readonly string[]): string | undefined {
  return labels.find((label) => label.startsWith(namespaced))?.slice(namespaced.length);
}

/** `reply` cannot tell false from absent, so only true counts there. */
function replied(flow: Fields): Flow["reply"] {
  const said = field(flow, "is_reply");
  const value = isFields(said) ? said["value"] : said;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return field(flow, "reply") === true ? "yes" : "unknown";
}

type Transport = Pick<Flow, "protocol" | "port" | "opening" | "reply">;

/** The client's view of `l4`: the port of a reply is the one it comes from, and who answers a SYN is the server. */
export function transport(l4: unknown, said: Flow["reply"]): Transport {
  const fields = isFields(l4) ? l4 : {};
  for (const protocol of ["TCP", "UDP", "SCTP"] as const) {
    const header = inner(fields, protocol);
    if (header === undefined) continue;
    const flags = inner(header, "flags");
    const accepts = flags?.["SYN"] === true && flags["ACK"] === true;
    const reply = said === "unknown" && accepts ? "yes" : said;
    const port = number(header, reply === "yes" ? "source_port" : "destination_port");
    const opening = flags === undefined ? "unknown" : opens(flags);
    return port === undefined ? { protocol, opening, reply } : { protocol, port, opening, reply };
  }
  for (const [name, protocol] of icmps) {
    const header = inner(fields, name);
    // A type of 0 is left out when it is printed.
    if (header !== undefined) return { protocol, port: number(header, "type") ?? 0, opening: "unknown", reply: said };
  }
  return { opening: "unknown", reply: said };
}

const icmps = [
  ["ICMPv4", "ICMP"],
  ["ICMPv6", "ICMPv6"],
] as const;

function opens(flags: Fields): Flow["opening"] {
  if (flags["SYN"] === true) return flags["ACK"] === true ? "no" : "yes";
  return Object.keys(flags).length === 0 ? "unknown" : "no";
}

function requested(l7: Fields): Request | undefined {
  const [http, dns] = [inner(l7, "http"), inner(l7, "dns")];
  if (dns !== undefined) return { kind: "dns", query: (text(dns, "query") ?? "").replace(/\.$/, "") };
  if (http === undefined) return undefined;
  const url = text(http, "url") ?? "/";
  const [, host = "", path = ""] = /^(?:[a-z][-+.a-z0-9]*:)?(?:\/\/([^/?#]*))?([^#]*)/i.exec(url) ?? [];
  const headers = list(http, "headers").flatMap((each) =>
    isFields(each) ? [[text(each, "key") ?? "", text(each, "value") ?? ""] as const] : [],
  );
  return {
    kind: "http",
    method: text(http, "method") ?? "GET",
    host,
    path: path === "" ? "/" : path,
    headers,
  };
}

function namedPolicy(value: unknown): NamedPolicy[] {
  const name = isFields(value) ? text(value, "name") : undefined;
  if (!isFields(value) || name === undefined) return [];
  const namespace = text(value, "namespace");
  return [{ kind: text(value, "kind") ?? "policy", ...(namespace === undefined ? {} : { namespace }), name }];
}

function folded(aggregate: Fields | undefined): number {
  if (aggregate === undefined) return 1;
  const counts = ["ingress_flow_count", "egress_flow_count", "unknown_direction_flow_count"];
  return Math.max(
    1,
    counts.map((name) => number(aggregate, name) ?? 0).reduce((sum, count) => sum + count),
  );
}

/** The connection that the flow belongs to, as its client sees it. */
export function forward(flow: Flow): Flow {
  if (flow.reply !== "yes") return flow;
  return { ...flow, source: flow.destination, destination: flow.source };
}

/**
 * Formats: the kinds of value a setting can hold.
 *
 * Every check below carries, as its message, the phrase that continues the word "expected" in an error.
 */
import * as v from "valibot";

import { bytesPattern, coresPattern } from "../quantity.ts";
import { isIpv4Address, isIpv4Range } from "./ipv4.ts";

/** An optional setting with its default and its meaning. */
export function setting<const S extends v.GenericSchema, const D extends v.InferInput<S>>(
  schema: S,
  fallback: D,
  doc: string,
) {
  return v.optional(v.pipe(schema, v.description(doc)), fallback);
}

/** A setting that may be absent; the meaning says what absence means. */
export function maybe<const S extends v.GenericSchema>(schema: S, doc: string) {
  return v.optional(v.pipe(schema, v.description(doc)));
}

/** A setting without which its block says nothing. */
export function required<const S extends v.GenericSchema>(schema: S, doc: string) {
  return v.pipe(schema, v.description(doc));
}

/** Settings that belong together. */
export function block<const E extends v.ObjectEntries>(entries: E) {
  return v.object(entries, "a block of settings");
}

/** One of a few words. */
export function words<const O extends readonly string[]>(...options: O) {
  return v.picklist(options, orList(options));
}

/** A whole number, both ends included. */
export function wholeNumber(least: number, most: number) {
  const expected = `a whole number from ${String(least)} to ${String(most)}`;
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(least, expected), v.maxValue(most, expected));
}

/** Text that matches a pattern, described by `expected`. */
function matching(pattern: RegExp, expected: string) {
  return v.pipe(v.string(expected), v.regex(pattern, expected));
}

export function list<const S extends v.GenericSchema>(item: S) {
  return v.array(item, "a list");
}

/** Names chosen by the user, each with the same kind of value. */
export function named<const K extends v.GenericSchema<string, string>, const S extends v.GenericSchema>(
  key: K,
  value: S,
) {
  return v.record(key, value, "a block of names");
}

export const flag = v.boolean("`true` or `false`");
export const text = v.pipe(v.string("text"), v.nonEmpty("text that is not empty"));
/** `*` would let every repository in. */
export const repository = v.pipe(text, v.notValue("*", "a repository URL, not every repository"));
/** One repository: Argo CD reads `*` as any text and a leading `!` as a refusal. */
export const oneRepository = matching(
  /^((https?|ssh|git|oci):\/\/|[^\s@/:*!]+@[^\s/:*]+:)[^\s*]+$/,
  "the URL of one repository, for example `https://git.example.com/shop.git`",
);
export const port = wholeNumber(1, 65535);
/** What Kubernetes gives to Services of the type NodePort, unless an API server is told otherwise; both ends included. */
export const nodePortRange = { first: 30_000, last: 32_767 } as const;
export const nodePort = wholeNumber(nodePortRange.first, nodePortRange.last);
export const count = wholeNumber(1, 1000);
export const requestRate = matching(
  /^[1-9]\d*r\/[sm]$/,
  "a rate per second or minute, for example `50r/s` or `600r/m`",
);
/** Of an autonomous system, in four bytes. */
export const asn = wholeNumber(1, 4294967295);
export const helmValues = v.record(v.string(), v.unknown(), "a block of Helm values");

const ipv4RangeExpected = "an IPv4 range that starts at its first address, for example `10.244.0.0/16`";
export const ipv4Range = v.pipe(v.string(ipv4RangeExpected), v.check(isIpv4Range, ipv4RangeExpected));

/** The whole world as a denied range would beat every allow. */
export const ipv4Part = v.pipe(ipv4Range, v.notValue("0.0.0.0/0", "a part of the world: a deny beats every allow"));

const ipv4AddressExpected = "an IPv4 address, for example `10.0.0.10`";
export const ipv4Address = v.pipe(v.string(ipv4AddressExpected), v.check(isIpv4Address, ipv4AddressExpected));

const ipv4AddressOrRangeExpected = "an IPv4 address or range, for example `203.0.113.7` or `203.0.113.0/24`";
export const ipv4AddressOrRange = v.pipe(
  v.string(ipv4AddressOrRangeExpected),
  v.check((input) => isIpv4Address(input) || isIpv4Range(input), ipv4AddressOrRangeExpected),
);

/** RFC 1123 label: what Kubernetes accepts as the name of a namespace. */
export const dnsLabel = matching(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "at most 63 of `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit",
);

/** The pattern and the length that Cilium's chart accepts (matrix row 45). */
export const clusterName = v.pipe(
  matching(/^([a-z0-9][-a-z0-9]*)?[a-z0-9]$/, "`a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit"),
  v.maxLength(32, "at most 32 characters"),
);

export const labelKey = matching(
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
  "a Kubernetes label key, for example `team` or `example.com/team`",
);
export const labelValue = matching(
  /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/,
  "a Kubernetes label value: at most 63 letters, digits, `-`, `_` and `.`, in quotes if it looks like a number",
);

export const interfaceName = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/,
  "the name of a network interface, for example `eth0`",
);

export const hostName = matching(
  /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/,
  "a host name or an IPv4 address, without scheme and port",
);

const exactNameExpected = "a full DNS name in lower case without a wildcard, for example `api.example.com`";
/** What a rule about host names takes here: a wildcard would let in whoever registers a name beside ours. */
export const exactName = v.pipe(
  matching(/^([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, exactNameExpected),
  v.maxLength(253, "at most 253 characters"),
);

/** What a route of the Gateway API takes as a host name, exact and with a domain. */
export const routeHost = v.pipe(
  matching(
    /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
    "a full host name in lower case without a wildcard, for example `shop.example.com`",
  ),
  v.maxLength(253, "at most 253 characters"),
);

/** Names in the cluster are none: no policy about names ever matches a pod. */
export const outsideName = v.pipe(
  exactName,
  v.check(
    (input) => !/\.(svc|svc\..*|cluster\.local)$/.test(input),
    "a name outside the cluster: pods are reached as `callers` of a workload",
  ),
);

/** Labels that select something: none at all would select every pod. */
export const podLabels = v.pipe(
  named(labelKey, labelValue),
  v.check((labels) => Object.keys(labels).length > 0, "at least one label"),
);

export const cores = matching(coresPattern, 'cores, as Kubernetes writes them: `"4"`, `"1.5"` or `500m`');
export const bytes = matching(bytesPattern, "bytes, as Kubernetes writes them: `512Mi`, `1.5Gi` or `10G`");

/** `system:authenticated` would be everybody. */
export const person = matching(
  /^(?!system:)[^\s*]+$/,
  "one name as the API server knows it, none of its own `system:` ones",
);

export const callerName = matching(
  /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "a workload of the same tenant, for example `web`, or of another, for example `books/site`",
);

export const registry = matching(
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(\/[a-z0-9][-a-z0-9._]*)*$/,
  "a registry host with an optional port and path, without scheme, for example `mirror.example.com/platform`",
);

export const minorVersion = matching(/^1\.[0-9]+$/, 'a Kubernetes minor version in quotes, for example `"1.35"`');

const objectIdPattern = /^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
export const objectIdExpected = "an object id of Entra, for example `00000000-0000-0000-0000-000000000000`";
export const objectId = matching(objectIdPattern, objectIdExpected);

export function isObjectId(input: string): boolean {
  return objectIdPattern.test(input);
}

/** "`a`", "`a` or `b`", "`a`, `b` or `c`". */
export function orList(options: readonly string[]): string {
  const quoted = options.map((option) => `\`${option}\``);
  const last = quoted.at(-1) ?? "";
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(", ")} or ${last}`;
}

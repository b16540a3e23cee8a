/**
 * Report text: ports, what remains at L7 and rules in the words of every output.
 */
import { canonical } from "../judge/l7.ts";
import type { L7Element, L7Union } from "../model.ts";
import type { Restriction } from "../matrix.ts";
import type { PortRange } from "./report.ts";
import { portSpace } from "../pairs/port-line.ts";

/** `TCP 80, 443, 8000-8100; UDP 53`, `all ports`, or `all ports except TCP 80` where that is shorter. */
export function portsText(ports: readonly PortRange[]): string {
  const closed = complement(ports);
  if (closed.length === 0) return "all ports";
  const open = listText(ports);
  return closed.length < ports.length ? `all ports except ${listText(closed)}` : open;
}

function listText(ports: readonly PortRange[]): string {
  return portSpace
    .flatMap((space) => {
      const own = ports.filter(({ protocol }) => protocol === space.protocol);
      if (own.length === 0) return [];
      const whole = own.some(({ first, last }) => first <= space.first && last >= space.last);
      return [`${space.protocol} ${whole ? "all" : own.map(rangeText).join(", ")}`];
    })
    .join("; ");
}

function rangeText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${String(first)}-${String(last)}`;
}

/** The ports that are not listed. Ranges of one protocol are in order and do not touch. */
function complement(ports: readonly PortRange[]): PortRange[] {
  return portSpace.flatMap(({ protocol, first, last }) => {
    const gaps: PortRange[] = [];
    let next: number = first;
    for (const range of ports.filter((each) => each.protocol === protocol)) {
      if (range.first > next) gaps.push({ protocol, first: next, last: range.first - 1 });
      next = range.last + 1;
    }
    return next > last ? gaps : [...gaps, { protocol, first: next, last }];
  });
}

/** `http GET /flights`, `dns *.example.com`, `authentication required`; empty where nothing more is asked. */
export function remainsText(sides: { readonly egress: Restriction; readonly ingress: Restriction }): string {
  const [egress, ingress] = [restrictionText(sides.egress), restrictionText(sides.ingress)];
  if (egress === "" || ingress === "" || egress === ingress) return egress === "" ? ingress : egress;
  return `egress ${egress}; ingress ${ingress}`;
}

/** The same of one side. */
export function restrictionText({ l7, authentication }: Restriction): string {
  const handshake = {
    unspecified: [],
    disabled: [],
    required: ["authentication required"],
    "test-always-fail": ["authentication always fails"],
  }[authentication];
  return [...unionText(l7), ...handshake].join(", ");
}

/** A union restricts as much as its widest element (S22). */
function unionText(l7: L7Union): string[] {
  if (l7.length === 0) return [];
  const texts = [...new Set(l7.map(elementText))];
  return texts.includes(unrestricted) ? [unrestricted] : [texts.join(" or ")];
}

const unrestricted = "through the proxy, unrestricted";

function elementText(element: L7Element): string {
  if (element.kind === "anything") return unrestricted;
  const { by } = element;
  switch (by.kind) {
    case "none":
      return unrestricted;
    case "http":
      return by.rules.length === 0 || by.rules.includes("{}")
        ? `http, every request${namesText(by.serverNames)}`
        : `http ${either(by.rules.map(httpText))}${namesText(by.serverNames)}`;
    case "dns":
      return `dns ${either(by.rules.map(dnsText))}`;
    case "tls":
      return by.serverNames.length === 0 ? "TLS, every server name" : `TLS server name ${either(by.serverNames)}`;
    case "listener":
      return `listener ${by.name}`;
  }
}

/** Of HTTP rules inside TLS that Cilium ends. */
function namesText(serverNames: readonly string[] = []): string {
  return serverNames.length === 0 ? "" : `, TLS server name ${either(serverNames)}`;
}

function either(texts: readonly string[]): string {
  return [...new Set(texts)].sort().join(", ");
}

/** `GET /flights`, with the host and the headers a request must have. */
function httpText(rule: string): string {
  const { method, path, host, headers, headerMatches, ...rest } = JSON.parse(rule) as Record<string, unknown>;
  const word = (value: unknown): string => (typeof value === "string" ? value : canonical(value));
  const names = [
    ...(Array.isArray(headers) ? headers.map(word) : []),
    ...(Array.isArray(headerMatches)
      ? headerMatches.map((each) => word((each as { readonly name?: unknown }).name))
      : []),
  ];
  return [
    ...(method === undefined ? (path === undefined ? [] : ["any method"]) : [word(method)]),
    ...(path === undefined ? [] : [word(path)]),
    ...(host === undefined ? [] : [`host ${word(host)}`]),
    ...(names.length === 0 ? [] : [`with header ${names.join(" and ")}`]),
    ...Object.entries(rest).map(([key, value]) => `${key} ${canonical(value)}`),
  ].join(" ");
}

function dnsText(rule: string): string {
  const { matchName, matchPattern } = JSON.parse(rule) as Record<string, unknown>;
  return [matchName, matchPattern]
    .filter((name) => name !== undefined)
    .map(String)
    .join(" and ");
}

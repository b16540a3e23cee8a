/** Flows: what recorded flows say beside a diff, in words. */
import type { FlowsReport, Stranger, Use } from "../../policies/reachability/report/report.ts";
import { counted, grouped } from "./counted.ts";

/** Below the headline: what the change does to connections that were seen, and who in the flows is unknown. */
export function flowsLines(flows: FlowsReport): readonly string[] {
  const { recorded, requests, replies, undecided, first, last, strangers, addresses, malformed } = flows;
  const span = first === undefined ? "" : `, ${first} to ${last ?? first}`;
  const others = [
    ...(replies === 0 ? [] : [replies === 1 ? "1 reply" : `${grouped(replies)} replies`]),
    ...(undecided === 0 ? [] : [`${grouped(undecided)} without a port or a verdict`]),
  ];
  const beside = others.length === 0 ? "" : ` (and ${others.join(", ")})`;
  return [
    `Flows: ${effectText(flows)}; ${counted(requests, "request")} of ${counted(recorded, "recorded flow")}${beside}${span}`,
    ...(strangers.length === 0 ? [] : [`not among the manifests: ${strangersText(strangers)}`]),
    ...(addresses.length === 0 ? [] : [`outside every range and name of the policies: ${strangersText(addresses)}`]),
    ...(malformed.lines === 0 ? [] : [malformedText(malformed)]),
  ];
}

/** `closes 3 edges that were used 12,400 times, opens 1 edge on which 31 flows were dropped`. */
function effectText({ closed, opened, restricted }: FlowsReport): string {
  const parts = [
    ...(closed.pairs === 0 ? [] : [`closes ${usedText(closed)}`]),
    ...(opened.pairs === 0
      ? []
      : [
          `opens ${counted(opened.pairs, "edge")} on which ${counted(opened.flows, "flow")} ${was(opened.flows)} dropped`,
        ]),
    ...(restricted.pairs === 0 ? [] : [`changes at L7 ${usedText(restricted)}`]),
  ];
  return parts.length === 0 ? "no recorded flow is on an edge that changes" : parts.join(", ");
}

function usedText({ pairs, flows }: FlowsReport["closed"]): string {
  return `${counted(pairs, "edge")} that ${was(pairs)} used ${counted(flows, "time")}`;
}

function was(count: number): string {
  return count === 1 ? "was" : "were";
}

const told = 10;

function strangersText(strangers: readonly Stranger[]): string {
  const shown = strangers.slice(0, told).map(({ name, flows }) => `${name} (${grouped(flows)})`);
  const rest = strangers.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${grouped(rest)} more` : ""}`;
}

function malformedText({ lines, examples }: FlowsReport["malformed"]): string {
  const shown = examples.map(({ line, what }) => `line ${grouped(line)} (${what})`).join(", ");
  return `${counted(lines, "malformed line")}: ${shown}${lines > examples.length ? ", …" : ""}`;
}

/** Below a change: how often it was seen. */
export function useLines(use: Use): readonly string[] {
  const { forwarded, dropped, first, last } = use;
  if (first === undefined && forwarded + dropped === 0) return ["  used     never"];
  const span = first === undefined ? "" : `, ${first} to ${last ?? first}`;
  return [`  used     ${useText(use)}${span}`];
}

/** `12,400 times, dropped 31 times`. */
export function useText({ forwarded, dropped }: Use): string {
  const parts = [
    ...(forwarded === 0 ? [] : [counted(forwarded, "time")]),
    ...(dropped === 0 ? [] : [`dropped ${counted(dropped, "time")}`]),
  ];
  return parts.length === 0 ? "never" : parts.join(", ");
}

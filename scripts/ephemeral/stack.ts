/** Stack: the settings of an ephemeral cluster: those of the stack it is made from, with ports and ranges nobody else has. */
import { randomInt } from "node:crypto";
import { networkInterfaces } from "node:os";
import { readFileSync } from "node:fs";

import { parseDocument } from "yaml";

import { freePorts } from "../../components/cluster/free-ports.ts";
import { type Settings, settingsSchema } from "../../components/settings.ts";
import { nodePortRange } from "../../components/settings/formats.ts";
import { overlap, rangeAround } from "../../components/settings/ipv4.ts";
import { addOnNodePorts, hostPorts } from "../../components/settings/ports.ts";
import { readShape } from "../../components/settings/shape.ts";
import type { StackFile } from "../../components/settings/stack-files.ts";

/** One value of the stack file that is replaced. */
export interface Choice {
  /** As in `platform:kind`, `apiServerPort`. */
  readonly path: readonly (string | number)[];
  readonly value: string | number;
}

/** What other ephemeral clusters of this project have. */
export interface Taken {
  readonly ports: readonly number[];
  readonly ranges: readonly string[];
}

/**
 * Values by which this cluster meets no other. A kwok cluster chooses its ports when it is made, and no packet goes to its
 * pods: it needs none.
 */
export async function choicesFor(file: StackFile, name: string, taken: Taken): Promise<readonly Choice[]> {
  const { value } = readShape(settingsSchema, file.values, file.file);
  // What is wrong with the settings is for the program to say.
  if (value?.target !== "kind") return [];
  const settings: Settings = { ...value, clusterName: name, kind: { ...value.kind, pullThroughCaches: [] } };
  const ofAddOns = new Set(addOnNodePorts(settings).map(({ setting }) => setting));
  const uses = hostPorts(settings).filter(({ setting }) => !setting.includes(".values."));
  const occupied = new Set(taken.ports);
  const nodePorts = await freePorts(ofAddOns.size, { range: nodePortRange, taken: occupied });
  const others = await freePorts(uses.length - ofAddOns.size, { taken: occupied });
  const ports = uses.map(({ setting }): Choice => {
    const port = (ofAddOns.has(setting) ? nodePorts : others).pop() ?? 0;
    return { path: pathOf(setting), value: port };
  });
  const [pods = "", services = ""] = freeRanges(2, [...routedRanges(), ...taken.ranges]);
  return [
    ...ports,
    { path: ["platform:kind", "podCidr"], value: pods },
    { path: ["platform:kind", "serviceCidr"], value: services },
  ];
}

/** `kind.portMappings[0]` → `platform:kind`, `portMappings`, 0, `hostPort`. */
function pathOf(setting: string): readonly (string | number)[] {
  const [, list, index] = /^kind\.(\w+)\[(\d+)\]$/.exec(setting) ?? [];
  if (list !== undefined) return ["platform:kind", list, Number(index), "hostPort"];
  const [block = "", ...rest] = setting.split(".");
  return [`platform:${block}`, ...rest];
}

/** Text of the stack file. Whatever it says besides stays as it is. Pure. */
export function ephemeralStack(text: string, name: string, choices: readonly Choice[]): string {
  const document = parseDocument(text);
  document.setIn(["config", "platform:clusterName"], name);
  // A cache is called after its cluster: one of an unheard-of name is empty, and would stay behind.
  const caches = ["config", "platform:kind", "pullThroughCaches"];
  if (document.hasIn(caches)) document.deleteIn(caches);
  for (const { path, value } of choices) document.setIn(["config", ...path], value);
  return document.toString();
}

/** Ranges of 65536 addresses in 10.0.0.0/8, none of which meets another or one of `taken`. */
export function freeRanges(count: number, taken: readonly string[]): readonly string[] {
  const all = Array.from({ length: 256 }, (_, second) => `10.${String(second)}.0.0/16`);
  const free = all.filter((range) => !taken.some((other) => overlap(range, other)));
  return Array.from({ length: Math.min(count, free.length) }, () => free.splice(randomInt(free.length), 1)[0] ?? "");
}

/** IPv4 ranges this machine has a way to, other than everywhere. */
function routedRanges(): readonly string[] {
  const own = Object.values(networkInterfaces())
    .flat()
    .flatMap((address) => (address?.family === "IPv4" && address.cidr !== null ? [rangeAround(address.cidr)] : []));
  return [...own, ...routesIn(readRoutes())];
}

function readRoutes(): string {
  try {
    return readFileSync("/proc/net/route", "utf8");
  } catch {
    // Only Linux has it; the ranges of the interfaces are most of it.
    return "";
  }
}

/** Ranges of Linux's table, whose addresses are written backwards in hexadecimal. The way to everywhere is left out. Pure. */
export function routesIn(table: string): readonly string[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, destination = "", , , , , , mask = "0"] = line.split("\t");
      const bits = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length;
      const bytes = (destination.match(/../g) ?? []).reverse().map((byte) => String(Number.parseInt(byte, 16)));
      return bytes.length === 4 && bits > 0 ? [`${bytes.join(".")}/${String(bits)}`] : [];
    });
}

/**
 * Agreement: whether our matrix and the peer's list say the same of every pair of workloads and of every address.
 *
 * The peer cuts the world at every border of every range, we at the borders that some policy tells apart: both are
 * brought to the finest cut and compared there.
 */
import { parseCidr, type Cidr } from "../../../policies/reachability/select/cidr.ts";
import { outsideOf, readWorld } from "../../../policies/reachability/index.ts";
import { highestPort, protocols } from "../../../policies/reachability/judge/ports.ts";
import type { KubernetesObject } from "./generate.ts";

/** What `reach matrix -o json` prints, as far as it is compared. */
export interface OurMatrix {
  readonly groups: readonly { readonly members: readonly string[] }[];
  readonly answers: readonly {
    readonly outcome: string;
    readonly ports: readonly { readonly protocol: string; readonly first: number; readonly last: number }[];
  }[];
  /** Positions in `groups` and in `answers`: a client, and a server and an answer in turn. */
  readonly edges: readonly (readonly [from: number, servers: readonly number[]])[];
}

/** One entry of what `netpol-analyzer list -o json` prints. */
export interface PeerRow {
  readonly src: string;
  readonly dst: string;
  readonly conn: string;
}

/** A pair of which the two do not say the same, with the ports that each lets pass. */
export interface Difference {
  readonly from: string;
  readonly to: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface Agreement {
  /** Ordered pairs of workloads on which the two agree that something may pass. */
  readonly workloadPairs: number;
  /** The same for a workload and one interval of the finest cut of the addresses. */
  readonly addressPairs: number;
  readonly differences: readonly Difference[];
}

export function compareWithPeer(
  objects: readonly KubernetesObject[],
  ours: OurMatrix,
  theirs: readonly PeerRow[],
): Agreement {
  const world = cutOf(objects);
  const mine = ourPairs(ours, world.intervalsOf);
  const peers = peerPairs(theirs, world.intervalsWithin);
  const keys = new Set([...mine.keys(), ...peers.keys()]);
  const differences: Difference[] = [];
  let [workloadPairs, addressPairs] = [0, 0];
  for (const key of keys) {
    const [from = "", to = ""] = key.split(separator);
    const [our, their] = [mine.get(key) ?? "nothing", peers.get(key) ?? "nothing"];
    if (our !== their) differences.push({ from, to, ours: our, theirs: their });
    else if (isInterval(from) || isInterval(to)) addressPairs += 1;
    else workloadPairs += 1;
  }
  differences.sort((a, b) => order(a.from, b.from) || order(a.to, b.to));
  return { workloadPairs, addressPairs, differences };
}

const separator = " -> ";

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isInterval(name: string): boolean {
  return /^\d/.test(name);
}

/** The finest cut: at every border of every range that a policy writes. */
interface Cut {
  /** What one of our peers outside stands for; the name itself for a workload, nothing for what the peer lacks. */
  readonly intervalsOf: (name: string) => readonly string[];
  /** The intervals inside a range that the peer calls `first-last`; the name itself for a workload. */
  readonly intervalsWithin: (name: string) => readonly string[];
}

interface Block {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

function cutOf(objects: readonly KubernetesObject[]): Cut {
  const blocks = blocksOf(objects);
  const borders = new Set([0n, 1n << 32n]);
  for (const { cidr, except } of blocks) {
    for (const each of [cidr, ...except]) borders.add(each.first).add(each.last + 1n);
  }
  const sorted = [...borders].sort((a, b) => Number(a - b));
  const firsts = sorted.slice(0, -1);
  const names = firsts.map((first, index) => `${String(first)}-${String((sorted[index + 1] ?? 0n) - 1n)}`);
  const byOurName = new Map<string, string[]>(outside.map((name) => [name, []]));
  const ourNames = namesBySelection(objects, blocks);
  for (const [index, first] of firsts.entries()) {
    const name = ourNames.get(selection(blocks, first)) ?? "world";
    byOurName.set(name, [...(byOurName.get(name) ?? []), names[index] ?? ""]);
  }
  return {
    intervalsOf: (name) => byOurName.get(name) ?? [name],
    intervalsWithin: (name) => {
      if (!isInterval(name)) return [name.replace(/\[\w+\]$/, "")];
      const [begin = 0n, end = 0n] = name.split("-").map(numberOf);
      return names.filter((_, index) => (firsts[index] ?? -1n) >= begin && (firsts[index] ?? end + 1n) <= end);
    },
  };
}

/** Peers of ours that netpol-analyzer has no row for. */
const outside = ["world", "host", "remote-node", "kube-apiserver"];

function blocksOf(objects: readonly KubernetesObject[]): Block[] {
  const written = new Map<string, Block>();
  for (const { spec } of objects) {
    for (const [direction, side] of [
      ["ingress", "from"],
      ["egress", "to"],
    ] as const) {
      for (const rule of (spec?.[direction] ?? []) as readonly Readonly<Record<string, unknown>>[]) {
        for (const { ipBlock } of (rule[side] ?? []) as readonly { ipBlock?: { cidr: string; except?: string[] } }[]) {
          if (ipBlock === undefined) continue;
          const except = (ipBlock.except ?? []).map(rangeOf);
          written.set(JSON.stringify(ipBlock), { cidr: rangeOf(ipBlock.cidr), except });
        }
      }
    }
  }
  return [...written.values()];
}

function rangeOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is no range of addresses`);
  return cidr;
}

/** Which of the blocks cover this address. */
function selection(blocks: readonly Block[], address: bigint): string {
  const inside = ({ first, last }: Cidr): boolean => first <= address && address <= last;
  return blocks.map(({ cidr, except }) => (inside(cidr) && !except.some(inside) ? "1" : "0")).join("");
}

/** Our names for addresses, by the blocks that cover them. */
function namesBySelection(objects: readonly KubernetesObject[], blocks: readonly Block[]): Map<string, string> {
  const manifests = objects.map((object) => ({ object: { ...object } }));
  const names = new Map<string, string>();
  for (const external of outsideOf(readWorld({ manifests, externals: [] }).world.rules)) {
    if ("ip" in external) names.set(selection(blocks, numberOf(external.ip)), external.name);
  }
  return names;
}

function numberOf(address: string): bigint {
  return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function ourPairs(
  { groups, answers, edges }: OurMatrix,
  intervalsOf: (name: string) => readonly string[],
): Map<string, string> {
  const passing = answers.map(({ ports, outcome }) => [
    ...ports.flatMap(({ protocol, first, last }) =>
      isCompared(protocol) ? [`${protocol} ${String(Math.max(first, 1))}-${String(last)}`] : [],
    ),
    ...(outcome === "allowed" ? [] : [outcome]),
  ]);
  const ranges = new Map<string, readonly string[]>();
  const names = groups.map(({ members }) => members.flatMap(intervalsOf));
  for (const [from, servers] of edges) {
    for (let at = 0; at < servers.length; at += 2) {
      const answer = passing[servers[at + 1] ?? 0] ?? [];
      for (const client of names[from] ?? []) {
        for (const server of names[servers[at] ?? 0] ?? []) {
          if (client === server) continue;
          const key = `${client}${separator}${server}`;
          ranges.set(key, [...(ranges.get(key) ?? []), ...answer]);
        }
      }
    }
  }
  return textsOf(ranges);
}

/** The peer knows ports only: nothing is compared of ICMP. */
function isCompared(protocol: string): boolean {
  return (protocols as readonly string[]).includes(protocol);
}

function peerPairs(
  rows: readonly PeerRow[],
  intervalsWithin: (name: string) => readonly string[],
): Map<string, string> {
  const ranges = new Map<string, string[]>();
  for (const { src, dst, conn } of rows) {
    for (const client of intervalsWithin(src)) {
      for (const server of intervalsWithin(dst)) {
        const key = `${client}${separator}${server}`;
        ranges.set(key, [...(ranges.get(key) ?? []), ...rangesOf(conn)]);
      }
    }
  }
  return textsOf(ranges);
}

/** `TCP 80,443-444,UDP 53` one by one. */
function rangesOf(conn: string): string[] {
  if (conn === "All Connections") return protocols.map((protocol) => `${protocol} 1-${String(highestPort)}`);
  let protocol = "";
  return conn.split(",").map((part) => {
    const words = part.split(" ");
    if (words.length === 2) protocol = words[0] ?? "";
    const [first = "", last = first] = (words.at(-1) ?? "").split("-");
    return `${protocol} ${first}-${last}`;
  });
}

/** One text for each pair: ranges in order, those that touch joined. Pairs with nothing to compare are left out. */
function textsOf(pairs: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  const texts = new Map<string, string>();
  const known = new Map<string, string>();
  for (const [key, ranges] of pairs) {
    const written = ranges.join(",");
    let text = known.get(written);
    if (text === undefined) known.set(written, (text = joined(ranges)));
    if (text !== "") texts.set(key, text);
  }
  return texts;
}

function joined(ranges: readonly string[]): string {
  const parsed = ranges.map((range) => {
    const [, protocol = range, first = "0", last = "0"] = /^(\w+) (\d+)-(\d+)$/.exec(range) ?? [];
    return { protocol, first: Number(first), last: Number(last) };
  });
  parsed.sort((a, b) => order(a.protocol, b.protocol) || a.first - b.first);
  const result: typeof parsed = [];
  for (const next of parsed) {
    const before = result.at(-1);
    if (before?.protocol === next.protocol && next.first <= before.last + 1)
      before.last = Math.max(before.last, next.last);
    else result.push({ ...next });
  }
  return result.map(({ protocol, first, last }) => `${protocol} ${String(first)}-${String(last)}`).join(" ");
}

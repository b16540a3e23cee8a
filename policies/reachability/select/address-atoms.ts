/**
 * Address atoms: the addresses of the world, parted so that no range of any policy cuts a part.
 *
 * Two ranges are nested or apart, so all of them form a tree; what a range holds beyond the ranges inside it is alike
 * to every policy, and parts that the same selectors select are one atom.
 */
import { cidrsBetween, formatAddress, formatCidr, type Cidr, type Interval } from "./cidr.ts";
import type { CidrSelector } from "./selectors.ts";

/** A name made of its ranges, and one address inside it. */
export interface AddressAtom {
  readonly name: string;
  readonly ip: string;
}

/** Every atom but the world outside all ranges, IPv4 first, by its first address. That world has no IPv6 addresses (S13). */
export function addressAtoms(selectors: readonly CidrSelector[]): readonly AddressAtom[] {
  const { places, world } = placesOf(selectors);
  const hasRest = places.some(({ cidr: { family, bits } }) => family === "ipv6" && bits === 0);
  const atoms = new Map<Members, Region[]>();
  for (const region of regionsOf(places, world)) {
    // The world stands for what is selected like it, and nothing needs to stand for IPv6 that nobody selects.
    if (region.cidr.family === "ipv6" && region.selectedBy === undefined && !hasRest) continue;
    if (region.selectedBy === world || region.intervals.length === 0) continue;
    const same = atoms.get(region.selectedBy);
    if (same === undefined) atoms.set(region.selectedBy, [region]);
    else same.push(region);
  }
  return [...atoms.values()].map((regions) => {
    const intervals = joined(regions.flatMap((region) => region.intervals));
    const [first] = intervals;
    if (first === undefined) throw new Error("an atom holds an address");
    return { name: nameOf(regions, intervals), ip: formatAddress({ family: first.family, value: first.first }) };
  });
}

/** A range that some selector writes, and what of it lies in no smaller one. */
interface Place {
  readonly cidr: Cidr;
  readonly parent: Place | undefined;
  readonly selectedBy: Members;
  readonly own: Interval[];
}

/** How a selector speaks of a range: as addresses that it means, or as an exception. */
interface Mention {
  readonly selector: number;
  readonly as: "meant" | "excepted";
}

/** A range stands before those inside it. */
function inOrder(a: Cidr, b: Cidr): number {
  if (a.family !== b.family) return a.family === "ipv4" ? -1 : 1;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.bits - b.bits;
}

/** Walks all ranges from left to right, into those that are nested, and keeps count of who selects the addresses. */
function placesOf(selectors: readonly CidrSelector[]): { readonly places: readonly Place[]; readonly world: Members } {
  const tally = new Tally(selectors.length);
  const everywhere: Mention[] = [];
  const mentions = new Map<string, { readonly cidr: Cidr; readonly by: Mention[] }>();
  const mention = (cidr: Cidr, how: Mention): void => {
    // That is all of the world, without an address as well.
    if (cidr.bits === 0 && cidr.family === "ipv4") {
      everywhere.push(how);
      return;
    }
    const key = `${cidr.family} ${String(cidr.first)}/${String(cidr.bits)}`;
    const known = mentions.get(key);
    if (known === undefined) mentions.set(key, { cidr, by: [how] });
    else known.by.push(how);
  };
  for (const [selector, { cidrs, except }] of selectors.entries()) {
    for (const cidr of cidrs) mention(cidr, { selector, as: "meant" });
    for (const cidr of except) mention(cidr, { selector, as: "excepted" });
  }
  tally.enter(everywhere);
  const world = tally.members;
  const places: Place[] = [];
  /** The place we are in and those around it, each with the first of its addresses that is not yet accounted for. */
  const around: { readonly place: Place; readonly by: readonly Mention[]; next: bigint }[] = [];
  const leaveUnless = (holds: (cidr: Cidr) => boolean): void => {
    for (let inner = around.at(-1); inner !== undefined && !holds(inner.place.cidr); inner = around.at(-1)) {
      keep(inner.place, inner.next, inner.place.cidr.last);
      tally.leave(inner.by);
      around.pop();
    }
  };
  const ordered = [...mentions.values()].sort((a, b) => inOrder(a.cidr, b.cidr));
  const walk = ({ cidr, by }: (typeof ordered)[number]): void => {
    leaveUnless((each) => each.family === cidr.family && cidr.first <= each.last);
    const outer = around.at(-1);
    if (outer !== undefined) {
      keep(outer.place, outer.next, cidr.first - 1n);
      outer.next = cidr.last + 1n;
    }
    tally.enter(by);
    const place: Place = { cidr, parent: outer?.place, selectedBy: tally.members, own: [] };
    places.push(place);
    around.push({ place, by, next: cidr.first });
  };
  for (const each of ordered) if (each.cidr.family === "ipv4") walk(each);
  leaveUnless(() => false);
  tally.leave(everywhere);
  for (const each of ordered) if (each.cidr.family === "ipv6") walk(each);
  leaveUnless(() => false);
  return { places, world };
}

function keep({ cidr, own }: Place, first: bigint, last: bigint): void {
  if (first <= last) own.push({ family: cidr.family, first, last });
}

/** A range without those inside it that other selectors select. */
interface Region {
  readonly cidr: Cidr;
  readonly selectedBy: Members;
  readonly except: Cidr[];
  readonly intervals: Interval[];
}

/** Places that the same selectors select as the place around them belong to its region. */
function regionsOf(places: readonly Place[], world: Members): readonly Region[] {
  const regions: Region[] = [];
  const regionOf = new Map<Place, Region>();
  for (const place of places) {
    const { cidr, parent, selectedBy, own } = place;
    const outer = parent === undefined ? undefined : regionOf.get(parent);
    let region = outer;
    if (selectedBy !== (parent === undefined ? (cidr.family === "ipv4" ? world : undefined) : parent.selectedBy)) {
      outer?.except.push(cidr);
      regions.push((region = { cidr, selectedBy, except: [], intervals: [] }));
    }
    if (region === undefined) continue;
    region.intervals.push(...own);
    regionOf.set(place, region);
  }
  return regions;
}

/** A set of selectors as a binary tree over their numbers. Equal sets are one object. */
type Members = Branch | undefined;

interface Branch {
  readonly low: Members;
  readonly high: Members;
}

const leaf: Branch = { low: undefined, high: undefined };

/**
 * Which selectors select the place where one stands.
 *
 * Because equal subtrees are one object, entering a range costs one path of the tree and comparing two places nothing,
 * however many selectors select both.
 */
class Tally {
  readonly #counts: Record<Mention["as"], Int32Array>;
  readonly #height: number;
  readonly #branches = new Map<Members, Map<Members, Branch>>();
  members: Members = undefined;

  constructor(selectors: number) {
    this.#counts = { meant: new Int32Array(selectors), excepted: new Int32Array(selectors) };
    this.#height = Math.ceil(Math.log2(Math.max(1, selectors)));
  }

  enter(mentions: readonly Mention[]): void {
    for (const each of mentions) this.#count(each, 1);
  }

  leave(mentions: readonly Mention[]): void {
    for (const each of mentions) this.#count(each, -1);
  }

  #count({ selector, as }: Mention, by: 1 | -1): void {
    const before = this.#selects(selector);
    const counts = this.#counts[as];
    counts[selector] = (counts[selector] ?? 0) + by;
    if (before !== this.#selects(selector)) this.members = this.#flipped(this.members, selector, this.#height);
  }

  #selects(selector: number): boolean {
    return (this.#counts.meant[selector] ?? 0) > 0 && this.#counts.excepted[selector] === 0;
  }

  /** The set with this selector if it was without, and without it if it was with. */
  #flipped(set: Members, selector: number, height: number): Members {
    if (height === 0) return set === undefined ? leaf : undefined;
    const inHigh = ((selector >> (height - 1)) & 1) === 1;
    const low = inHigh ? set?.low : this.#flipped(set?.low, selector, height - 1);
    const high = inHigh ? this.#flipped(set?.high, selector, height - 1) : set?.high;
    if (low === undefined && high === undefined) return undefined;
    let row = this.#branches.get(low);
    if (row === undefined) this.#branches.set(low, (row = new Map<Members, Branch>()));
    let branch = row.get(high);
    if (branch === undefined) row.set(high, (branch = { low, high }));
    return branch;
  }
}

function joined(intervals: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const next of [...intervals].sort((a, b) => inOrder({ ...a, bits: 0 }, { ...b, bits: 0 }))) {
    const last = result.at(-1);
    if (last?.family === next.family && last.last + 1n === next.first)
      result[result.length - 1] = { ...last, last: next.last };
    else result.push(next);
  }
  return result;
}

/** More than this are counted, not listed. A name stays unique, for its first range is in no other. */
const listed = 4;

/** `10.0.0.0/8 except 10.1.0.0/16`, or exactly its ranges where those are fewer. */
function nameOf(regions: readonly Region[], intervals: readonly Interval[]): string {
  const words = regions.reduce((sum, { except }) => sum + 1 + except.length, 0);
  const exact = rangesOf(intervals, words);
  if (exact.length < words) return listOf(exact.map(formatCidr), ", ");
  const texts = regions.map(({ cidr, except }) => {
    if (except.length === 0) return formatCidr(cidr);
    return `${formatCidr(cidr)} except ${listOf(except.map(formatCidr), " and ")}`;
  });
  return listOf(texts, ", ");
}

/** Stops at `most`, because an odd interval may need very many. */
function rangesOf(intervals: readonly Interval[], most: number): readonly Cidr[] {
  const found: Cidr[] = [];
  for (const interval of intervals) {
    for (const cidr of cidrsBetween(interval)) {
      if (found.push(cidr) >= most) return found;
    }
  }
  return found;
}

function listOf(texts: readonly string[], separator: string): string {
  if (texts.length <= listed) return texts.join(separator);
  return `${texts.slice(0, listed - 1).join(separator)}${separator}${String(texts.length - listed + 1)} more`;
}

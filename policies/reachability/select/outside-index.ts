/**
 * Outside index: which peers outside can be in a range, or can have a name that a pattern means.
 *
 * As with labels, the selector itself decides; the index only leaves out who cannot be meant.
 */
import { parseAddress, type Address, type Cidr } from "./cidr.ts";
import { isPattern, matchesName, plainName } from "./dns-names.ts";
import { worldFamily } from "./labels.ts";
import { selectsAddress, type CidrSelector, type NameSelector, type VisiblePeer } from "./selectors.ts";

interface Placed {
  readonly position: number;
  readonly address: Address;
}

export class OutsideIndex {
  /** Everyone of the world, addresses or not. */
  readonly world: readonly number[];
  readonly #families = new Map<number, Address["family"]>();
  readonly #addresses = new Map<number, Address>();
  /** By address. */
  readonly #placed: Record<Address["family"], readonly Placed[]>;
  readonly #names = new Map<string, number[]>();

  constructor(peers: readonly VisiblePeer[]) {
    const world: number[] = [];
    for (const [position, { labels, ip, fqdn }] of peers.entries()) {
      if (fqdn !== undefined) this.#named(plainName(fqdn), position);
      const family = worldFamily(labels);
      if (family === undefined) continue;
      world.push(position);
      this.#families.set(position, family);
      const address = ip === undefined ? undefined : parseAddress(ip);
      if (address !== undefined) this.#addresses.set(position, address);
    }
    this.world = world;
    const placed = [...this.#addresses].map(([position, address]) => ({ position, address }));
    placed.sort((a, b) => (a.address.value < b.address.value ? -1 : 1));
    const of = (family: Address["family"]): Placed[] => placed.filter(({ address }) => address.family === family);
    this.#placed = { ipv4: of("ipv4"), ipv6: of("ipv6") };
  }

  #named(name: string, position: number): void {
    const same = this.#names.get(name);
    if (same === undefined) this.#names.set(name, [position]);
    else same.push(position);
  }

  /** In ascending order. */
  inRanges(selector: CidrSelector): number[] {
    const { cidrs } = selector;
    const candidates = cidrs.some(({ bits }) => bits === 0)
      ? this.world
      : [...new Set(cidrs.flatMap((each) => this.#in(each)))];
    return candidates
      .filter((position) => {
        const family = this.#families.get(position);
        return family !== undefined && selectsAddress(selector, family, this.#addresses.get(position));
      })
      .sort((a, b) => a - b);
  }

  #in({ family, first, last }: Cidr): number[] {
    const placed = this.#placed[family];
    const found: number[] = [];
    for (let at = firstAtOrAfter(placed, first); at < placed.length; at += 1) {
      const each = placed[at];
      if (each === undefined || each.address.value > last) break;
      found.push(each.position);
    }
    return found;
  }

  /** In ascending order. */
  named({ pattern }: NameSelector): number[] {
    if (!isPattern(pattern)) return this.#names.get(plainName(pattern)) ?? [];
    return [...this.#names]
      .flatMap(([name, positions]) => (matchesName({ pattern }, name) ? positions : []))
      .sort((a, b) => a - b);
  }
}

function firstAtOrAfter(placed: readonly Placed[], value: bigint): number {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((placed[middle]?.address.value ?? 0n) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

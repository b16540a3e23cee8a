/** Blocks: ranges of addresses with exceptions, as a NetworkPolicy writes them, with intersection and difference. */
import { containsCidr, formatCidr, parseCidr, type Cidr } from "../reachability/select/cidr.ts";

export interface Block {
  readonly cidr: Cidr;
  /** Inside the range, none inside another. */
  readonly except: readonly Cidr[];
}

export const everyAddress: readonly Block[] = ["0.0.0.0/0", "::/0"].flatMap((text) => {
  const cidr = parseCidr(text);
  return cidr === undefined ? [] : [{ cidr, except: [] }];
});

/** Two ranges are apart, or one is inside the other. */
function common(one: Cidr, other: Cidr): Cidr | undefined {
  if (containsCidr(one, other)) return other;
  return containsCidr(other, one) ? one : undefined;
}

/** Undefined: nothing is left of the range. */
export function block(cidr: Cidr, except: readonly Cidr[]): Block | undefined {
  const inside = except.flatMap((each) => common(cidr, each) ?? []);
  if (inside.some((each) => containsCidr(each, cidr))) return undefined;
  const widest = inside.filter(
    (each, index) =>
      !inside.some(
        (other, at) => at !== index && containsCidr(other, each) && (!containsCidr(each, other) || at < index),
      ),
  );
  return { cidr, except: widest };
}

export function bothBlocks(one: readonly Block[], other: readonly Block[]): readonly Block[] {
  return one.flatMap((a) =>
    other.flatMap((b) => {
      const shared = common(a.cidr, b.cidr);
      return shared === undefined ? [] : (block(shared, [...a.except, ...b.except]) ?? []);
    }),
  );
}

export function blocksWithout(one: readonly Block[], other: readonly Block[]): readonly Block[] {
  return other.reduce<readonly Block[]>(
    (left, { cidr, except }) => left.flatMap((each) => minus(each, cidr, except)),
    one,
  );
}

/** What an exception takes out of the range that is taken away stays. */
function minus(from: Block, cidr: Cidr, except: readonly Cidr[]): readonly Block[] {
  if (common(from.cidr, cidr) === undefined) return [from];
  return [
    block(from.cidr, [...from.except, cidr]),
    ...except.map((each) => {
      const kept = common(from.cidr, each);
      return kept === undefined ? undefined : block(kept, from.except);
    }),
  ].filter((each) => each !== undefined);
}

export function writtenBlock({ cidr, except }: Block): { readonly cidr: string; readonly except?: readonly string[] } {
  return { cidr: formatCidr(cidr), ...(except.length === 0 ? {} : { except: except.map(formatCidr) }) };
}

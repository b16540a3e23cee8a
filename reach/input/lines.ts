/**
 * Lines: from a place in a text to the line and column that an editor shows.
 */

/** A text that knows where its lines begin. Works that out when first asked. */
export class Lines {
  readonly #text: string;
  #starts: number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Counted from 1. */
  line(offset: number): number {
    const starts = (this.#starts ??= lineStarts(this.#text));
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** Counted from 1, in UTF-16 units. */
  column(offset: number): number {
    return offset - ((offset === 0 ? -1 : this.#text.lastIndexOf("\n", offset - 1)) + 1) + 1;
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

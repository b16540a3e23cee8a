/**
 * Columns: what all pods answer to one peer, taken from the rows of the pods.
 *
 * A column lies across all rows, and to read it there is to fetch memory anew for each number. Columns are asked for one
 * after the other, so a band of them is copied at once, while each row's piece of it is at hand.
 */
import type { Row, Rows } from "./rows.ts";

/** As many as lie beside each other in what a processor fetches at once. */
const width = 64;

export class Columns {
  readonly #rows: Rows;
  readonly #count: number;
  readonly #band: Int32Array;
  readonly #single: Int32Array;
  #first = 0;
  #kept = 0;
  #next = 0;

  constructor(rows: Rows, count: number) {
    this.#rows = rows;
    this.#count = count;
    this.#band = new Int32Array(count * Math.min(width, count));
    this.#single = new Int32Array(count);
  }

  /** Numbers of side answers, by subject. The array is used again. */
  of(peer: number): Int32Array {
    const isNext = peer === this.#next;
    this.#next = peer + 1;
    if (peer < this.#first || peer >= this.#first + this.#kept) {
      if (!isNext) return this.#alone(peer);
      this.#first = peer;
      this.#kept = Math.min(width, this.#count - peer);
      this.#each((row, subject) => {
        row.copy(peer, this.#kept, this.#band, subject, this.#count);
      });
    }
    const start = (peer - this.#first) * this.#count;
    return this.#band.subarray(start, start + this.#count);
  }

  /** A column that is not asked for in turn is not worth its neighbours. */
  #alone(peer: number): Int32Array {
    this.#each((row, subject) => (this.#single[subject] = row.at(peer)));
    return this.#single;
  }

  #each(visit: (row: Row, subject: number) => void): void {
    for (let subject = 0; subject < this.#count; subject += 1) visit(this.#rows.of(subject), subject);
  }
}

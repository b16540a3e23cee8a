/**
 * Square: what sets of equal endpoints answer each other, by number, only where there is something to say.
 *
 * Rows stand one after the other in two long arrays, because a large world has millions of answers.
 */
export interface Square {
  /** Positions of endpoints; all of one set are equal. */
  readonly sets: readonly (readonly number[])[];
  /** Per set where its row begins, and behind them where the last one ends. */
  readonly starts: Int32Array;
  /** The sets of each row to whom there is something to say, in ascending order. */
  readonly to: Int32Array;
  /** Beside each of `to`, the number of the answer. Equal numbers are equal answers; who is not told of has none. */
  readonly answers: Int32Array;
}

/** `tell` says each answer of one row once, in ascending order of the other end. */
export function squareOf(sets: Square["sets"], tell: (from: number, row: SquareRow) => void): Square {
  const starts = new Int32Array(sets.length + 1);
  const row = new SquareRow();
  for (let from = 0; from < sets.length; from += 1) {
    tell(from, row);
    starts[from + 1] = row.end;
  }
  return { sets, starts, ...row.told() };
}

/** The row that is being told, behind all that were. */
export class SquareRow {
  #to = new Int32Array(1024);
  #answers = new Int32Array(1024);
  end = 0;

  say(to: number, answer: number): void {
    if (this.end === this.#to.length) this.#grow();
    this.#to[this.end] = to;
    this.#answers[this.end] = answer;
    this.end += 1;
  }

  /** All at once: pairs of another end and an answer. */
  sayAll(pairs: Int32Array): void {
    while (this.end + pairs.length / 2 > this.#to.length) this.#grow();
    const [to, answers] = [this.#to, this.#answers];
    let end = this.end;
    for (let at = 0; at < pairs.length; at += 2) {
      to[end] = pairs[at] ?? 0;
      answers[end] = pairs[at + 1] ?? 0;
      end += 1;
    }
    this.end = end;
  }

  told(): Pick<Square, "to" | "answers"> {
    return { to: this.#to.subarray(0, this.end), answers: this.#answers.subarray(0, this.end) };
  }

  #grow(): void {
    this.#to = doubled(this.#to);
    this.#answers = doubled(this.#answers);
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Columns of the sets that are wanted, as rows; those of all others are empty. */
export function columnsOf({ sets, starts, to, answers }: Square, wanted: Uint8Array): Square {
  const begins = new Int32Array(sets.length + 1);
  for (let at = 0; at < to.length; at += 1) {
    const other = to[at] ?? 0;
    if (wanted[other] === 1) begins[other + 1] = (begins[other + 1] ?? 0) + 1;
  }
  for (let at = 0; at < sets.length; at += 1) begins[at + 1] = (begins[at + 1] ?? 0) + (begins[at] ?? 0);
  const next = begins.slice();
  const count = begins[sets.length] ?? 0;
  const [from, turned] = [new Int32Array(count), new Int32Array(count)];
  for (let row = 0; row < sets.length; row += 1) {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at += 1) {
      const other = to[at] ?? 0;
      if (wanted[other] !== 1) continue;
      const place = next[other] ?? 0;
      next[other] = place + 1;
      from[place] = row;
      turned[place] = answers[at] ?? 0;
    }
  }
  return { sets, starts: begins, to: from, answers: turned };
}

/** Equal rows get equal numbers. */
export function rowNumbers(square: Square): number[] {
  const byHash = new Map<number, number[]>();
  const numbers: number[] = [];
  for (const row of square.sets.keys()) {
    const hash = rowHash(square, row);
    const known = byHash.get(hash);
    const equal = known?.find((other) => sameRow(square, other, row));
    if (equal !== undefined) numbers.push(equal);
    else {
      numbers.push(row);
      if (known === undefined) byHash.set(hash, [row]);
      else known.push(row);
    }
  }
  return numbers;
}

function rowHash({ starts, to, answers }: Square, row: number): number {
  const end = starts[row + 1] ?? 0;
  let hash = end - (starts[row] ?? 0);
  for (let at = starts[row] ?? 0; at < end; at += 1) {
    hash = Math.imul(hash ^ (to[at] ?? 0), 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ (answers[at] ?? 0), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return hash;
}

function sameRow({ starts, to, answers }: Square, one: number, other: number): boolean {
  const [first, second] = [starts[one] ?? 0, starts[other] ?? 0];
  const length = (starts[one + 1] ?? 0) - first;
  if (length !== (starts[other + 1] ?? 0) - second) return false;
  for (let at = 0; at < length; at += 1) {
    if (to[first + at] !== to[second + at] || answers[first + at] !== answers[second + at]) return false;
  }
  return true;
}

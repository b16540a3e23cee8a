/**
 * Number lists: short lists of whole numbers, of which equal ones get one number.
 *
 * A hash table over one long array: a list costs no object, whether it is known or new.
 */
const free = 0;

/** The number of the empty list. */
export const emptyList = 0;

export class NumberLists {
  #numbers = new Int32Array(4096);
  /** Where each list begins; the last one is where the next will. */
  #starts = new Int32Array(256);
  #hashes = new Int32Array(256);
  /** Numbers of lists at the place that their hash says, or at the next free one. */
  #table = new Int32Array(512);
  #count = 1;

  /** Of the first `length` numbers of an array that the caller goes on using. */
  numberOf(list: Int32Array, length: number): number {
    if (length === 0) return emptyList;
    const table = this.#table;
    const hashes = this.#hashes;
    const hash = hashOf(list, length);
    const mask = table.length - 1;
    let slot = hash & mask;
    for (let known = table[slot] ?? free; known !== free; known = table[slot] ?? free) {
      if (hashes[known] === hash && this.#is(known, list, length)) return known;
      slot = (slot + 1) & mask;
    }
    return this.#add(list, length, hash, slot);
  }

  /** All lists, one after the other: what is read in place costs no object. Valid until a list is added. */
  get numbers(): Int32Array {
    return this.#numbers;
  }

  /** Where a list begins in `numbers`. It ends where the next one begins. */
  start(number: number): number {
    return this.#starts[number] ?? 0;
  }

  #is(known: number, list: Int32Array, length: number): boolean {
    const numbers = this.#numbers;
    const start = this.start(known);
    if (this.start(known + 1) - start !== length) return false;
    for (let index = 0; index < length; index += 1) if (numbers[start + index] !== list[index]) return false;
    return true;
  }

  #add(list: Int32Array, length: number, hash: number, slot: number): number {
    const number = this.#count++;
    if (number + 2 > this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#hashes = doubled(this.#hashes);
    }
    const start = this.start(number);
    while (start + length > this.#numbers.length) this.#numbers = doubled(this.#numbers);
    this.#numbers.set(list.subarray(0, length), start);
    this.#hashes[number] = hash;
    this.#starts[number + 1] = start + length;
    this.#table[slot] = number;
    if (this.#count * 2 > this.#table.length) this.#grow();
    return number;
  }

  #grow(): void {
    const table = new Int32Array(this.#table.length * 2);
    for (let number = 1; number < this.#count; number += 1) {
      let slot = (this.#hashes[number] ?? 0) & (table.length - 1);
      while (table[slot] !== free) slot = (slot + 1) & (table.length - 1);
      table[slot] = number;
    }
    this.#table = table;
  }
}

function hashOf(list: Int32Array, length: number): number {
  let hash = length;
  for (let index = 0; index < length; index += 1) {
    hash = Math.imul(hash ^ (list[index] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

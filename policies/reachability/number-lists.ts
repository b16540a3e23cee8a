/**
 * Number lists: short lists of whole numbers, of which equal ones get one number.
 *
 * A hash table over one long array: lists are collected in place and cost no object, whether they are known or new.
 */
const free = 0;

/** The number of the empty list. */
export const emptyList = 0;

export class NumberLists {
  /** All lists, one after the other, and behind them the one that is being collected. */
  #numbers = new Int32Array(1024);
  /** Where each list begins; the last one is where the next will. */
  #starts = new Int32Array(256);
  #hashes = new Int32Array(256);
  /** Numbers of lists at the place that their hash says, or at the next free one. */
  #table = new Int32Array(512);
  #count = 1;
  #end = 0;

  /** Begins a new list. */
  collect(): void {
    this.#end = this.#start(this.#count);
  }

  push(a: number, b: number, c: number): void {
    if (this.#end + 3 > this.#numbers.length) this.#numbers = doubled(this.#numbers);
    this.#numbers[this.#end++] = a;
    this.#numbers[this.#end++] = b;
    this.#numbers[this.#end++] = c;
  }

  /** Of the list that is being collected, `1` for the last one. */
  fromEnd(offset: number): number | undefined {
    const index = this.#end - offset;
    return index < this.#start(this.#count) ? undefined : this.#numbers[index];
  }

  replace(offset: number, value: number): void {
    this.#numbers[this.#end - offset] = value;
  }

  numberOfCollected(): number {
    const start = this.#start(this.#count);
    if (this.#end === start) return emptyList;
    const hash = this.#hash(start, this.#end);
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (let known = this.#table[slot] ?? free; known !== free; known = this.#table[slot] ?? free) {
      if (this.#hashes[known] === hash && this.#isCollected(known)) return known;
      slot = (slot + 1) & mask;
    }
    return this.#add(hash, slot);
  }

  at(number: number): Int32Array {
    return this.#numbers.subarray(this.#start(number), this.#start(number + 1));
  }

  #start(number: number): number {
    return this.#starts[number] ?? 0;
  }

  #hash(start: number, end: number): number {
    let hash = end - start;
    for (let index = start; index < end; index += 1) {
      hash = Math.imul(hash ^ (this.#numbers[index] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #isCollected(known: number): boolean {
    const [start, length] = [this.#start(known), this.#start(known + 1) - this.#start(known)];
    const collected = this.#start(this.#count);
    if (length !== this.#end - collected) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.#numbers[start + index] !== this.#numbers[collected + index]) return false;
    }
    return true;
  }

  #add(hash: number, slot: number): number {
    const number = this.#count++;
    if (number + 2 > this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#hashes = doubled(this.#hashes);
    }
    this.#hashes[number] = hash;
    this.#starts[number + 1] = this.#end;
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

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

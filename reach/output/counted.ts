/** Counted: numbers as sentences have them. */

/** `1 pair`, `1,284 pairs`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `1,284`. */
export function grouped(number: number): string {
  return number.toLocaleString("en");
}

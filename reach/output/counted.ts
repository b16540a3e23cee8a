/** Counted: numbers as sentences have them. */

/** `1 pair`, `1,284 pairs`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `1,284`. Not by the locale's own rules: loading those takes longer than judging a small world. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Examined: what was found of one thing that should be so, and what to ask next where it is not. */
export interface Examined {
  readonly what: string;
  /** Absent: it is. */
  readonly wrong?: string;
  /** The command that tells more. */
  readonly next?: string;
}

/** Ran: the command in this process, with what it said. */
import { main } from "../../reach/command.ts";
import { plain } from "../../reach/terminal.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function ran(...words: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const terminal = {
    print: (text: string) => void (out += text),
    warn: (text: string) => void (err += text),
    progress: () => undefined,
    paint: plain,
  };
  const code = await main(words, terminal);
  return { code, out, err };
}

/** Two environments of a shop, and the same a pull request later. */
export const shop = "test/fixtures/reach/shop";

/** The lines of a text that people read, without the places of a fixture. */
export function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}

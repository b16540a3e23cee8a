/**
 * Terminal: where a verb writes, and how.
 *
 * Colours and progress are for people: neither reaches a file or a pipe.
 */
import { styleText } from "node:util";

type Style = "red" | "green" | "yellow" | "dim" | "bold" | "cyan";

export interface Terminal {
  /** The answer. */
  readonly print: (text: string) => void;
  /** What is said beside the answer. */
  readonly warn: (text: string) => void;
  /** What takes long, on a terminal only. An empty text takes the line away again. */
  readonly progress: (text: string) => void;
  /** Coloured where standard output shows colours; NO_COLOR and FORCE_COLOR are obeyed. */
  readonly paint: Paint;
}

export type Paint = (style: Style, text: string) => string;

/** For what is written to a file or read by a program. */
export const plain: Paint = (_style, text) => text;

export function ownTerminal(): Terminal {
  const { stdout, stderr } = process;
  // The reader of a pipe may have seen enough: `reach … | head`.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
  return {
    print: (text) => void stdout.write(text),
    warn: (text) => void stderr.write(text),
    progress: (text) => {
      if (stderr.isTTY) stderr.write(`\r\u001b[2K${text}`);
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
  };
}

/** golden: writes test/golden anew, so that a change of the program shows as a change of every stack it touches. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

import { goldenFile, goldenText } from "../test/support/golden.ts";
import { runProgram } from "../test/support/program.ts";
import { stackCases } from "../test/support/stacks.ts";

/** Exit code. */
export async function golden(): Promise<number> {
  await Promise.all(
    stackCases.map(async (stack) => {
      const file = goldenFile(stack.stack);
      const text = goldenText(await runProgram(stack));
      const before = textOf(file);
      if (text !== before) writeFileSync(file, text);
      process.stdout.write(`test/golden/${basename(file)}: ${text === before ? "unchanged" : "written"}\n`);
    }),
  );
  return 0;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

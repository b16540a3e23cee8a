/** golden: writes test/golden anew, so that a change of the program shows as a change of every stack it touches. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

import { goldenFile, goldenText, inventoryGolden } from "../test/support/golden.ts";
import { runProgram } from "../test/support/program.ts";
import { stackCases } from "../test/support/stacks.ts";
import { inventoryOfStackFile } from "./inventory.ts";

/** Exit code. */
export async function golden(): Promise<number> {
  write(inventoryGolden, (await inventoryOfStackFile("kind", process.cwd())).text);
  await Promise.all(
    stackCases.map(async (stack) => {
      write(goldenFile(stack.stack), goldenText(await runProgram(stack)));
    }),
  );
  return 0;
}

function write(file: string, text: string): void {
  const before = textOf(file);
  if (text !== before) writeFileSync(file, text);
  process.stdout.write(`test/golden/${basename(file)}: ${text === before ? "unchanged" : "written"}\n`);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Cases: the scenarios with the verdicts that Cilium's own policy engine gives.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import zlib from "node:zlib";

import { formatProblem } from "../../policies/problems.ts";
import {
  isProblem,
  readPair,
  readScenario,
  type Pair,
  type Scenario,
} from "../../policies/reachability/conformance/format.ts";

function read<T extends Scenario | Pair>(
  file: string,
  readLine: (line: unknown, where: string, at: number) => unknown,
): T[] {
  const packed = fs.readFileSync(new URL(`../fixtures/cilium-verdicts/${file}`, import.meta.url));
  const lines = zlib.gunzipSync(packed).toString("utf8").trimEnd().split("\n");
  return lines.map((line, at) => {
    const found = readLine(JSON.parse(line), `${file}:${String(at + 1)}`, at) as T;
    assert.ok(!isProblem(found), isProblem(found) ? formatProblem(found) : "");
    return found;
  });
}

export const readCases = (): Scenario[] => read("random-cases-000-299.jsonl.gz", readScenario);
export const readPairs = (): Pair[] => read("diff-cases-000-299.jsonl.gz", readPair);

/**
 * Flows bench: a million recorded flows weighed by a whole process, its time and its memory.
 *
 * `node test/reach/flows-bench.ts [flows]` writes the flows once per run into the system's temporary folder.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { write } from "../bench/reach/files.ts";
import { changed, generate } from "../bench/reach/generate.ts";
import { recorded } from "./recorded.ts";

const count = Number(process.argv[2] ?? "1000000");
const folder = mkdtempSync(join(tmpdir(), "reach-flows-"));
try {
  const base = generate({ workloads: 1000 });
  write(base, join(folder, "base"), "json");
  write(changed(base), join(folder, "head"), "json");
  const file = join(folder, "flows.jsonl");
  const out = openSync(file, "w");
  let lines: string[] = [];
  for (const line of recorded({ workloads: base.workloads, flows: count, seed: 1 })) {
    lines.push(line);
    if (lines.length === 10_000) {
      writeSync(out, `${lines.join("\n")}\n`);
      lines = [];
    }
  }
  if (lines.length > 0) writeSync(out, `${lines.join("\n")}\n`);
  closeSync(out);
  const reach = join(import.meta.dirname, "..", "..", "reach", "reach.mjs");
  const measure = `process.on("exit", () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    process.stderr.write(JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, rss: maxRSS / 1024 })); });`;
  const started = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(measure)}`,
      reach,
      "diff",
      join(folder, "base"),
      join(folder, "head"),
      "--flows",
      file,
    ],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const seconds = (performance.now() - started) / 1000;
  const { cpu, rss } = JSON.parse(/\{.*\}$/.exec(stderr)?.[0] ?? "{}") as {
    readonly cpu?: number;
    readonly rss?: number;
  };
  console.log(stdout.split("\n").slice(0, 4).join("\n"));
  console.log(
    `${String(count)} flows, ${(statSync(file).size / 1e6).toFixed(0)} MB: ${seconds.toFixed(1)} s, ${(cpu ?? 0).toFixed(1)} CPU s, ${(rss ?? 0).toFixed(0)} MB, exit ${String(status)}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

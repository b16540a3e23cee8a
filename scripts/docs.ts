/**
 * docs: writes every generated document anew. What a document needs and this machine lacks is said by name, and the
 * document is left as it is.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chartFolder } from "../components/charts/cache.ts";
import { findChart } from "../components/charts/prepare.ts";
import { charts } from "../components/versions.ts";
import { knownValuesFiles, knownValuesText } from "./docs/known-values.ts";
import { lintDoc } from "./docs/lint-doc.ts";
import { promiseTables } from "./docs/promise-tables.ts";
import { settingsDocs, type GeneratedDoc } from "./docs/settings-doc.ts";

const root = join(import.meta.dirname, "..");

/** Exit code. */
export async function docs(): Promise<number> {
  for (const doc of [
    ...(await settingsDocs()),
    await lintDoc(),
    ...(await promiseTables()),
    ...(await knownKeys()),
    await pullRequests(),
  ])
    write(doc);
  return 0;
}

function write({ path, text }: GeneratedDoc): void {
  const file = join(root, path);
  const before = readFileSync(file, "utf8");
  if (text !== before) writeFileSync(file, text);
  process.stdout.write(`${path}: ${text === before ? "unchanged" : "written"}\n`);
}

/** What is said of recorded changes. Recording copies the project, so it is loaded here only. */
async function pullRequests(): Promise<GeneratedDoc> {
  const { ProjectCopy, record, recordedPage, withRecordings } =
    await import("../test/support/recorded-pull-requests.ts");
  const copy = new ProjectCopy();
  try {
    return { path: recordedPage, text: withRecordings(readFileSync(join(root, recordedPage), "utf8"), record(copy)) };
  } finally {
    copy.remove();
  }
}

/** The keys of the pinned charts, which are read out of the charts themselves. */
async function knownKeys(): Promise<GeneratedDoc[]> {
  const known: GeneratedDoc[] = [];
  for (const tool of ["cilium", "kyverno"] as const) {
    const path = knownValuesFiles[tool];
    const chart = findChart(charts[tool], chartFolder(process.env), process.env["CILIUM_PLATFORM_CHART_MIRROR"])?.path;
    if (chart !== undefined && statSync(chart).isDirectory()) {
      known.push({ path, text: await knownValuesText(tool, chart) });
    } else {
      process.stdout.write(`${path}: left as it is, the chart is not in the chart folder as a folder\n`);
    }
  }
  return known;
}

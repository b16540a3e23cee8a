/**
 * downloadOfficial: a chart from where its authors publish it, verified, into the cache.
 *
 * Loaded only when a chart is missing: what it needs to read an index is not light.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { rememberFailure } from "./cache.ts";
import { bareDigest, ChecksumError, downloadFile, downloadText } from "./download.ts";
import { officialPlace, type ChartPlace } from "./places.ts";
import { parseReference, Registry } from "./registry.ts";
import type { ChartPin } from "../versions.ts";

const chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/** The chart's place in the cache, or why it could not be had; the reason is remembered for a while. */
export async function downloadOfficial(
  pin: ChartPin,
  folder: string,
): Promise<ChartPlace | { readonly reason: string }> {
  mkdirSync(folder, { recursive: true });
  const place = officialPlace(pin, folder);
  // Two programs may be at it: each downloads into a folder of its own, and whoever is done first has made the place.
  const scratch = mkdtempSync(`${place.path}.`);
  try {
    const chart = join(scratch, "chart");
    await fetchChart(pin, chart, scratch);
    putInPlace(chart, place.path);
    rememberFailure(pin, folder);
    return place;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const reason = `${why}; ${adviceFor(pin)}`;
    // Wrong content is asked for again at once: it must stay visible until somebody has looked into it.
    if (!(error instanceof ChecksumError)) rememberFailure(pin, folder, reason);
    return { reason };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function putInPlace(chart: string, place: string): void {
  try {
    renameSync(chart, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}

/** What to do about a chart that upstream does not give. */
function adviceFor(pin: ChartPin): string {
  const mirror = `put ${pin.name}-${pin.version}.tgz into a folder named by chartMirror`;
  return pin.closedNetwork === undefined ? mirror : `\`npm run setup\` makes it from its Go module, or ${mirror}`;
}

/** Put the chart at `path`: an archive, or a folder that we make. */
async function fetchChart(pin: ChartPin, path: string, scratch: string): Promise<void> {
  switch (pin.upstream.kind) {
    case "repository":
      await fromRepository(pin, pin.upstream.url, path);
      return;
    case "oci":
      await fromRegistry(pin, pin.upstream.url, path);
      return;
    case "manifests":
      await fromManifests(pin, pin.upstream.url, path, scratch);
      return;
  }
}

/** Entry of an index: where the archive is, and what it must be. */
export interface IndexEntry {
  readonly url: string;
  readonly sha256: string;
}

interface RepositoryIndex {
  readonly entries?: Readonly<
    Record<string, readonly { readonly version: string; readonly urls?: readonly string[]; readonly digest?: string }[]>
  >;
}

/** The entry of one version; refuses an index that does not say what the archive must be. */
export function indexEntry(
  index: RepositoryIndex,
  pin: Pick<ChartPin, "name" | "version">,
  repository: string,
): IndexEntry {
  const entry = index.entries?.[pin.name]?.find(({ version }) => version.replace(/^v/, "") === pin.version);
  const url = entry?.urls?.[0];
  if (entry === undefined || url === undefined) throw new Error(`${repository} has no ${pin.name} ${pin.version}`);
  if (entry.digest === undefined) throw new Error(`${repository} gives no digest for ${pin.name} ${pin.version}`);
  // An archive may lie beside its index.
  return { url: new URL(url, `${repository.replace(/\/$/, "")}/`).href, sha256: bareDigest(entry.digest) };
}

async function fromRepository(pin: ChartPin, repository: string, path: string): Promise<void> {
  const text = await downloadText(`${repository}/index.yaml`);
  const { parse } = await import("yaml");
  const entry = indexEntry(parse(text) as RepositoryIndex, pin, repository);
  await downloadFile(entry.url, path, { sha256: pin.sha256 ?? entry.sha256 });
}

async function fromRegistry(pin: ChartPin, url: string, path: string): Promise<void> {
  const reference = parseReference(url);
  const registry = new Registry(reference, reference.registry.startsWith("127.0.0.1:") ? "http" : "https");
  const manifest = await registry.manifest(pin.version);
  const layer = manifest.layers?.find(({ mediaType }) => mediaType === chartLayer);
  if (layer === undefined) throw new Error(`${url}:${pin.version} holds no chart`);
  if (pin.sha256 !== undefined && bareDigest(layer.digest) !== pin.sha256) {
    throw new ChecksumError(`${url}:${pin.version}: checksum mismatch, got \`${layer.digest}\``);
  }
  await registry.blob(layer.digest, path);
}

async function fromManifests(pin: ChartPin, url: string, path: string, scratch: string): Promise<void> {
  const manifests = join(scratch, "manifests.yaml");
  await downloadFile(url, manifests, { sha256: pin.sha256 });
  const { manifestsChart, writeFiles } = await import("./wrapper.ts");
  writeFiles(path, manifestsChart(pin, readFileSync(manifests, "utf8")));
}

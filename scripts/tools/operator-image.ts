/**
 * The Cilium operator out of its image: the very binary that upstream released, by the digest that upstream's chart
 * names.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

import * as tar from "tar";
import { parse } from "yaml";

import { chartFolder } from "../../components/charts/cache.ts";
import { downloadOfficial } from "../../components/charts/official.ts";
import { parseReference, platformManifest, Registry, type ImageReference } from "../../components/charts/registry.ts";
import { findChart } from "../../components/charts/prepare.ts";
import { charts } from "../../components/versions.ts";
import type { Sites } from "./official-files.ts";
import type { Workplace } from "./tool-paths.ts";

/** Path of the operator inside its image. */
const operatorPath = "usr/bin/cilium-operator-generic";

/** An image that cannot change behind our back. */
export type PinnedImage = ImageReference & { readonly digest: string };

/** The operator's image as the chart itself names it; refuses a chart that does not say which image exactly. */
export function operatorImage(values: string): PinnedImage {
  const { operator } = parse(values) as {
    operator: { image: { repository: string; tag: string; suffix?: string; genericDigest?: string } };
  };
  const { repository, tag, suffix = "", genericDigest = "" } = operator.image;
  if (genericDigest === "") throw new Error("the Cilium chart at hand names no digest for its operator image");
  return { ...parseReference(`${repository}-generic${suffix}:${tag}`), digest: genericDigest };
}

/** Put the operator into `bin`. */
export async function fetchOperator(bin: string, at: Workplace, sites: Sites, scratch: string): Promise<void> {
  const image = operatorImage(await ciliumChartValues(at, scratch));
  await fetchFromImage(image, operatorPath, at, join(bin, basename(operatorPath)), scratch, sites);
}

/** values.yaml of the official Cilium chart, which is downloaded if need be: only that one names digests. */
async function ciliumChartValues(at: Workplace, scratch: string): Promise<string> {
  const folder = chartFolder({ CILIUM_PLATFORM_CACHE: at.cache });
  const found = findChart(charts.cilium, folder, undefined);
  const chart = found?.origin === "official" ? found : await downloadOfficial(charts.cilium, folder);
  if ("reason" in chart) throw new Error(chart.reason);
  const values = "cilium/values.yaml";
  await tar.extract({ file: chart.path, cwd: scratch, filter: (path) => path === values });
  return readFileSync(join(scratch, values), "utf8");
}

/** One file out of an image: every manifest and layer by digest, the last layer that has the file counts. */
export async function fetchFromImage(
  image: PinnedImage,
  path: string,
  at: Pick<Workplace, "platform" | "cache">,
  target: string,
  scratch: string,
  sites: Sites,
): Promise<void> {
  const { protocol, host } = new URL(image.registry === "quay.io" ? sites.quay : `https://${image.registry}`);
  const registry = new Registry({ ...image, registry: host }, protocol === "http:" ? "http" : "https");
  const { layers = [] } = await platformManifest(registry, image.digest, at.platform);
  const unpacked = join(scratch, "layer");
  mkdirSync(unpacked, { recursive: true });
  for (const layer of [...layers].reverse()) {
    const blob = join(at.cache, "partial", layer.digest.replace(":", "-"));
    await registry.blob(layer.digest, blob);
    await tar.extract({ file: blob, cwd: unpacked, filter: (entry) => entry.replace(/^\.?\//, "") === path });
    rmSync(blob, { force: true });
    try {
      copyFileSync(join(unpacked, path), target);
    } catch {
      continue;
    }
    chmodSync(target, 0o755);
    return;
  }
  throw new Error(`${image.registry}/${image.repository} holds no ${path}`);
}

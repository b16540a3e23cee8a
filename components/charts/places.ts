/**
 * Where a chart may lie, in the order in which the places win, and how a place is recognised again.
 *
 * Names in the cache say where their content came from; what was made here also says by which revision of our making.
 */
import { basename, dirname, join, resolve } from "node:path";

import type { ChartPin } from "../versions.ts";

/** `mirror`: the user's own folder. `official`: downloaded from upstream. `go-module`: made where upstream is silent. */
export type ChartOrigin = "mirror" | "official" | "go-module";

/** Raised whenever charts that we make come out differently, so that no cache keeps the old ones. */
export const wrapperRevision = 2;

export interface ChartPlace {
  readonly origin: ChartOrigin;
  readonly path: string;
}

/** First half of every file name of a chart. */
export function chartName(pin: Pick<ChartPin, "name" | "version">): string {
  return `${pin.name}-${pin.version}`;
}

/** In the cache: a downloaded archive, or what was wrapped around downloaded manifests. */
export function officialPlace(pin: ChartPin, folder: string): ChartPlace {
  const made = pin.upstream.kind === "manifests" ? `-official-r${String(wrapperRevision)}` : "-official.tgz";
  return { origin: "official", path: join(folder, `${chartName(pin)}${made}`) };
}

/** In the cache: made from a Go module. The module's version is the version of the application. */
export function goModulePlace(pin: ChartPin, folder: string): ChartPlace {
  const made = `-module-${pin.appVersion}-r${String(wrapperRevision)}`;
  return { origin: "go-module", path: join(folder, `${chartName(pin)}${made}`) };
}

/** In the user's mirror: a folder or an archive. */
export function mirrorPlaces(pin: ChartPin, mirror: string): ChartPlace[] {
  const path = join(mirror, chartName(pin));
  return [path, `${path}.tgz`].map((candidate) => ({ origin: "mirror", path: candidate }));
}

/** Every place of a chart, the one that wins first. */
export function chartPlaces(pin: ChartPin, folder: string, mirror: string | undefined): ChartPlace[] {
  return [
    ...(mirror === undefined ? [] : mirrorPlaces(pin, mirror)),
    officialPlace(pin, folder),
    goModulePlace(pin, folder),
  ];
}

/** Origin of a place that was found earlier, from its path alone. */
export function originOf(path: string, folder: string): ChartOrigin {
  if (resolve(dirname(path)) !== resolve(folder)) return "mirror";
  return basename(path).includes("-module-") ? "go-module" : "official";
}

/**
 * `npm run images -- <stack>`: every image the stack runs, one per line, for whoever fills a mirror.
 *
 * The list is what the charts render to with the stack's own values; what could not be rendered is named, never left out
 * in silence.
 */
import { chartValues, wantedCharts } from "../components/candidate.ts";
import { prepareCharts, type MissingChart } from "../components/charts/prepare.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import { mirrored, rewriteImages } from "../components/images.ts";
import type { Settings } from "../components/settings.ts";
import { settingsOfStackFile } from "../components/settings/read.ts";
import { kindNodeImage, kubernetesVersion, registryCacheImage } from "../components/versions.ts";
import { readOwnCommand } from "./command-line.ts";
import { helmTemplate } from "./helm-template.ts";
import { imagesIn } from "./image-list.ts";
import { targetOf } from "./pulumi/stack-file.ts";
import { obtainCharts } from "./tools/obtain-charts.ts";
import { obtainTools } from "./tools/obtain.ts";

export interface StackImages {
  /** Sorted, each once. */
  readonly images: readonly string[];
  /** Charts that cannot be had, so that their images are not in the list. */
  readonly missing: readonly MissingChart[];
}

export async function images(args: readonly string[]): Promise<number> {
  const { stack, tools } = readOwnCommand(args);
  const projectDir = process.cwd();
  await targetOf(stack, projectDir);
  const settings = settingsOfStackFile(projectDir, stack);
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const { path } = await obtainTools(["helm"], { mode: tools, log });
  await obtainCharts(wantedCharts(settings), { mode: tools, log });
  const found = await imagesOfStack(stack, settings, path.helm ?? "helm", projectDir);

  process.stdout.write(found.images.map((image) => `${image}\n`).join(""));
  for (const { name, version, reason } of found.missing) log(`not in the list: ${name} ${version}: ${reason}`);
  for (const image of notFromMirror(found.images, settings.imageRegistry)) log(`not from the mirror: ${image}`);
  // Where nodes are simulated a chart may be left out; elsewhere the list would be of half a platform.
  return found.missing.length === 0 || clusterFacts(settings).nodes === "simulated" ? 0 : 1;
}

/** Renders what the stack installs. */
export async function imagesOfStack(
  stack: string,
  settings: Settings,
  helm: string,
  projectDir: string,
): Promise<StackImages> {
  const facts = clusterFacts(settings);
  const { present, missing } = await prepareCharts(wantedCharts(settings), {
    stack,
    projectDir,
    env: process.env,
    chartMirror: settings.chartMirror,
  });
  const rendered = await Promise.all(
    present.map(({ key, name, path }) =>
      helmTemplate({
        helm,
        chart: path,
        releaseName: name,
        namespace: "images",
        // Which address pods use for the API server changes no image.
        values: rewriteImages(key, chartValues(key, settings, facts, "api-server.invalid"), settings.imageRegistry),
        kubernetesVersion: facts.kubernetesVersion ?? kubernetesVersion,
      }),
    ),
  );
  const all = [...rendered.flatMap(imagesIn), ...machineImages(settings)];
  return { images: [...new Set(all)].sort(), missing };
}

/** Images that no chart names: the nodes of a local cluster and the caches beside it. */
function machineImages({ target, kind }: Settings): string[] {
  if (target !== "kind") return [];
  return [kindNodeImage, ...(kind.pullThroughCaches.length > 0 ? [registryCacheImage] : [])];
}

/** Images that would still be fetched from where upstream keeps them, although the stack names a mirror. */
export function notFromMirror(images: readonly string[], imageRegistry: string | undefined): readonly string[] {
  if (imageRegistry === undefined) return [];
  return images.filter((image) => mirrored(image, imageRegistry) !== image);
}

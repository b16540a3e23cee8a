/** Image list: which images rendered objects run, wherever an object names one. */
import { parse } from "yaml";

/** Distinct images of rendered YAML, sorted. */
export function imagesIn(rendered: string): string[] {
  const documents = rendered
    .split(/^---.*$/m)
    // Definitions speak of images without running any, and are most of the text.
    .filter((text) => /\bimage\b/.test(text) && !/^kind: CustomResourceDefinition$/m.test(text));
  return [...new Set(documents.flatMap((text) => imagesOf(parse(text))))].sort();
}

/** Lists whose items are containers, or volumes made of an image. */
const containerLists = new Set(["containers", "initContainers", "ephemeralContainers"]);

/** Images of one object: those of its containers, and those of a data plane that a controller makes of it. */
export function imagesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesOf);
  if (!isBlock(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (containerLists.has(key) && Array.isArray(inner)) return inner.flatMap(imageOfContainer);
    if (key === "volumes" && Array.isArray(inner)) return inner.flatMap(imageOfVolume);
    if (key === "container") return imageOfContainer(inner);
    return imagesOf(inner);
  });
}

/** `image` is one reference, or its parts (NginxProxy). */
function imageOfContainer(container: unknown): string[] {
  if (!isBlock(container)) return [];
  const { image } = container;
  if (typeof image === "string") return [image];
  if (!isBlock(image) || typeof image["repository"] !== "string") return [];
  return [typeof image["tag"] === "string" ? `${image["repository"]}:${image["tag"]}` : image["repository"]];
}

function imageOfVolume(volume: unknown): string[] {
  const image = isBlock(volume) ? volume["image"] : undefined;
  return isBlock(image) && typeof image["reference"] === "string" ? [image["reference"]] : [];
}

function isBlock(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

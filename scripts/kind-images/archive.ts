/**
 * Image archives in Docker's own format, written without an engine: one layer, its configuration, and the names under which
 * `docker load` and `kind load image-archive` know it.
 *
 * {@link https://github.com/moby/docker-image-spec/blob/main/v1.2.md}: the combined format.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";

import { Header } from "tar";

/** What a container of the image starts with, in Docker's own words. */
export interface ImageSettings {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly StopSignal?: string;
}

export interface ArchiveInput {
  /** Repository and tag, as pods name it. */
  readonly names: readonly string[];
  readonly architecture: string;
  readonly settings: ImageSettings;
  /** sha256 of the layer, in hexadecimal. */
  readonly layer: string;
}

/** The two documents of an archive beside its layer. The same input gives the same bytes. */
export function imageDocuments({ names, architecture, settings, layer }: ArchiveInput): {
  readonly config: { readonly path: string; readonly text: string };
  readonly manifest: string;
} {
  const text = JSON.stringify({
    architecture,
    os: "linux",
    config: settings,
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
    history: [{ created_by: "cilium-platform" }],
  });
  const path = `${createHash("sha256").update(text).digest("hex")}.json`;
  const manifest = JSON.stringify([{ Config: path, RepoTags: names, Layers: [layerPath] }]);
  return { config: { path, text }, manifest };
}

const layerPath = "layer.tar";
const blockBytes = 512;

/** A header of a tar archive, and how many bytes fill the last block of what follows it. */
export function tarHeader(
  path: string,
  size: number,
  mode = 0o644,
): { readonly header: Buffer; readonly padding: number } {
  const header = Buffer.alloc(blockBytes);
  new Header({ path, size, mode, uid: 0, gid: 0, mtime: new Date(0), type: "File" }).encode(header);
  return { header, padding: (blockBytes - (size % blockBytes)) % blockBytes };
}

/** One file as it stands in a tar archive. */
function tarEntry(path: string, content: Buffer, mode?: number): Buffer {
  const { header, padding } = tarHeader(path, content.length, mode);
  return Buffer.concat([header, content, Buffer.alloc(padding)]);
}

/** What ends a tar archive. */
const tarEnd = Buffer.alloc(2 * blockBytes);

export interface OneBinary {
  /** With its tag. */
  readonly name: string;
  /** Path in the image. */
  readonly path: string;
  readonly content: Buffer;
  readonly architecture: string;
}

/** The archive of one static binary and nothing else, run by nobody in particular. Needs no tar of the machine. */
export function binaryArchive({ name, path, content, architecture }: OneBinary): Buffer {
  const layer = Buffer.concat([tarEntry(path.replace(/^\//, ""), content, 0o755), tarEnd]);
  const { config, manifest } = imageDocuments({
    names: [name],
    architecture,
    settings: { Entrypoint: [path], User: "65532:65532" },
    layer: createHash("sha256").update(layer).digest("hex"),
  });
  return Buffer.concat([
    tarEntry(config.path, Buffer.from(config.text)),
    tarEntry(layerPath, layer),
    tarEntry("manifest.json", Buffer.from(manifest)),
    tarEnd,
  ]);
}

/**
 * Write the archive of a folder's content. GNU tar reads the folder (owners, modes, links); the digest is taken on the way,
 * so that nothing is read twice.
 */
export async function writeArchive(
  file: string,
  folder: string,
  image: Omit<ArchiveInput, "layer">,
  signal?: AbortSignal,
): Promise<void> {
  const out = await open(file, "w");
  try {
    await out.write(Buffer.alloc(blockBytes));
    const hash = createHash("sha256");
    let size = 0;
    const child = spawn(
      "tar",
      ["--create", "--format=gnu", "--sort=name", "--numeric-owner", "--mtime=@0", "--one-file-system", "."],
      { cwd: folder, stdio: ["ignore", "pipe", "pipe"], ...(signal === undefined ? {} : { signal }) },
    );
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    ended.catch(() => undefined);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      await out.write(chunk);
    }
    if ((await ended) !== 0) throw new Error(`tar of ${folder} failed: ${said.slice(-500)}`);

    const layer = tarHeader(layerPath, size);
    const { config, manifest } = imageDocuments({ ...image, layer: hash.digest("hex") });
    await out.write(Buffer.alloc(layer.padding));
    for (const [path, text] of [
      [config.path, config.text],
      ["manifest.json", manifest],
    ] as const) {
      await out.write(tarEntry(path, Buffer.from(text)));
    }
    await out.write(tarEnd);
    await out.write(layer.header, 0, blockBytes, 0);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await out.close();
  }
}

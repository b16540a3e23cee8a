/** Archive: an image of one static binary and nothing else, as the tar that `docker load` and `kind load` take. */
import { createHash } from "node:crypto";

export interface OneBinary {
  /** With its tag. */
  readonly name: string;
  /** Path in the image. */
  readonly path: string;
  readonly content: Buffer;
  readonly architecture: string;
}

/** Equal input, equal bytes: nothing in it knows when it was made. */
export function imageArchive({ name, path, content, architecture }: OneBinary): Buffer {
  const layer = tar([{ name: path.replace(/^\//, ""), content, mode: 0o755 }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      config: { Entrypoint: [path], User: "65532:65532" },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: "1970-01-01T00:00:00Z", created_by: "cilium-platform" }],
      created: "1970-01-01T00:00:00Z",
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [name], Layers: ["layer.tar"] }];
  return tar([
    { name: configName, content: config, mode: 0o644 },
    { name: "layer.tar", content: layer, mode: 0o644 },
    { name: "manifest.json", content: Buffer.from(JSON.stringify(manifest)), mode: 0o644 },
  ]);
}

interface Entry {
  readonly name: string;
  readonly content: Buffer;
  readonly mode: number;
}

const block = 512;

/** Plain files of short names, in the ustar form. */
function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((entry) => [
    header(entry),
    entry.content,
    Buffer.alloc((block - (entry.content.length % block)) % block),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header({ name, content, mode }: Entry): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  };
  bytes.write(name, 0, "utf8");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  bytes.write("        0", 148, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

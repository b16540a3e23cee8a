/**
 * A reader of OCI registries: manifests by tag or digest, blobs by digest, every digest checked.
 *
 * Used for charts that upstream publishes as OCI artefacts, and for single files out of images.
 */
import { createHash } from "node:crypto";

import { bareDigest, ChecksumError, downloadFile, downloadText, HttpError } from "./download.ts";

/** `registry/repository`, with a tag, a digest, or both; the digest wins. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** An image or artefact; an index has `manifests` in place of `layers`. */
export interface Manifest {
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** `oci://ghcr.io/org/chart:1.0` or `quay.io/org/image:tag@sha256:…` → its parts. */
export function parseReference(text: string): ImageReference {
  const match =
    /^(?:oci:\/\/)?(?<registry>[^/]+)\/(?<repository>[^@:]+)(?::(?<tag>[^@]+))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/.exec(
      text,
    );
  const { registry, repository, tag, digest } = match?.groups ?? {};
  if (registry === undefined || repository === undefined) throw new Error(`no image reference: \`${text}\``);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** What a registry asks for in its `WWW-Authenticate` header: where to get a token, with which parameters. */
export function tokenUrl(challenge: string): string | undefined {
  const fields = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  ) as Partial<Record<"realm" | "service" | "scope", string>>;
  if (!challenge.startsWith("Bearer ") || fields.realm === undefined) return undefined;
  const url = new URL(fields.realm);
  for (const name of ["service", "scope"] as const) {
    if (fields[name] !== undefined) url.searchParams.set(name, fields[name]);
  }
  return url.href;
}

/** One repository of one registry, with the token it wants. */
export class Registry {
  readonly #base: string;
  #headers: Record<string, string> = {};

  /** `scheme` is http only for a registry on this machine. */
  constructor(reference: ImageReference, scheme: "https" | "http" = "https") {
    this.#base = `${scheme}://${reference.registry}/v2/${reference.repository}`;
  }

  /** A manifest by digest (checked) or tag. */
  async manifest(reference: string): Promise<Manifest> {
    const url = `${this.#base}/manifests/${reference}`;
    const text = await this.#withToken(() =>
      downloadText(url, { headers: { ...this.#headers, Accept: manifestTypes } }),
    );
    if (reference.startsWith("sha256:")) {
      const actual = `sha256:${createHash("sha256").update(text).digest("hex")}`;
      if (actual !== reference) throw new ChecksumError(`${url}: checksum mismatch, got \`${actual}\``);
    }
    return JSON.parse(text) as Manifest;
  }

  /** A blob into a file, checked. */
  async blob(digest: string, target: string): Promise<void> {
    const url = `${this.#base}/blobs/${digest}`;
    await this.#withToken(() => downloadFile(url, target, { headers: this.#headers, sha256: bareDigest(digest) }));
  }

  /** Do a request; when the registry wants a token, get one and do it again. */
  async #withToken<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 401 || "Authorization" in this.#headers) throw error;
      const url = tokenUrl(error.headers.get("www-authenticate") ?? "");
      if (url === undefined) throw error;
      const answer = JSON.parse(await downloadText(url)) as { token?: string; access_token?: string };
      this.#headers = { Authorization: `Bearer ${answer.token ?? answer.access_token ?? ""}` };
      return await request();
    }
  }
}

/** The manifest for a platform: through an index where there is one. */
export async function platformManifest(
  registry: Registry,
  reference: string,
  platform: { readonly os: string; readonly arch: string },
): Promise<Manifest> {
  const manifest = await registry.manifest(reference);
  if (manifest.manifests === undefined) return manifest;
  const found = manifest.manifests.find(
    (entry) => entry.platform?.os === platform.os && entry.platform.architecture === platform.arch,
  );
  if (found === undefined) throw new Error(`no image for ${platform.os}/${platform.arch}`);
  return await registry.manifest(found.digest);
}

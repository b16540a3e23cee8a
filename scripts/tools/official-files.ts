/**
 * Where the official download of each tool is, and what it must be: known before anything is fetched.
 *
 * A checksum is pinned where upstream publishes one and it could be compared with a second source; else the checksum that
 * upstream publishes beside the file counts. A file without either is not taken.
 */
import type { Platform } from "./platform.ts";
import type { RecipeName, ToolName } from "./recipes.ts";

/** The sites, so that a test can put one of its own in their place. */
export interface Sites {
  readonly github: string;
  readonly githubApi: string;
  readonly helm: string;
  readonly pulumi: string;
  readonly kubernetes: string;
  readonly quay: string;
}

export const officialSites: Sites = {
  github: "https://github.com",
  githubApi: "https://api.github.com",
  helm: "https://get.helm.sh",
  pulumi: "https://get.pulumi.com",
  kubernetes: "https://dl.k8s.io",
  quay: "https://quay.io",
};

/**
 * How the official form of a tool is had. `files`: downloads of ours. `shim`: the npm package of the CLI. `plugin`: the
 * CLI itself. `image`: a file out of a container image. `kwokctl`: kwokctl fetches it when it makes a cluster.
 */
export type OfficialKind = "files" | "shim" | "plugin" | "image" | "kwokctl";

export interface OfficialWay {
  readonly kind: OfficialKind;
  /** Sites that must answer. */
  readonly sites: readonly (keyof Sites)[];
}

const ways: Readonly<Partial<Record<RecipeName, OfficialWay>>> = {
  pulumi: { kind: "shim", sites: ["pulumi"] },
  "pulumi-kubernetes": { kind: "plugin", sites: ["pulumi"] },
  kwok: { kind: "files", sites: ["github"] },
  kind: { kind: "files", sites: ["github"] },
  helm: { kind: "files", sites: ["helm"] },
  actionlint: { kind: "files", sites: ["github"] },
  kyverno: { kind: "files", sites: ["github"] },
  kubectl: { kind: "files", sites: ["kubernetes"] },
  etcd: { kind: "kwokctl", sites: ["github"] },
  kubernetes: { kind: "kwokctl", sites: ["kubernetes"] },
  cilium: { kind: "image", sites: ["quay"] },
};

/** How a tool is had officially; undefined where there is no such thing for this platform. */
export function officialWay(name: RecipeName, platform: Platform): OfficialWay | undefined {
  // Images hold Linux binaries only, and the operator runs as a process beside the cluster.
  return name === "cilium" && platform.os !== "linux" ? undefined : ways[name];
}

export interface OfficialFile {
  readonly tool: ToolName;
  readonly url: string;
  /** Path inside the archive; absent for a bare binary. */
  readonly member?: string;
  /** Where upstream publishes the checksum. */
  readonly checksumUrl: string;
  readonly sha256?: string;
}

/** The files of a tool of kind `files`. */
export function officialFiles(
  name: RecipeName,
  version: string,
  { os, arch }: Platform,
  sites: Sites = officialSites,
): OfficialFile[] {
  const pinned = (file: string): { sha256?: string } => {
    const sha256 = checksums[`${name} ${version} ${file}`];
    return sha256 === undefined ? {} : { sha256 };
  };
  switch (name) {
    case "helm": {
      const file = `helm-v${version}-${os}-${arch}.tar.gz`;
      const url = `${sites.helm}/${file}`;
      return [{ tool: "helm", url, member: `${os}-${arch}/helm`, checksumUrl: `${url}.sha256sum`, ...pinned(file) }];
    }
    case "kind": {
      const file = `kind-${os}-${arch}`;
      const url = `${sites.github}/kubernetes-sigs/kind/releases/download/v${version}/${file}`;
      return [{ tool: "kind", url, checksumUrl: `${url}.sha256sum`, ...pinned(file) }];
    }
    case "kwok":
      return (["kwok", "kwokctl"] as const).map((tool) => {
        const file = `${tool}-${os}-${arch}`;
        const url = `${sites.github}/kubernetes-sigs/kwok/releases/download/v${version}/${file}`;
        // The release has no checksum files, but GitHub tells the digest of every file it serves.
        const checksumUrl = `${sites.githubApi}/repos/kubernetes-sigs/kwok/releases/tags/v${version}`;
        return { tool, url, checksumUrl, ...pinned(file) };
      });
    case "actionlint": {
      const release = `${sites.github}/rhysd/actionlint/releases/download/v${version}`;
      const file = `actionlint_${version}_${os}_${arch}.tar.gz`;
      const checksumUrl = `${release}/actionlint_${version}_checksums.txt`;
      return [{ tool: "actionlint", url: `${release}/${file}`, member: "actionlint", checksumUrl, ...pinned(file) }];
    }
    case "kyverno": {
      const release = `${sites.github}/kyverno/kyverno/releases/download/v${version}`;
      const file = `kyverno-cli_v${version}_${os}_${arch === "amd64" ? "x86_64" : arch}.tar.gz`;
      const checksumUrl = `${release}/checksums.txt`;
      return [{ tool: "kyverno-cli", url: `${release}/${file}`, member: "kyverno", checksumUrl, ...pinned(file) }];
    }
    case "kubectl": {
      const url = `${sites.kubernetes}/release/v${version}/bin/${os}/${arch}/kubectl`;
      return [{ tool: "kubectl", url, checksumUrl: `${url}.sha256`, ...pinned(`kubectl-${os}-${arch}`) }];
    }
    case "pulumi":
    case "pulumi-kubernetes":
    case "etcd":
    case "kubernetes":
    case "cilium":
    case "kyverno-controllers":
    case "oracle":
    case "prober":
    case "kubernetes-node":
    case "cilium-agent":
    case "coredns":
      return [];
  }
}

/** A published checksum of one file: from a checksum file (`<sum>  <name>` or the sum alone) or from GitHub's answer. */
export function publishedChecksum(text: string, file: string): string | undefined {
  if (text.trimStart().startsWith("{")) {
    const release = JSON.parse(text) as { assets?: readonly { name: string; digest?: string | null }[] };
    const digest = release.assets?.find(({ name }) => name === file)?.digest;
    return digest?.startsWith("sha256:") === true ? digest.slice("sha256:".length) : undefined;
  }
  for (const line of text.split("\n")) {
    const [sum = "", name] = line.trim().split(/\s+\*?/);
    if (/^[0-9a-f]{64}$/.test(sum) && (name === undefined || name === file)) return sum;
  }
  return undefined;
}

/** `<tool> <version> <file>` → sha256, seen in upstream's release notes or in two places that do not know each other. */
const checksums: Readonly<Record<string, string>> = {
  "helm 3.22.0 helm-v3.22.0-linux-amd64.tar.gz": "1e4ab49e429626cf6c6958d914248b78c9730803c2751b87627e171dc800e7bb",
  "helm 3.22.0 helm-v3.22.0-linux-arm64.tar.gz": "f14e804dfee240f55525b667488fe9adca349e63e00c9af634c0beb1421ac310",
  "helm 3.22.0 helm-v3.22.0-darwin-amd64.tar.gz": "bd1d09f316558dda23698527859600936fed1371021ce0f2272d66b2fdcfa69c",
  "helm 3.22.0 helm-v3.22.0-darwin-arm64.tar.gz": "4c9982a6cdeb458b60258df66b55398ca5b19293f6877faffe2909ad6f23dfe0",
  "kind 0.33.0 kind-linux-amd64": "aee6151561422756b764a4ae28e7f44cda5af5a9eead3cc9985112b1de8d8e0d",
  "kind 0.33.0 kind-linux-arm64": "20022bee6cfcd5086cb7234d218e3454e6090022f2a8f55d1fa7fcf42c3867a2",
  "kind 0.33.0 kind-darwin-amd64": "5a99f26f57246dc9319dd294803313197a0f34d33c525b3ea8b655db5916ece0",
  "kind 0.33.0 kind-darwin-arm64": "0c8c7dbe5e23594a198b786c4bc13dacc101fa6196b0cb0b23a1ca44e61f4b4f",
  "kwok 0.8.0 kwok-linux-amd64": "f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46",
  "kwok 0.8.0 kwok-linux-arm64": "628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37",
  "kwok 0.8.0 kwok-darwin-arm64": "69a064ec98d37844d9d742b5b28ff57825659a983ccc3e208daa6948b94d64ba",
  "kwok 0.8.0 kwokctl-linux-amd64": "d5743166c657283d6e827c7c4c20cacfd9009fd94830f06718ca7b2c7099461f",
  "kwok 0.8.0 kwokctl-linux-arm64": "5a642b27d3e975f36040d215640cd90fb4a63cb6fca0ad5865a61bcd9c81051b",
  "kwok 0.8.0 kwokctl-darwin-arm64": "9323a59adb9c27854bd2a76652ad00258bcbb68acc40aba0dc21e362b67b7d6a",
};

/** Image: the prober as an image, built on the spot and loaded into kind's nodes; on other clusters the user names one. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runOrFail } from "../../components/cluster/processes.ts";
import { UserError } from "../../policies/problems.ts";
import { binaryArchive } from "../kind-images/archive.ts";
import { obtainTools } from "../tools/obtain.ts";
import { workplace } from "../tools/tool-paths.ts";
import type { ClusterNode } from "./cluster.ts";
import type { Image } from "./manifests.ts";
import type { KindCluster } from "./outside.ts";

const repository = "cilium-platform/prober";
const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Equal content has one tag, so what a node has is not loaded again. */
export async function loadImage(
  cluster: KindCluster,
  nodes: readonly ClusterNode[],
  engine: "load" | "leave",
): Promise<Image> {
  const architectures = [...new Set(nodes.map(({ architecture }) => architecture))];
  const [architecture = "amd64", another] = architectures;
  if (another !== undefined) {
    throw new UserError(
      `the nodes have several architectures: ${architectures.join(", ")}\n  fix: push an image for all of them and say --image`,
    );
  }
  const at = workplace();
  const platform = { os: "linux", arch: architecture === "arm64" ? "arm64" : "amd64" } as const;
  const [prober, kind] = await Promise.all([
    obtainTools(["prober"], { log, at: { ...at, platform } }),
    obtainTools(["kind"], { log }),
  ]);
  const content = await readFile(prober.path.prober ?? "");
  const name = `${repository}:${createHash("sha256").update(content).digest("hex").slice(0, 12)}`;
  const folder = await mkdtemp(join(tmpdir(), "prober-image-"));
  try {
    const file = join(folder, "prober.tar");
    await writeFile(file, binaryArchive({ name, path: "/prober", content, architecture: platform.arch }));
    await Promise.all([
      runOrFail(kind.path.kind ?? "kind", ["load", "image-archive", file, "--name", cluster.name], {
        timeoutSeconds: 120,
      }),
      ...(engine === "leave" ? [] : [runOrFail(cluster.engine, ["load", "--input", file], { timeoutSeconds: 120 })]),
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { name, pull: "Never" };
}

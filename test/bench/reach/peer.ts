/**
 * The peer: np-guard's netpol-analyzer, built from the modules that our go.sum vouches for and kept in the project's
 * cache, by the hash of what it was built from.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { cacheFolder } from "../../../components/charts/cache.ts";
import { ProblemsError, UserError } from "../../../policies/problems.ts";
import { goEnvironment, hashOf, requiredVersion } from "../../../scripts/tools/build-input.ts";
import { findGo, runGo, type Go } from "../../../scripts/tools/go.ts";
import { publish } from "../../../scripts/tools/publish.ts";

const folder = join(import.meta.dirname, "netpol-analyzer");
const module = "github.com/np-guard/netpol-analyzer";
const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"] as const;

export interface Peer {
  readonly path: string;
  /** With its `v`. */
  readonly version: string;
  /** Absent when it was in the cache. */
  readonly buildSeconds?: number;
}

/** Why there is no peer: told in the table, for a figure without its yardstick says nothing. */
export interface NoPeer {
  readonly missing: string;
}

/** Find the peer in the cache, or build it; without Go there is none. */
export async function findPeer(log: (line: string) => void): Promise<Peer | NoPeer> {
  const files = ["go.mod", "go.sum", "tools.go"].map((name) => readFileSync(join(folder, name), "utf8"));
  const version = requiredVersion(files[0] ?? "", module) ?? "";
  const hash = hashOf([...files, ...flags, ...Object.entries(goEnvironment).flat(), process.platform, process.arch]);
  const cache = cacheFolder(process.env);
  const place = join(cache, "tools", `netpol-analyzer-${version}-${hash}`);
  const path = join(place, "bin", "netpolicy");
  if (existsSync(path)) return { path, version };
  const go = tryGo();
  if (go === undefined) return { missing: `netpol-analyzer ${version} (no Go to build it with)` };
  log(`building netpol-analyzer ${version}`);
  const begin = Date.now();
  mkdirSync(join(cache, "scratch"), { recursive: true });
  const scratch = mkdtempSync(join(cache, "scratch", "netpol-analyzer-"));
  try {
    const finished = join(scratch, "finished");
    mkdirSync(join(finished, "bin"), { recursive: true });
    const output = join(finished, "bin", "netpolicy");
    const run = await runGo(go, ["build", ...flags, "-o", output, `${module}/cmd/netpolicy`], { cwd: folder });
    if (!run.ok) throw new UserError(`netpol-analyzer ${version} was not built:\n${run.output.join("\n")}`);
    publish(finished, place);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { path, version, buildSeconds: (Date.now() - begin) / 1000 };
}

function tryGo(): Go | undefined {
  try {
    return findGo(["netpol-analyzer"]);
  } catch (error) {
    if (error instanceof ProblemsError) return undefined;
    throw error;
  }
}

/**
 * Obtaining tools: built once, whole or not at all, whoever else is at it and whatever ends us.
 *
 * The Go command here is a fake on PATH that writes what it is told to; nothing is compiled.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ProblemsError } from "../policies/problems.ts";
import { builtName, readBuildInput } from "../scripts/tools/build-input.ts";
import { findGo } from "../scripts/tools/go.ts";
import { withLock } from "../scripts/tools/lock.mjs";
import { obtainTools } from "../scripts/tools/obtain.ts";
import { officialSites } from "../scripts/tools/official-files.ts";
import { assembleHome, homeBin, homeFolder, type HomeParts } from "../scripts/tools/pulumi-home.ts";
import { recipesFor, type ToolName } from "../scripts/tools/recipes.ts";
import {
  candidates,
  toolPaths,
  workplace,
  type Mode,
  type ToolPaths,
  type Workplace,
} from "../scripts/tools/tool-paths.ts";
import { startSite, type Site } from "./support/site.ts";

const root = join(import.meta.dirname, "..");
let folder: string;
let at: Workplace;
let path: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tools-obtain-"));
  at = workplace({ CILIUM_PLATFORM_CACHE: join(folder, "cache") });
  path = process.env["PATH"];
});

afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true, force: true });
});

/** A process id that nobody has any more. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

/** Put a Go command on PATH that runs this shell code for `go build`; `$out` is where the binary belongs. */
function fakeGo(build: string, version = "1.26.8"): void {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, "go"),
    `#!/bin/sh
case "$1" in
  version) echo "go version go${version} linux/amd64" ;;
  env) echo ${folder}/mod; echo ${folder}/build ;;
  build)
    echo build >> ${folder}/builds
    for arg; do if [ "$previous" = -o ]; then out=$arg; fi; previous=$arg; done
    if [ -d "$out" ]; then out=$out/several; fi
    ${build} ;;
esac
`,
  );
  chmodSync(join(bin, "go"), 0o755);
  process.env["PATH"] = `${bin}${delimiter}${path ?? ""}`;
}

function builds(): number {
  const file = join(folder, "builds");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}

function etcdFolder(): string {
  const [recipe] = recipesFor(["etcd"]);
  assert.ok(recipe);
  return join(at.tools, builtName(readBuildInput(recipe, at.root, at.packages, at.platform)));
}

/** Everything below the cache that looks like a tool. */
function published(): string[] {
  return existsSync(at.tools) ? readdirSync(at.tools) : [];
}

describe("obtaining a tool", () => {
  it("builds it once, and the second time only looks", async () => {
    fakeGo("echo binary > $out");
    const lines: string[] = [];
    const options = { mode: "build", at, log: (line: string) => lines.push(line) } as const;
    const { path: paths, missing } = await obtainTools(["etcd"], options);
    assert.deepEqual(missing, []);
    assert.equal(readFileSync(paths.etcd ?? "", "utf8"), "binary\n");
    assert.deepEqual(
      lines.map((line) => line.replace(/\d+ s, in .*|\d+ s$/, "…")),
      [
        "tools: building etcd 3.6.16 from source; about 20 s the first time, much less when Go has cached them",
        "etcd 3.6.16: started",
        "etcd 3.6.16: done in …",
        "tools: complete in …",
      ].map((line) => line.replace("about 20 s", lines[0]?.match(/about \d+ s/)?.[0] ?? "")),
    );

    lines.length = 0;
    assert.deepEqual(await obtainTools(["etcd"], options), { path: paths, missing: [] });
    assert.deepEqual(lines, []);
    assert.equal(builds(), 1);
  });

  it("leaves nothing when the build fails, and says why", async () => {
    fakeGo('echo half > $out; echo "reading https://proxy.example/a.zip: 403 Forbidden" >&2; exit 1');
    await assert.rejects(
      obtainTools(["etcd"], { mode: "build", at, log: () => undefined }),
      new ProblemsError([
        {
          code: "tools/module-refused",
          where: "tools/etcd/go.mod",
          what: "a module is refused: reading https://proxy.example/a.zip: 403 Forbidden",
          expected: "a Go module proxy (`go env GOPROXY`) that serves every module of go.sum",
          fix: "use a proxy that serves it, or run where the official downloads answer (--tools=official)",
        },
      ]),
    );
    assert.deepEqual(published(), []);
    assert.deepEqual(readdirSync(at.scratch), []);
  });

  it("reports every tool that could not be had, and keeps those that could", async () => {
    fakeGo("case $out in *etcd) echo binary > $out ;; *) exit 1 ;; esac");
    await assert.rejects(
      obtainTools(["etcd", "kind", "helm"], { mode: "build", at, log: () => undefined }),
      (error) => {
        assert.ok(error instanceof ProblemsError);
        assert.deepEqual(error.problems.map(({ where }) => where).sort(), ["tools/helm/go.mod", "tools/kind/go.mod"]);
        return true;
      },
    );
    assert.deepEqual(toolPaths(["etcd", "kind", "helm"], "auto", at).missing, ["helm", "kind"]);
  });

  it("refuses a Go that is too old before anything is built", () => {
    fakeGo("exit 1", "1.22.1");
    assert.throws(() => findGo(["etcd"], ["go", join(folder, "no-such-go")]), {
      message: /Go is too old to build etcd, got `1\.22\.1`/,
    });
    assert.equal(builds(), 0);
  });

  for (const [signal, status] of [
    ["SIGKILL", null],
    ["SIGTERM", 143],
  ] as const) {
    it(`ended by ${signal} leaves nothing half-done, and the next run takes over`, async () => {
      fakeGo("echo half > $out; exec sleep 30");
      const script = `
        const { obtainTools } = await import("${root}/scripts/tools/obtain.ts");
        await obtainTools(["etcd"], { mode: "build", log: console.log });
      `;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
        env: { ...process.env, CILIUM_PLATFORM_CACHE: at.cache },
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      while (builds() === 0) await sleep(20);
      if (signal === "SIGKILL") process.kill(-(child.pid ?? 0), signal);
      else child.kill(signal);
      const [code] = (await once(child, "exit")) as [number | null];
      assert.equal(code, status);
      assert.deepEqual(published(), []);

      fakeGo("echo binary > $out");
      const { path: paths } = await obtainTools(["etcd"], { mode: "build", at, log: () => undefined });
      assert.equal(readFileSync(paths.etcd ?? "", "utf8"), "binary\n");
      if (signal === "SIGTERM") assert.deepEqual(readdirSync(at.scratch), []);
    });
  }

  it("waits for another process that is at it, and does not do it again", async () => {
    fakeGo("sleep 0.3; echo binary > $out");
    const lines: string[] = [];
    const options = { mode: "build", at, log: (line: string) => lines.push(line) } as const;
    await Promise.all([obtainTools(["etcd"], options), obtainTools(["etcd"], options)]);
    assert.equal(builds(), 1);
    assert.ok(existsSync(etcdFolder()));
    const waiting = `waiting for process ${String(process.pid)}, which is obtaining it`;
    assert.equal(lines.filter((line) => line.endsWith(waiting)).length, 1);
  });
});

describe("obtaining a tool where its site answers", () => {
  const content = "the official kind";
  const sha256 = createHash("sha256").update(content).digest("hex");
  const file = "/kubernetes-sigs/kind/releases/download/v0.33.0/kind-linux-amd64";
  let site: Site;
  let lines: string[];

  beforeEach(async () => {
    site = await startSite({ [file]: content });
    lines = [];
    fakeGo("echo built > $out");
    at = { ...at, platform: { os: "linux", arch: "amd64" } };
  });
  afterEach(() => site.close());

  function obtain(mode: Mode, names: readonly ToolName[] = ["kind"]): Promise<ToolPaths> {
    const sites = { ...officialSites, github: site.url, githubApi: site.url, kubernetes: site.url };
    return obtainTools(names, { mode, at, sites, log: (line) => lines.push(line) });
  }

  it("refuses content that is not what was pinned, and does not get round it by building", async () => {
    for (const mode of ["auto", "official"] as const) {
      await assert.rejects(obtain(mode), (error) => {
        assert.ok(error instanceof ProblemsError);
        assert.deepEqual(
          error.problems.map(({ code, what }) => [code, what]),
          [
            [
              "tools/download-checksum",
              `${site.url}${file}: checksum mismatch, got \`${sha256}\`, expected ` +
                "`aee6151561422756b764a4ae28e7f44cda5af5a9eead3cc9985112b1de8d8e0d`",
            ],
          ],
        );
        return true;
      });
    }
    assert.equal(builds(), 0);
    assert.deepEqual(published(), []);
  });

  it("builds what the site answers for but does not have, and says why", async () => {
    site.pages[file] = (_request, response) => response.writeHead(404).end();
    const { path: paths } = await obtain("auto");
    assert.equal(readFileSync(paths.kind ?? "", "utf8"), "built\n");
    assert.equal(
      lines.find((line) => line.startsWith("kind 0.33.0: not")),
      `kind 0.33.0: not downloaded (${site.url}${file}: 404 Not Found), building it`,
    );
  });

  it("insists on the download when told so", async () => {
    site.pages[file] = (_request, response) => response.writeHead(404).end();
    await assert.rejects(obtain("official"), { message: /kind-linux-amd64: 404 Not Found/ });
    assert.equal(builds(), 0);
  });

  it("builds the control plane too when the kwokctl that was to bring it had to be built", async () => {
    const { missing } = await obtain("auto", ["kwok", "kwokctl", "etcd"]);
    assert.deepEqual(missing, []);
    assert.deepEqual(
      published().map((name) => name.split("-")[0]),
      ["etcd", "kwok"],
    );
  });
});

describe("the folders that count", () => {
  const rows: readonly [Mode, string | undefined, string[]][] = [
    ["auto", "official", ["official", "built"]],
    ["official", "official", ["official"]],
    ["build", "official", ["built"]],
    ["official", undefined, ["built"]],
  ];
  for (const [mode, official, names] of rows) {
    it(`are ${names.join(", then ")} in mode ${mode} for a tool ${official === undefined ? "without" : "with"} a download`, () => {
      assert.deepEqual(candidates(mode, "built", official), names);
    });
  }
});

describe("a lock", () => {
  it("of a dead process is broken", async () => {
    const lock = join(folder, "a.lock");
    writeFileSync(lock, JSON.stringify({ pid: deadPid(), host: hostname() }));
    assert.equal(await withLock(lock, () => "done"), "done");
    assert.equal(existsSync(lock), false);
  });

  it("that was never filled in is broken after a while", async () => {
    const lock = join(folder, "a.lock");
    writeFileSync(lock, "");
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(lock, longAgo, longAgo);
    assert.equal(await withLock(lock, () => "done"), "done");
  });

  it("is held by one at a time, also when a dead one is in the way", async () => {
    const lock = join(folder, "a.lock");
    writeFileSync(lock, JSON.stringify({ pid: deadPid(), host: hostname() }));
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(5);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(lock, work, { pollMs: 1 })));
    assert.equal(most, 1);
  });

  it("is given back when the work fails", async () => {
    const lock = join(folder, "a.lock");
    await assert.rejects(
      withLock(lock, () => Promise.reject(new Error("no"))),
      new Error("no"),
    );
    assert.equal(existsSync(lock), false);
  });
});

describe("the Pulumi home", () => {
  let parts: HomeParts;
  beforeEach(() => {
    parts = {
      pulumiVersion: "3.259.0",
      providerVersion: "4.25.0",
      pulumiName: "pulumi-a",
      providerName: "pulumi-kubernetes-a",
      tools: at.tools,
      root,
    };
    for (const [name, binary] of [
      ["pulumi-a", "pulumi"],
      ["pulumi-kubernetes-a", "pulumi-resource-kubernetes"],
    ] as const) {
      mkdirSync(join(at.tools, name, "bin"), { recursive: true });
      writeFileSync(join(at.tools, name, "bin", binary), binary, { mode: 0o755 });
    }
  });

  it("of a CLI that was built has our language host beside it, and the provider as a plugin", () => {
    const home = homeFolder(at.homes, parts);
    assembleHome(home, parts, at.scratch);
    assert.deepEqual(readdirSync(homeBin(home, "3.259.0")), [
      "language-host.mjs",
      "pulumi",
      "pulumi-language-nodejs",
      "run-request.mjs",
    ]);
    assert.deepEqual(readdirSync(join(home, "plugins"), { recursive: true }).sort(), [
      "resource-kubernetes-v4.25.0",
      "resource-kubernetes-v4.25.0.lock",
      join("resource-kubernetes-v4.25.0", "pulumi-resource-kubernetes"),
    ]);
  });

  it("of an official CLI keeps the official language host", () => {
    writeFileSync(join(at.tools, "pulumi-a", "bin", "pulumi-language-nodejs"), "official");
    const home = homeFolder(at.homes, parts);
    assembleHome(home, parts, at.scratch);
    const bin = homeBin(home, "3.259.0");
    assert.deepEqual(readdirSync(bin), ["pulumi", "pulumi-language-nodejs"]);
    assert.equal(readFileSync(join(bin, "pulumi-language-nodejs"), "utf8"), "official");
  });

  it("is another one for another CLI or another provider", () => {
    const homes = [parts, { ...parts, pulumiName: "pulumi-b" }, { ...parts, providerName: "pulumi-kubernetes-b" }];
    assert.equal(new Set(homes.map((of) => homeFolder(at.homes, of))).size, 3);
  });
});

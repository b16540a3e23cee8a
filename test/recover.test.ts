/** What a killed run leaves behind, and that only what is certain to be dead is cleared. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { UserError } from "../policies/problems.ts";
import type { Engine } from "../scripts/pulumi/engine.ts";
import {
  breakDeadLocks,
  type Deployment,
  endOrphansOf,
  judgeLock,
  leftReleases,
  recover,
  removeTornSidecar,
  removeUnfinished,
  type Runner,
  runMark,
  servesAnEngine,
  withoutPending,
} from "../scripts/pulumi/recover.ts";
import { startFakeApiServer } from "./support/api-server.ts";

const forever = "console.log('ready'); setInterval(() => undefined, 1000)";
/** Only Linux shows a process's environment and buries nobody of its own accord. */
const itOnLinux = process.platform === "linux" ? it : it.skip;

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recover-"));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** A child that says something and goes on. */
async function child(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<[ChildProcess, string]> {
  const started = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
  children.push(started);
  const [said] = (await once(started.stdout, "data")) as [Buffer];
  return [started, said.toString().trim()];
}

function pidOf({ pid }: ChildProcess): number {
  assert.ok(pid !== undefined);
  return pid;
}

async function deadPid(): Promise<number> {
  const short = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(short, "exit");
  return pidOf(short);
}

describe("a lock", () => {
  const lock = { pid: 4711, hostname: "desk", username: "ada" };
  const seen = (args: string): Runner => ({ kind: "seen", args });
  for (const [what, host, runner, verdict] of [
    ["nobody has its process number", "desk", { kind: "nothing" }, "dead"],
    ["an engine has it", "desk", seen("/cache/pulumi-home/bin/pulumi up --stack kwok"), "alive"],
    ["somebody else got it after a restart", "desk", seen("/usr/sbin/cron -f"), "dead"],
    ["another user's process has it", "desk", { kind: "hidden" }, "alive"],
    ["it was taken on another host", "laptop", { kind: "nothing" }, "elsewhere"],
    ["it was taken on another host, whoever has the number here", "laptop", seen("pulumi up"), "elsewhere"],
  ] as const) {
    it(`counts as ${verdict} when ${what}`, () => {
      assert.equal(judgeLock(lock, host, runner), verdict);
    });
  }
});

describe("the locks of a stack", () => {
  const url = (): string => pathToFileURL(join(folder, "state")).href;
  const locks = (stack = "kwok"): string => join(folder, "state/.pulumi/locks/organization/platform", stack);
  const breakLocks = (): Promise<number> => breakDeadLocks(url(), "platform", "kwok");

  function lockOf(pid: number, more: object = {}, stack = "kwok"): string {
    mkdirSync(locks(stack), { recursive: true });
    const file = join(locks(stack), `${String(pid)}.json`);
    const timestamp = "2026-01-01T00:00:00.000000000Z";
    writeFileSync(file, JSON.stringify({ pid, username: "ada", hostname: hostname(), timestamp, ...more }));
    writeFileSync(`${file}.attrs`, "{}");
    return file;
  }

  it("are none where nobody ever locked", async () => {
    assert.equal(await breakLocks(), 0);
  });

  it("are broken where their process is dead", async () => {
    lockOf(await deadPid());
    lockOf(await deadPid());
    assert.equal(await breakLocks(), 2);
    assert.deepEqual(readdirSync(locks()), []);
  });

  it("are left alone where they are another stack's", async () => {
    lockOf(await deadPid(), {}, "kwok-2");
    assert.equal(await breakLocks(), 0);
    assert.equal(readdirSync(locks("kwok-2")).length, 2);
  });

  it("do not matter where they are gone at the second look", async () => {
    lockOf(await deadPid());
    symlinkSync(join(folder, "gone"), join(locks(), "0.json"));
    assert.equal(await breakLocks(), 1);
  });

  itOnLinux("are broken where their process is dead and nobody has buried it", async () => {
    writeFileSync(join(folder, "pulumi"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    // The engine's parent has become something that does not ask after its children.
    const [, engine] = await child("sh", ["-c", `${folder}/pulumi & echo $!; exec sleep 30`]);
    const status = `/proc/${engine}/stat`;
    while (!readFileSync(status, "utf8").includes(") Z ")) await new Promise(setImmediate);
    lockOf(Number(engine));
    assert.equal(await breakLocks(), 1);
  });

  it("stand where an engine has them, and say who", async () => {
    const [engine] = await child(process.execPath, ["-e", forever, "a-fake-pulumi"]);
    const file = lockOf(pidOf(engine));
    await assert.rejects(
      breakLocks(),
      new UserError(
        `stack kwok is being updated by process ${String(engine.pid)} of ada on ${hostname()}\n` +
          "  fix: wait for it to end",
      ),
    );
    assert.ok(existsSync(file));
  });

  it("stand where they were taken on another host, and say what to do", async () => {
    const file = lockOf(await deadPid(), { pid: 4711, hostname: "laptop-of-ada" });
    await assert.rejects(
      breakLocks(),
      new UserError(
        "stack kwok is locked by process 4711 of ada on laptop-of-ada, which cannot be seen from here\n" +
          `  fix: if no update runs, remove ${file}`,
      ),
    );
    assert.ok(existsSync(file));
  });

  it("are broken where a dead process did not finish one", async () => {
    const whole = lockOf(await deadPid());
    renameSync(whole, `${whole}.18ea2e31494c30c7.tmp`);
    writeFileSync(join(locks(), "another.json.18ea2e3149afc5cb.tmp"), "");
    assert.equal(await breakLocks(), 2);
    assert.deepEqual(
      readdirSync(locks()).filter((name) => !name.endsWith(".attrs")),
      [],
    );
  });

  it("are left to somebody alive who is just writing one", async () => {
    mkdirSync(locks(), { recursive: true });
    const file = join(locks(), "new.json");
    writeFileSync(`${file}.18ea2e31494c30c7.tmp`, "");
    const breaking = breakLocks();
    await sleep(300);
    renameSync(`${file}.18ea2e31494c30c7.tmp`, file);
    assert.equal(await breaking, 0);
    assert.deepEqual(readdirSync(locks()), ["new.json"]);
  });

  for (const text of ["", "{", "null", '{"hostname":"laptop"}']) {
    it(`stand where one is torn: ${JSON.stringify(text)}`, async () => {
      const file = lockOf(1);
      writeFileSync(file, text);
      await assert.rejects(
        breakLocks(),
        new UserError(`stack kwok is locked by nobody one could name\n  fix: if no update runs, remove ${file}`),
      );
    });
  }
});

describe("the files of a state", () => {
  const state = (): string => join(folder, "kwok.json");

  for (const torn of ["", '{"user.cache_control":"",']) {
    it(`lose a description that is torn: ${JSON.stringify(torn)}`, async () => {
      writeFileSync(state(), "{}");
      writeFileSync(`${state()}.attrs`, torn);
      assert.equal(await removeTornSidecar(state()), true);
      assert.deepEqual(readdirSync(folder), ["kwok.json"]);
    });
  }

  it("keep a description that is whole", async () => {
    writeFileSync(`${state()}.attrs`, '{"md5":"nPymqcbN0ms6Gb4QkXHmig=="}\n');
    assert.equal(await removeTornSidecar(state()), false);
    assert.deepEqual(readdirSync(folder), ["kwok.json.attrs"]);
  });

  it("need no description", async () => {
    assert.equal(await removeTornSidecar(state()), false);
  });

  it("lose what was not finished, and nothing of another stack", async () => {
    const kept = ["kwok-2.json.18ea2e31494c30c7.tmp", "kwok.json", "kwok.json.bak"];
    for (const name of [...kept, "kwok.json.18ea2e31494c30c7.tmp", "kwok.json.bak.18ea2e3149afc5cb.tmp"]) {
      writeFileSync(join(folder, name), "");
    }
    await removeUnfinished(state());
    assert.deepEqual(readdirSync(folder).sort(), kept);
  });

  it("may lie in a folder that is not there yet", async () => {
    await removeUnfinished(join(folder, "stacks/kwok.json"));
  });
});

describe("what serves an engine", () => {
  const stack = "/home/ada/kwokctl-demo/.platform/kwok";
  const rows: readonly [string, boolean][] = [
    ["/cache/plugins/resource-kubernetes-v4.25.0/pulumi-resource-kubernetes 127.0.0.1:40711", true],
    ["/cache/bin/pulumi-language-nodejs 127.0.0.1:40711", true],
    ["node /home/ada/kwokctl-demo/node_modules/@pulumi/pulumi/cmd/run --stack kwok .", true],
    ["node components/provider/server.ts 127.0.0.1:40711", true],
    [`/cache/tools/kwok/bin/kwokctl create cluster --config ${stack}/kwokctl.yaml`, true],
    ["/cache/tools/kind/bin/kind create cluster --name platform-kind", true],
    // Its folder is called as it likes.
    [`${stack}/kwok/clusters/platform-kwok/bin/etcd --data-dir=${stack}/kwok/clusters/platform-kwok/etcd`, false],
    [`/cache/tools/cilium/bin/cilium-operator-generic --config-dir=${stack}/kwok/clusters/platform-kwok/config`, false],
    ["vim index.ts", false],
    ["kind get clusters", false],
  ];
  for (const [args, serves] of rows) {
    it(`is ${serves ? "" : "not "}${args}`, () => {
      assert.equal(servesAnEngine(args, stack), serves);
    });
  }
});

describe("what a dead engine left running", () => {
  itOnLinux("is ended where it carries the engine's mark, and nothing else is", async () => {
    const provider = join(folder, "cmd/run");
    mkdirSync(provider, { recursive: true });
    writeFileSync(join(provider, "index.cjs"), forever);
    const start = async (file: string, env: NodeJS.ProcessEnv) => (await child(process.execPath, [file], env))[0];
    writeFileSync(join(folder, "other.cjs"), forever);

    const mark = join(folder, ".platform/kwok");
    const orphan = await start(join(provider, "index.cjs"), { [runMark]: mark });
    const ofAnotherStack = await start(join(provider, "index.cjs"), { [runMark]: `${mark}-2` });
    const ofNobody = await start(join(provider, "index.cjs"), {});
    const otherProgram = await start(join(folder, "other.cjs"), { [runMark]: mark });

    const gone = once(orphan, "exit");
    assert.equal(await endOrphansOf(engineOf({ [runMark]: mark })), 1);
    assert.deepEqual(await gone, [null, "SIGKILL"]);
    assert.deepEqual(
      [ofAnotherStack, ofNobody, otherProgram].map(({ exitCode, signalCode }) => [exitCode, signalCode]),
      [
        [null, null],
        [null, null],
        [null, null],
      ],
    );
  });
});

const release = (type: string, inputs: object | undefined = { name: "kyverno", namespace: "kyverno" }) => ({
  type,
  resource: { urn: "urn:pulumi:kwok::platform::x::y", type: "kubernetes:helm.sh/v3:Release", inputs },
});
const deploymentOf = (...pending: object[]) =>
  ({
    version: 3,
    deployment: { manifest: { version: "v3" }, resources: [{ urn: "u" }], pending_operations: pending },
  }) as unknown as Deployment;

describe("releases left behind", () => {
  const rows: readonly [string, Deployment, ReturnType<typeof leftReleases>][] = [
    ["none when nothing is pending", deploymentOf(), []],
    ["none in a state that has nothing", { version: 3 }, []],
    ["none when nothing was ever pending", { version: 3, deployment: { pending_operations: null } }, []],
    [
      "all of one that was being made",
      deploymentOf(release("creating")),
      [{ name: "kyverno", namespace: "kyverno", forget: "all" }],
    ],
    [
      "the last revision of one that was being changed",
      deploymentOf(release("updating")),
      [{ name: "kyverno", namespace: "kyverno", forget: "unfinished" }],
    ],
    ["none of one that was being deleted", deploymentOf(release("deleting"), release("reading")), []],
    ["none whose name is not known", deploymentOf(release("creating", { namespace: "kyverno" })), []],
    [
      "none that is another kind of thing",
      deploymentOf({ type: "creating", resource: { urn: "u", type: "kubernetes:core/v1:Namespace", inputs: {} } }),
      [],
    ],
    [
      "each of several",
      deploymentOf(release("creating"), release("updating", { name: "argocd", namespace: "argo" })),
      [
        { name: "kyverno", namespace: "kyverno", forget: "all" },
        { name: "argocd", namespace: "argo", forget: "unfinished" },
      ],
    ],
  ];
  for (const [what, deployment, left] of rows) {
    it(`are ${what}`, () => {
      assert.deepEqual(leftReleases(deployment), left);
    });
  }
});

describe("a deployment without what is pending", () => {
  it("is the same in everything else", () => {
    assert.deepEqual(withoutPending(deploymentOf(release("creating"))), deploymentOf());
    assert.deepEqual(withoutPending({ version: 3 }), { version: 3 });
  });
});

function engineOf(env: NodeJS.ProcessEnv): Engine {
  return { cli: join(folder, "pulumi"), stack: "kwok", projectDir: folder, env: { ...process.env, ...env } };
}

describe("recovery", () => {
  /** A fake CLI that exports what it is given and keeps what is imported. */
  function fakeCli(state: Deployment): void {
    writeFileSync(join(folder, "exported.json"), JSON.stringify(state));
    const script = [
      "#!/bin/sh",
      `echo "$@" >> ${folder}/calls`,
      `if [ "$2" = export ]; then cat ${folder}/exported.json; else cat > ${folder}/imported.json; fi`,
    ];
    writeFileSync(join(folder, "pulumi"), `${script.join("\n")}\n`, { mode: 0o755 });
  }
  const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

  it("does nothing where nothing is pending", async () => {
    fakeCli(deploymentOf());
    assert.deepEqual(await recover(engineOf({}), undefined), []);
    assert.deepEqual(calls(), ["stack export --stack kwok"]);
  });

  it("takes up what is pending where there is no cluster to ask", async () => {
    fakeCli(deploymentOf(release("creating")));
    assert.deepEqual(await recover(engineOf({}), undefined), [
      "1 unfinished operation of an earlier run is taken up again",
    ]);
    assert.deepEqual(calls(), ["stack export --stack kwok", "stack import --stack kwok"]);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, "imported.json"), "utf8")), deploymentOf());
  });

  it("makes the cluster forget half-made releases, and only the unfinished part of a changed one", async () => {
    fakeCli(deploymentOf(release("creating"), release("updating", { name: "argocd", namespace: "argo" })));
    const secrets = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`;
    const record = (name: string, status: string) => ({ metadata: { name, labels: { status } } });
    const server = await startFakeApiServer({
      [`${secrets("kyverno")}?labelSelector=owner%3Dhelm%2Cname%3Dkyverno`]: {
        items: [record("kyverno.v1", "pending-install")],
      },
      [`${secrets("argo")}?labelSelector=owner%3Dhelm%2Cname%3Dargocd`]: {
        items: [record("argocd.v1", "deployed"), record("argocd.v2", "pending-upgrade")],
      },
      [`${secrets("kyverno")}/kyverno.v1`]: {},
      [`${secrets("argo")}/argocd.v1`]: {},
      [`${secrets("argo")}/argocd.v2`]: {},
    });
    try {
      assert.deepEqual(await recover(engineOf({}), server.kubeconfig), [
        "2 unfinished operations of an earlier run are taken up again",
        "release kyverno was left half made: its record is removed, its objects are adopted",
        "release argocd was left half made: its record is removed, its objects are adopted",
      ]);
      assert.deepEqual(
        server.requests.filter((request) => request.startsWith("DELETE")),
        ["DELETE /api/v1/namespaces/kyverno/secrets/kyverno.v1", "DELETE /api/v1/namespaces/argo/secrets/argocd.v2"],
      );
    } finally {
      await server.close();
    }
  });

  it("goes on without the cluster where that is gone", async () => {
    fakeCli(deploymentOf(release("creating")));
    const server = await startFakeApiServer();
    await server.close();
    const [first, second = "", ...more] = await recover(engineOf({}), server.kubeconfig);
    assert.equal(first, "1 unfinished operation of an earlier run is taken up again");
    assert.match(second, /^release kyverno may be left half made: the API server does not answer: .*ECONNREFUSED/);
    assert.deepEqual(more, []);
    assert.deepEqual(calls().at(-1), "stack import --stack kwok");
  });

  it("is told about when Pulumi itself fails", async () => {
    writeFileSync(join(folder, "pulumi"), "#!/bin/sh\necho 'error: no stack' >&2\nexit 1\n", { mode: 0o755 });
    await assert.rejects(
      recover(engineOf({}), undefined),
      new UserError("pulumi stack export --stack kwok failed:\nerror: no stack"),
    );
  });
});

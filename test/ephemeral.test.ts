/** Ephemeral clusters: what is refused at the door, whose a cluster is, what its stack says, and what is left of it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { freePorts } from "../components/cluster/free-ports.ts";
import { nodePortRange } from "../components/settings/formats.ts";
import { stateFolder } from "../components/cluster/state-folder.ts";
import { ProblemsError, UserError } from "../policies/problems.ts";
import { canRun, readEphemeral, secondsOf } from "../scripts/ephemeral/arguments.ts";
import { eventsText, shown } from "../scripts/ephemeral/artifacts.ts";
import { engineVariables } from "../scripts/ephemeral/container-engine.ts";
import { stays } from "../scripts/ephemeral/kernel.ts";
import { isAlive, stampOf } from "../scripts/ephemeral/process-stamp.ts";
import { makeProject } from "../scripts/ephemeral/project.ts";
import {
  createRecord,
  type EphemeralRecord,
  type Here,
  judge,
  newName,
  readRecord,
  readRecords,
} from "../scripts/ephemeral/record.ts";
import { removeCluster } from "../scripts/ephemeral/removal.ts";
import { choicesFor, ephemeralStack, freeRanges, routesIn } from "../scripts/ephemeral/stack.ts";

const stackFiles = [
  { stack: "aks", file: "Pulumi.aks.yaml", values: { target: "aks" } },
  { stack: "kind", file: "Pulumi.kind.yaml", values: { target: "kind" } },
  { stack: "kwok", file: "Pulumi.kwok.yaml", values: { target: "kwok" } },
];
const at = { stackFiles, canRun: (command: string) => command !== "kubctl" };

describe("the words of an ephemeral run", () => {
  it("are a command, and a stack and a time where others than the defaults are meant", () => {
    assert.deepEqual(readEphemeral(["--", "kubectl", "get", "--", "-A"], at), {
      kind: "run",
      stack: "kwok",
      ttl: "2h",
      ttlSeconds: 7200,
      keep: "no",
      tools: "auto",
      command: ["kubectl", "get", "--", "-A"],
    });
    assert.deepEqual(readEphemeral(["--stack", "kind", "--ttl=90s", "--keep", "--tools=build", "--", "true"], at), {
      kind: "run",
      stack: "kind",
      ttl: "90s",
      ttlSeconds: 90,
      keep: "yes",
      tools: "build",
      command: ["true"],
    });
    assert.deepEqual(readEphemeral(["--destroy", "ephemeral-1"], at), { kind: "destroy", name: "ephemeral-1" });
    assert.deepEqual(readEphemeral(["--sweep"], at), { kind: "sweep" });
  });

  it("are explained when somebody asks", () => {
    assert.throws(
      () => readEphemeral(["--help"], at),
      new UserError(
        "usage: npm run ephemeral -- [--stack kwok] [--ttl 2h] [--keep] [--tools=auto|official|build] -- <command>, or --destroy <name>, or --sweep",
      ),
    );
  });

  const usage =
    "[--stack kwok] [--ttl 2h] [--keep] [--tools=auto|official|build] -- <command>, or --destroy <name>, or --sweep";
  for (const [args, ...said] of [
    [
      [],
      `ephemeral --: no command stands behind it\n  expected ${usage}\n  fix: npm run ephemeral -- -- kubectl get nodes  [ephemeral/command]`,
    ],
    [
      ["kubectl", "get"],
      "ephemeral kubectl: stands before `--`\n  expected options alone\n  fix: write it behind: -- kubectl get  [ephemeral/command]",
    ],
    [
      ["--", "kubctl", "get"],
      "ephemeral kubctl: is not found\n  expected the path or the name of a program\n  fix: a line for a shell goes through one: bash -c '…'  [ephemeral/command]",
    ],
    [
      ["--stack", "kindd", "--", "true"],
      "ephemeral --stack: there is no Pulumi.kindd.yaml\n  expected a stack on kwok or kind: kind, kwok\n  fix: did you mean `kind`?  [ephemeral/stack]",
    ],
    [
      ["--stack=aks", "--", "true"],
      "ephemeral --stack: `aks` stands on aks\n  expected a stack on kwok or kind: kind, kwok  [ephemeral/stack]",
    ],
    [
      ["--tll", "1h", "--", "true"],
      `ephemeral --tll: is no option\n  expected ${usage}\n  fix: did you mean \`--ttl\`?  [ephemeral/option]`,
      "ephemeral 1h: stands before `--`\n  expected options alone\n  fix: write it behind: -- 1h  [ephemeral/command]",
    ],
    [["--ttl", "--", "true"], `ephemeral --ttl: has no value\n  expected ${usage}  [ephemeral/option]`],
    [
      ["--ttl", "1h", "--ttl", "2h", "--", "true"],
      "ephemeral --ttl: is said twice\n  expected it once  [ephemeral/option]",
    ],
    [
      ["--ttl", "169h", "--stack", "aks", "--tools", "all"],
      `ephemeral --: no command stands behind it\n  expected ${usage}\n  fix: npm run ephemeral -- -- kubectl get nodes  [ephemeral/command]`,
      "ephemeral --stack: `aks` stands on aks\n  expected a stack on kwok or kind: kind, kwok  [ephemeral/stack]",
      "ephemeral --tools: got `all`\n  expected --tools=auto, --tools=official or --tools=build  [ephemeral/tools]",
      "ephemeral --ttl: got `169h`\n  expected a time from 1s to 168h, in one unit: `90s`, `30m` or `2h`  [ephemeral/ttl]",
    ],
    [
      ["--sweep", "--keep"],
      `ephemeral --keep: makes no sense beside --destroy or --sweep\n  expected ${usage}  [ephemeral/alone]`,
    ],
  ] as const) {
    it(`are refused: ${args.join(" ")}`, () => {
      const heading = said.length === 1 ? "1 problem" : `${String(said.length)} problems`;
      assert.throws(
        () => readEphemeral(args, at),
        (error: unknown) => {
          assert.ok(error instanceof ProblemsError);
          assert.equal(error.message, `${heading}\n\n${said.join("\n\n")}`);
          return true;
        },
      );
    });
  }

  for (const [ttl, seconds] of [
    ["1s", 1],
    ["30m", 1800],
    ["168h", 604_800],
    ["169h", undefined],
    ["0s", undefined],
    ["1d", undefined],
    ["1h30m", undefined],
    ["90", undefined],
    ["", undefined],
  ] as const) {
    it(`${ttl === "" ? "nothing" : ttl} is ${seconds === undefined ? "no time to live" : `${String(seconds)} seconds`}`, () => {
      assert.equal(secondsOf(ttl), seconds);
    });
  }

  it("name a program by its path, or one that is on the PATH", () => {
    const path = ["/nowhere", "/bin", "/usr/bin"].join(delimiter);
    assert.deepEqual(
      ["sh", "/bin/sh", "/bin", "kubctl", import.meta.filename].map((command) => canRun(command, path)),
      [true, true, false, false, false],
    );
  });
});

describe("an ephemeral cluster that a later run finds", () => {
  const deadline = 1_000_000;
  const record = { host: "here", deadline, keep: "no" } as EphemeralRecord;
  const here: Here = { host: "here", now: deadline - 1, owner: "gone", watcher: "gone" };
  for (const [what, change, kept, expected] of [
    ["its owner lives", { owner: "alive", watcher: "alive" }, "no", "in use"],
    ["somebody killed its watcher alone", { owner: "alive" }, "no", "in use"],
    ["its owner hangs, and its watcher is gone", { owner: "alive", now: deadline + 60_001 }, "no", "left"],
    ["its watcher is at work", { watcher: "alive" }, "no", "watched"],
    ["nobody lives", {}, "no", "left"],
    ["it was asked to stay", { watcher: "alive" }, "yes", "kept"],
    ["it was asked to stay, and the machine was restarted", {}, "yes", "kept"],
    ["its time is over", { now: deadline }, "yes", "left"],
    ["it is of another machine", { host: "there" }, "no", "elsewhere"],
  ] as const) {
    it(`is ${expected} where ${what}`, () => {
      assert.equal(judge({ ...record, keep: kept }, { ...here, ...change }), expected);
    });
  }
});

describe("a process", () => {
  it("is known again by its beginning, not by its number", async () => {
    const child = spawn("sleep", ["60"]);
    const stamp = await stampOf(child.pid ?? 0);
    assert.ok(stamp !== undefined);
    assert.equal(await isAlive(stamp), true);
    assert.equal(await isAlive({ ...stamp, began: "another day" }), false);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(await isAlive(stamp), false);
    assert.equal(await isAlive(undefined), false);
  });
});

describe("the stack of an ephemeral cluster", () => {
  it("says what its stack says, but for its name, ports and ranges, and without caches of its own", () => {
    const text = [
      "# Ours.",
      "encryptionsalt: v1:abc",
      "config:",
      "  platform:target: kind",
      "  platform:clusterName: shop",
      "  platform:kind:",
      "    workers: 1 # enough",
      "    pullThroughCaches: [{ registry: registry.example.com, port: 5001 }]",
      "    portMappings: [{ nodePort: 30500, hostPort: 8080 }]",
      "",
    ].join("\n");
    assert.equal(
      ephemeralStack(text, "ephemeral-1", [
        { path: ["platform:kind", "apiServerPort"], value: 20001 },
        { path: ["platform:kind", "portMappings", 0, "hostPort"], value: 20002 },
        { path: ["platform:gateway", "httpNodePort"], value: 30001 },
      ]),
      [
        "# Ours.",
        "encryptionsalt: v1:abc",
        "config:",
        "  platform:target: kind",
        "  platform:clusterName: ephemeral-1",
        "  platform:kind:",
        "    workers: 1 # enough",
        "    portMappings: [ { nodePort: 30500, hostPort: 20002 } ]",
        "    apiServerPort: 20001",
        "  platform:gateway:",
        "    httpNodePort: 30001",
        "",
      ].join("\n"),
    );
  });

  it("has on kind ports and ranges that nobody has", async () => {
    const values = {
      target: "kind",
      kind: {
        portMappings: [{ nodePort: 30500, hostPort: 8080 }],
        pullThroughCaches: [{ registry: "a.b", port: 5001 }],
      },
    };
    const file = { stack: "kind", file: "Pulumi.kind.yaml", values };
    const taken = Array.from({ length: 255 }, (_, second) => `10.${String(second)}.0.0/16`).filter(
      (range) => range !== "10.7.0.0/16",
    );
    const choices = await choicesFor(file, "ephemeral-1", { ports: [], ranges: taken });
    const paths = choices.map(({ path }) => path.join("."));
    assert.deepEqual(paths, [
      "platform:kind.apiServerPort",
      "platform:gateway.httpNodePort",
      "platform:gateway.httpsNodePort",
      "platform:argocd.nodePort",
      "platform:kind.portMappings.0.hostPort",
      "platform:kind.podCidr",
      "platform:kind.serviceCidr",
    ]);
    const ports = choices.map(({ value }) => value).filter((value) => typeof value === "number");
    assert.equal(new Set(ports).size, 5);
    assert.ok(
      ports.slice(1, 4).every((port) => port >= 30_000 && port <= 32_767),
      ports.join(),
    );
    const ranges = choices.slice(-2).map(({ value }) => value);
    assert.deepEqual(ranges.sort(), ["10.255.0.0/16", "10.7.0.0/16"]);
  });

  it("says on kwok nothing of ports and ranges: no packet goes to its pods", async () => {
    const file = { stack: "kwok", file: "Pulumi.kwok.yaml", values: { target: "kwok" } };
    assert.deepEqual(await choicesFor(file, "ephemeral-1", { ports: [], ranges: [] }), []);
  });

  it("takes no range that meets one that is taken, of whatever size", () => {
    assert.deepEqual(freeRanges(300, ["10.0.0.0/9", "10.128.0.0/10", "10.192.5.0/24", "172.16.0.0/12"]).length, 63);
    assert.deepEqual(freeRanges(1, ["10.0.0.0/8"]), []);
  });

  it("knows the ways of this machine from Linux's table", () => {
    const table = [
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
      "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
      "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
      "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
      "",
    ].join("\n");
    assert.deepEqual(routesIn(table), ["192.168.0.0/24", "172.17.0.0/16"]);
  });

  it("takes node ports where node ports are, and none that is taken", async () => {
    const all = Array.from({ length: 10 }, (_, index) => nodePortRange.first + index);
    const range = { first: nodePortRange.first, last: nodePortRange.first + 9 };
    assert.deepEqual(await freePorts(1, { range, taken: new Set(all.slice(1)) }), [30_000]);
  });
});

describe("the artifacts of a failure", () => {
  it("hold objects as a reader wants them, and nothing of a Secret", () => {
    const metadata = { name: "a", namespace: "b", managedFields: [{}], labels: { c: "d" } };
    assert.deepEqual(shown({ kind: "Pod", metadata, spec: {} }, "Pod"), {
      kind: "Pod",
      metadata: { name: "a", namespace: "b", labels: { c: "d" } },
      spec: {},
    });
    const secret = shown({ metadata, type: "Opaque", data: { password: "eA==" }, stringData: { x: "y" } }, "Secret");
    assert.deepEqual(secret, {
      metadata: { name: "a", namespace: "b", creationTimestamp: undefined },
      type: "Opaque",
    });
  });

  it("hold events, the oldest first", () => {
    const about = { kind: "Pod", namespace: "dev", name: "web" };
    const text = eventsText([
      {
        lastTimestamp: "2026-11-20T08:00:01Z",
        type: "Normal",
        reason: "Started",
        message: "up",
        involvedObject: about,
      },
      {
        lastTimestamp: null,
        eventTime: "2026-11-20T08:00:00Z",
        type: "Warning",
        reason: "Late",
        message: "why",
        involvedObject: about,
      },
    ]);
    assert.equal(
      text,
      "2026-11-20T08:00:00Z Warning Pod/dev/web Late: why\n2026-11-20T08:00:01Z Normal Pod/dev/web Started: up\n",
    );
  });
});

describe("what the nodes of a kind cluster set in the kernel", () => {
  it("is told with the way back, or that there is none before the machine starts again", () => {
    const before = { "kernel.panic": "0", "kernel.unprivileged_bpf_disabled": "2", "vm.overcommit_memory": "1" };
    const now = { "kernel.panic": "10", "kernel.unprivileged_bpf_disabled": "1", "vm.overcommit_memory": "1" };
    assert.deepEqual(stays(before, now), [
      "kernel.panic was 0 and is 10: sudo sysctl -w kernel.panic=0",
      "kernel.unprivileged_bpf_disabled was 2 and is 1: the kernel takes that back when it starts again",
    ]);
    assert.deepEqual(stays(before, before), []);
  });
});

describe("the removal of an ephemeral cluster", () => {
  let project: string;
  const before = { PATH: process.env["PATH"], KUBECONFIG: process.env["KUBECONFIG"] };

  beforeEach(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "ephemeral-")));
    process.env["KUBECONFIG"] = join(project, "kubeconfig");
    writeFileSync(join(project, "kubeconfig"), "contexts: [{ name: other }]\n");
    writeFileSync(join(project, "Pulumi.kwok.yaml"), "config:\n  platform:target: kwok\n");
    writeFileSync(join(project, "index.ts"), "// the program\n");
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    rmSync(project, { recursive: true, force: true });
  });

  async function made(target: "kwok" | "kind"): Promise<EphemeralRecord> {
    const name = newName();
    const owner = await stampOf(process.pid);
    assert.ok(owner !== undefined);
    const record: EphemeralRecord = {
      name,
      stack: "kwok",
      target,
      folder: join(project, stateFolder, "ephemeral", name),
      artifacts: join(project, stateFolder, "artifacts", name),
      host: "here",
      owner,
      started: [],
      deadline: Date.now() + 60_000,
      keep: "no",
      engine: {},
      kernel: {},
      ports: [],
      ranges: [],
    };
    await createRecord(record);
    await makeProject(record, project, []);
    return record;
  }

  it("ends what runs for it, known by its command line or by its environment alone, and nothing else", async () => {
    const record = await made("kwok");
    const other = await made("kwok");
    assert.deepEqual(await readRecord(record.folder), record);
    assert.equal((await readRecords(project)).length, 2);
    assert.equal(readFileSync(join(record.folder, "index.ts"), "utf8"), "// the program\n");
    const env = (folder: string): NodeJS.ProcessEnv => ({ PATH: before.PATH, CILIUM_PLATFORM_EPHEMERAL: folder });
    const named = spawn("tail", ["-f", join(record.folder, "ephemeral.json")]);
    const marked = spawn("sleep", ["60"], { env: env(record.folder) });
    const theirs = spawn("sleep", ["60"], { env: env(other.folder) });
    try {
      const ended = Promise.all([once(named, "exit"), once(marked, "exit")]);
      const { left, lookedFor } = await removeCluster(record);
      assert.deepEqual(left, []);
      assert.deepEqual(lookedFor, ["processes", "state folders", "kubeconfig contexts"]);
      await ended;
      assert.equal(theirs.exitCode ?? theirs.signalCode, null);
      assert.equal(existsSync(record.folder), false);
      // What it was linked to is ours.
      assert.ok(existsSync(join(project, "index.ts")));
      assert.equal((await readRecords(project)).length, 1);
    } finally {
      for (const child of [named, marked, theirs]) child.kill("SIGKILL");
    }
  });

  it("tells of a context in the person's own kubeconfig, and keeps its record until that is gone", async () => {
    const record = await made("kwok");
    const file = join(project, "kubeconfig");
    writeFileSync(file, `contexts: [{ name: kind-${record.name} }, { name: "${record.name}x" }]\n`);
    const { left } = await removeCluster(record);
    assert.deepEqual(left, [
      {
        what: `context kind-${record.name} in ${file}`,
        fix: `KUBECONFIG=${file} kubectl config delete-context kind-${record.name}`,
      },
    ]);
    assert.deepEqual(await readRecord(record.folder), record);
  });

  /** A container engine that keeps its lists in files and refuses to remove what stands in `stubborn`. */
  function fakeEngine(): string {
    const folder = join(project, "engine");
    mkdirSync(folder);
    const script = [
      "#!/bin/sh",
      `cd ${folder}`,
      'echo "$@" >> calls',
      'case "$1 $2" in',
      '  "info ") exit 0 ;;',
      '  "ps --all") [ "$4" = "label=io.x-k8s.kind.cluster=$(cat cluster)" ] && cat containers; exit 0 ;;',
      '  "inspect --format") cat volumes ;;',
      '  "network ls") cat networks ;;',
      '  "volume ls") cat volumes ;;',
      '  "rm --force") : > containers ;;',
      '  "volume rm") : > volumes ;;',
      '  "network rm") [ -e stubborn ] || echo bridge > networks ;;',
      "esac",
      "exit 0",
    ].join("\n");
    writeFileSync(join(folder, "docker"), script);
    chmodSync(join(folder, "docker"), 0o755);
    process.env["PATH"] = [folder, before.PATH ?? ""].join(delimiter);
    return folder;
  }

  it("removes containers, volumes and the network of its own cluster through the engine", async () => {
    const record = await made("kind");
    const engine = fakeEngine();
    writeFileSync(join(engine, "cluster"), record.name);
    writeFileSync(join(engine, "containers"), `${record.name}-control-plane\n`);
    writeFileSync(join(engine, "volumes"), "0a1b\n");
    writeFileSync(join(engine, "networks"), `bridge\n${record.name}\nkind\n`);
    const { left, lookedFor } = await removeCluster(record);
    assert.deepEqual(left, []);
    assert.deepEqual(lookedFor.slice(3), ["containers", "networks", "volumes", "kernel settings"]);
    const removals = readFileSync(join(engine, "calls"), "utf8")
      .split("\n")
      .filter((call) => / ?rm /.test(call));
    assert.deepEqual(removals, [
      `rm --force --volumes ${record.name}-control-plane`,
      "volume rm --force 0a1b",
      `network rm ${record.name}`,
    ]);
    assert.equal(existsSync(record.folder), false);
  });

  it("tells what the engine did not remove, with the command that does", async () => {
    const record = await made("kind");
    const engine = fakeEngine();
    for (const file of ["cluster", "containers", "volumes", "stubborn"]) writeFileSync(join(engine, file), "");
    writeFileSync(join(engine, "networks"), `${record.name}\n`);
    const { left } = await removeCluster(record);
    assert.deepEqual(left, [{ what: `network ${record.name}`, fix: `docker network rm ${record.name}` }]);
    assert.ok(existsSync(record.folder));
  });

  it("tells that it cannot know where no container engine answers any more", async () => {
    const record = await made("kind");
    process.env["PATH"] = join(project, "nothing");
    const { left } = await removeCluster(record);
    assert.deepEqual(left, [
      {
        what: `no container engine answers: containers of ${record.name} may be left`,
        fix: `start it, then npm run ephemeral -- --destroy ${record.name}`,
      },
    ]);
  });

  it("asks the engine that made it, wherever it is asked from", () => {
    const env = { DOCKER_HOST: "unix:///run/mine.sock", DOCKER_CONTEXT: "", HOME: "/root" };
    assert.deepEqual(engineVariables(env), { DOCKER_HOST: "unix:///run/mine.sock" });
  });
});

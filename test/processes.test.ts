/** Commands that run to their end, and processes that are known again by their command line. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  naming,
  processesNaming,
  runCommand,
  runOrFail,
  startBeside,
  stopProcessesNaming,
} from "../components/cluster/processes.ts";
import { UserError } from "../policies/problems.ts";

const node = process.execPath;
const patient = { timeoutSeconds: 10 };

describe("a command that runs to its end", () => {
  it("gives back what it said on both channels, and its exit code", async () => {
    const script = "console.log('out'); console.error('err'); process.exitCode = 3";
    assert.deepEqual(await runCommand(node, ["-e", script], patient), {
      code: 3,
      timedOut: "no",
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("reads what it is given, and an end of input where it is given nothing", async () => {
    assert.equal((await runCommand("cat", [], { ...patient, stdin: "kind: Cluster\n" })).stdout, "kind: Cluster\n");
    assert.equal((await runCommand("cat", [], patient)).stdout, "");
  });

  it("has the environment it is given and no other", async () => {
    const { stdout } = await runCommand("/usr/bin/env", [], { ...patient, env: { ONLY: "this" } });
    assert.equal(stdout, "ONLY=this\n");
  });

  it("loses nothing of a long answer, nor of a letter that comes in two pieces", async () => {
    const script = "process.stdout.write('ä'.repeat(500_001))";
    assert.equal((await runCommand(node, ["-e", script], patient)).stdout, "ä".repeat(500_001));
  });

  it("has ended when it ends, although what it left in the background still holds its output", async () => {
    const started = Date.now();
    const { code, stdout } = await runCommand("sh", ["-c", "sleep 2 & echo started"], patient);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "started\n" });
    assert.ok(Date.now() - started < 1500);
  });

  it("is ended after its time, even if it does not want to", async () => {
    const started = Date.now();
    const stubborn = ["-c", "trap '' TERM; echo begun; for i in $(seq 80); do sleep 0.05; done"];
    const { code, timedOut, stdout } = await runCommand("sh", stubborn, { timeoutSeconds: 0.3 });
    assert.deepEqual({ code, timedOut, stdout }, { code: null, timedOut: "yes", stdout: "begun\n" });
    assert.ok(Date.now() - started < 3000);
  });

  it("throws only when it cannot be started", async () => {
    await assert.rejects(runCommand("/nowhere/kwokctl", [], patient), { code: "ENOENT" });
  });
});

describe("a command that must succeed", () => {
  it("gives back what it said", async () => {
    assert.equal(await runOrFail("echo", ["v1.36.1"], patient), "v1.36.1\n");
  });

  for (const { what, script, timeoutSeconds, message } of [
    {
      what: "failed",
      script: "echo creating; echo no such image >&2; exit 4",
      timeoutSeconds: 10,
      message: "sh -c echo creating; echo no such image >&2; exit 4 failed (exit 4):\ncreating\n\nno such image",
    },
    {
      what: "took too long",
      script: "echo waiting; exec sleep 5",
      timeoutSeconds: 0.2,
      message: "sh -c echo waiting; exec sleep 5 was ended after 0.2 s:\nwaiting",
    },
    {
      what: "was killed by somebody else",
      script: "kill -KILL $$",
      timeoutSeconds: 10,
      message: "sh -c kill -KILL $$ was killed:\n",
    },
    {
      what: "said much, of which the end tells most",
      script: "seq 1 20; exit 1",
      timeoutSeconds: 10,
      message: "sh -c seq 1 20; exit 1 failed (exit 1):\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20",
    },
  ]) {
    it(`is told about when it ${what}`, async () => {
      await assert.rejects(runOrFail("sh", ["-c", script], { timeoutSeconds }), new UserError(message));
    });
  }
});

describe("who names a file", () => {
  const operator = { pid: 1, args: "/cache/cilium-operator-generic --config-dir=/p/.platform/kwok/clusters/a/config" };
  const etcd = { pid: 2, args: "/p/.platform/kwok/clusters/a/bin/etcd --data-dir=/p/.platform/kwok/clusters/a/etcd" };
  const other = { pid: 3, args: "/p/.platform/kwok/clusters/a-2/bin/etcd" };
  const editor = { pid: 4, args: "vim clusters/a/notes" };
  const running = [operator, etcd, other, editor];
  for (const [mark, found] of [
    ["/p/.platform/kwok/clusters/a/", [operator, etcd]],
    ["/p/.platform/kwok/clusters/a/config", [operator]],
    ["/p/.platform/kwok/clusters/a-2/", [other]],
    ["/p/.platform/kwok/clusters/b/", []],
  ] as const) {
    it(`is known by the whole of ${mark}`, () => {
      assert.deepEqual(naming(mark, running), found);
    });
  }

  it("is not stopped by a mere word, which might be anybody's", async () => {
    // One that is on nobody's command line: were it not refused, nothing would happen.
    await assert.rejects(
      stopProcessesNaming("word-on-no-command-line-4711", "at once"),
      new Error("processes are stopped by a path they name, got word-on-no-command-line-4711"),
    );
  });
});

describe("a process beside the cluster", () => {
  let folder: string;
  /** On the command line of this test's own processes and of no other. */
  let mark: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "processes-"));
    mark = join(folder, randomUUID());
  });
  afterEach(async () => {
    await stopProcessesNaming(folder, "at once");
    rmSync(folder, { recursive: true });
  });

  const forever = "setInterval(() => undefined, 1000);";
  async function beside(script: string, ...args: string[]): Promise<void> {
    await startBeside(node, ["-e", `console.log('ready');${script}`, ...args], `${mark}.log`);
    await said("ready");
  }
  async function said(text: string): Promise<void> {
    for (let tries = 0; tries < 200 && !readFileSync(`${mark}.log`, "utf8").includes(text); tries++) await sleep(20);
    assert.ok(readFileSync(`${mark}.log`, "utf8").includes(text));
  }

  it("is found by the file it names, and by nothing else", async () => {
    await beside(forever, "--", `--config-dir=${mark}`);
    const found = await processesNaming(mark);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.args, `${node} -e console.log('ready');${forever} -- --config-dir=${mark}`);
    assert.deepEqual(await processesNaming(`${mark}-of-another-stack`), []);
  });

  it("is not confused with the process that looks", async () => {
    const own = (await processesNaming("")).filter(({ pid }) => pid === process.pid);
    assert.deepEqual(own, []);
  });

  it("writes into a file that only its owner reads", async () => {
    await beside(`console.error('judging policies');${forever}`, mark);
    await said("judging policies");
    assert.equal(statSync(`${mark}.log`).mode & 0o777, 0o600);
  });

  it("goes on when whoever started it is killed, as by an interrupt that reaches the whole group", async () => {
    const processes = JSON.stringify(join(import.meta.dirname, "../components/cluster/processes.ts"));
    const args = JSON.stringify(["-e", forever, mark]);
    const starter = spawn(
      node,
      [
        "--input-type=module",
        "-e",
        `const { startBeside } = await import(${processes});
         await startBeside(process.execPath, ${args}, ${JSON.stringify(`${mark}.log`)});
         console.log("started");
         ${forever}`,
      ],
      { detached: true, stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(starter.stdout, "data");
    process.kill(-(starter.pid ?? assert.fail()), "SIGKILL");
    await once(starter, "exit");
    assert.equal((await processesNaming(mark)).length, 1);
  });

  it("is told about when it cannot be started", async () => {
    await assert.rejects(startBeside("/nowhere/cilium-operator-generic", [mark], `${mark}.log`), { code: "ENOENT" });
  });

  it("may put its things in order when it is stopped gently", async () => {
    const tidy = `process.on('SIGTERM', () => { require('fs').writeFileSync(process.argv[1], ''); process.exit(); });`;
    await beside(tidy + forever, `${mark}.tidied`);
    await stopProcessesNaming(mark, "gently");
    assert.ok(existsSync(`${mark}.tidied`));
    assert.deepEqual(await processesNaming(mark), []);
  });

  it("may not when it is stopped at once", async () => {
    await beside(`process.on('SIGTERM', () => undefined);${forever}`, mark);
    const started = Date.now();
    await stopProcessesNaming(mark, "at once");
    assert.ok(Date.now() - started < 2000);
    assert.deepEqual(await processesNaming(mark), []);
  });

  it("goes alone: a process that names something else stays", async () => {
    const stranger = spawn(node, ["-e", forever, join(folder, "somebody-elses")], { stdio: "ignore" });
    try {
      await beside(forever, mark);
      await stopProcessesNaming(mark, "at once");
      assert.deepEqual(
        (await processesNaming(folder)).map(({ pid }) => pid),
        [stranger.pid],
      );
      assert.equal(stranger.exitCode, null);
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  it("need not be there to be stopped", async () => {
    await stopProcessesNaming(mark, "gently");
  });
});

/** Making and removing a simulated cluster, with a fake kwokctl whose control plane only sleeps. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  isRunning,
  type KwokClusterInputs,
  lifecycle,
  lostComponents,
  wake,
} from "../components/cluster/kwok-lifecycle.ts";
import { processesNaming, stopProcessesNaming } from "../components/cluster/processes.ts";
import { UserError } from "../policies/problems.ts";
import { fakeTool } from "./support/fake-tools.ts";

const inputs: KwokClusterInputs = { name: "platform-mine", stack: "mine", kubernetesVersion: "1.36.1", nodes: 3 };

describe("a simulated cluster", () => {
  let folder: string;
  const before = { cwd: process.cwd(), cache: process.env["CILIUM_PLATFORM_CACHE"] };

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "kwok-lifecycle-")));
    for (const name of ["clone", "fake"]) mkdirSync(join(folder, name));
    process.chdir(join(folder, "clone"));
    process.env["CILIUM_PLATFORM_CACHE"] = join(folder, "cache");
    fakeTool(join(folder, "cache"), "kwokctl", fakeKwokctl());
  });
  afterEach(async () => {
    process.chdir(before.cwd);
    if (before.cache === undefined) delete process.env["CILIUM_PLATFORM_CACHE"];
    else process.env["CILIUM_PLATFORM_CACHE"] = before.cache;
    await stopProcessesNaming(`${folder}/`, "at once");
    rmSync(folder, { recursive: true });
  });

  const fake = (file: string): string => join(folder, "fake", file);
  const own = (file = ""): string => join(folder, "clone/.platform/mine", file);
  const cluster = (file = ""): string => join(own("kwok/clusters/platform-mine"), file);
  const mark = (): string => own("kwok/platform-mine.owner.json");
  const calls = (): string[] =>
    existsSync(fake("calls")) ? readFileSync(fake("calls"), "utf8").trim().split("\n") : [];
  const tool = (recipe: string, name: string): string => {
    const found = readdirSync(join(folder, "cache/tools")).find((entry) => entry.startsWith(`${recipe}-`));
    return join(folder, "cache/tools", found ?? assert.fail(), "bin", name);
  };

  /** Notes what it was asked and whether the cluster was marked by then; makes folders and starts sleepers. */
  function fakeKwokctl(): string {
    return `#!/bin/sh
echo "$@" >> ${fake("calls")}
echo "$KWOK_WORKDIR" > ${fake("workdir")}
[ ! -e "$KWOK_WORKDIR/platform-mine.owner.json" ] || touch ${fake("marked")}
dir="$KWOK_WORKDIR/clusters/platform-mine"
begin() {
  for name in $1; do
    ln -sf ${process.execPath} "$dir/bin/$name"
    "$dir/bin/$name" -e 'setTimeout(() => undefined, 60000)' > /dev/null 2>&1 &
  done
}
case "$1 $2" in
"create cluster")
  mkdir -p "$dir/bin" "$dir/pki"
  begin etcd
  [ ! -e ${fake("broken")} ] || { echo "ERROR: no kube-apiserver" >&2; exit 1; }
  begin "kube-apiserver kube-controller-manager kube-scheduler"
  mkdir "$dir/logs"
  if [ -e ${fake("lost")} ]; then
    cp ${fake("lost")} "$dir/logs/kwok-controller.log"
    [ ! -e ${fake("once")} ] || rm ${fake("lost")}
  else
    begin kwok-controller
  fi
  for file in ca.crt admin.crt admin.key; do echo "$file" > "$dir/pki/$file"; done
  echo "server: https://127.0.0.1:1" > "$dir/kubeconfig.yaml"
  touch "$dir/kwok.yaml" ;;
"start cluster") begin "etcd kube-apiserver kube-controller-manager kube-scheduler kwok-controller" ;;
esac
`;
  }

  /** A cluster that runs, made by this stack as far as anyone can see; nobody answers at its address. */
  async function runningCluster(): Promise<void> {
    mkdirSync(cluster("bin"), { recursive: true });
    mkdirSync(cluster("pki"));
    for (const file of ["ca.crt", "admin.crt", "admin.key"]) writeFileSync(cluster(`pki/${file}`), `${file}\n`);
    writeFileSync(cluster("kubeconfig.yaml"), "clusters:\n- cluster:\n    server: https://127.0.0.1:1\n");
    writeFileSync(cluster("kwok.yaml"), "");
    writeFileSync(mark(), '{"stack":"mine","cluster":"platform-mine","made":"complete"}');
    await wake(inputs);
    // The shell has ended before the last of its children is what it will be.
    while (!(await isRunning(inputs))) await sleep(20);
  }

  it("is made on the loopback interface, in the stack's folder, with the tools that are there", async () => {
    // Nobody answers at the address of the fake, so in the end it is not made; what was asked for is the same.
    await assert.rejects(lifecycle.create(inputs));
    assert.deepEqual(calls(), [
      `create cluster --config ${own("kwokctl.yaml")} --runtime binary` +
        ` --kwok-controller-binary ${tool("kwok", "kwok")}` +
        ` --kubeconfig ${own("kwok/kubeconfig")} --wait 60s --name platform-mine`,
      "scale node --replicas 3 --name platform-mine",
    ]);
    assert.equal(readFileSync(fake("workdir"), "utf8"), `${own("kwok")}\n`);
    assert.match(
      readFileSync(own("kwokctl.yaml"), "utf8"),
      new RegExp(`^apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokctlConfiguration
options:
  bindAddress: 127.0.0.1
  etcdPort: 2\\d{4}
  etcdPeerPort: 2\\d{4}
  kubeApiserverPort: 2\\d{4}
  kubeControllerManagerPort: 2\\d{4}
  kubeSchedulerPort: 2\\d{4}
  kwokControllerPort: 2\\d{4}
  nodeLeaseDurationSeconds: 4
$`),
    );
  });

  const portIsTaken = '{"level":"INFO","msg":"Watch all nodes"}\n{"err":"listen tcp: bind: address already in use"}\n';
  const verbs = (): string[] => calls().map((call) => call.split(" ").slice(0, 2).join(" "));

  it("is made anew with other ports where one was taken before it was used", async () => {
    writeFileSync(fake("lost"), portIsTaken);
    writeFileSync(fake("once"), "");
    await assert.rejects(lifecycle.create(inputs), /fetch failed/);
    assert.deepEqual(verbs(), ["create cluster", "create cluster", "scale node"]);
  });

  it("is given up where ports are taken again and again", async () => {
    writeFileSync(fake("lost"), portIsTaken);
    await assert.rejects(
      lifecycle.create(inputs),
      new UserError(
        "the control plane of mine did not stay up:\n" +
          '  kwok-controller: {"err":"listen tcp: bind: address already in use"}',
      ),
    );
    assert.deepEqual(verbs(), ["create cluster", "create cluster", "create cluster"]);
    assert.deepEqual(await processesNaming(cluster()), []);
  });

  it("is given up at once where a process of it ended for another reason, before anything is written", async () => {
    writeFileSync(fake("lost"), "panic: no stages\n");
    await assert.rejects(
      lifecycle.create(inputs),
      new UserError("the control plane of mine did not stay up:\n  kwok-controller: panic: no stages"),
    );
    assert.deepEqual(verbs(), ["create cluster"]);
  });

  it("is made of our own control plane where that was built", async () => {
    for (const name of ["etcd", "kube-apiserver"] as const) fakeTool(join(folder, "cache"), name, "");
    await assert.rejects(lifecycle.create(inputs));
    const [create = ""] = calls();
    assert.deepEqual(create.match(/--[a-z-]+-binary \S+/g), [
      `--etcd-binary ${tool("etcd", "etcd")}`,
      `--kube-apiserver-binary ${tool("kubernetes", "kube-apiserver")}`,
      `--kube-controller-manager-binary ${tool("kubernetes", "kube-controller-manager")}`,
      `--kube-scheduler-binary ${tool("kubernetes", "kube-scheduler")}`,
      `--kwok-controller-binary ${tool("kwok", "kwok")}`,
    ]);
  });

  it("carries the stack's mark before anything of it is there", async () => {
    await assert.rejects(lifecycle.create(inputs));
    assert.ok(existsSync(fake("marked")));
  });

  it("leaves neither process nor file when it cannot be made", async () => {
    writeFileSync(fake("broken"), "");
    await assert.rejects(lifecycle.create(inputs), (error: Error) => {
      assert.match(
        error.message,
        /\/bin\/kwokctl create cluster .* --name platform-mine failed \(exit 1\):\nERROR: no kube-apiserver$/,
      );
      return error instanceof UserError;
    });
    assert.deepEqual(await processesNaming(cluster()), []);
    assert.equal(existsSync(cluster()), false);
    assert.equal(existsSync(mark()), false);
  });

  it("is refused where somebody else's lies in the folder", async () => {
    mkdirSync(cluster(), { recursive: true });
    writeFileSync(cluster("kwok.yaml"), "theirs");
    await assert.rejects(
      lifecycle.create(inputs),
      new UserError(
        `${cluster()} holds a cluster that this stack did not make; remove it with: ` +
          `KWOK_WORKDIR=${own("kwok")} kwokctl delete cluster --name platform-mine`,
      ),
    );
    assert.equal(readFileSync(cluster("kwok.yaml"), "utf8"), "theirs");
    assert.deepEqual(calls(), []);
    assert.equal(existsSync(mark()), false);
  });

  it("is made anew where a killed run of this stack left half of one, whose processes end", async () => {
    await runningCluster();
    rmSync(cluster("kwok.yaml"));
    const left = (await processesNaming(cluster())).map(({ pid }) => pid);
    assert.equal(left.length, 5);
    writeFileSync(fake("broken"), "");
    await assert.rejects(lifecycle.create(inputs), /no kube-apiserver/);
    assert.deepEqual(
      (await processesNaming("")).filter(({ pid }) => left.includes(pid)),
      [],
    );
  });

  it("has a kubeconfig that is complete in itself, for its owner only", async () => {
    await runningCluster();
    await assert.rejects(lifecycle.read("platform-mine", { ...inputs, kubeconfig: "", uid: "" }), /fetch failed/);
    assert.equal(
      readFileSync(own("kubeconfig"), "utf8"),
      `apiVersion: v1
kind: Config
clusters:
  - name: platform-mine
    cluster:
      server: https://127.0.0.1:1
      certificate-authority-data: Y2EuY3J0Cg==
users:
  - name: platform-mine
    user:
      client-certificate-data: YWRtaW4uY3J0Cg==
      client-key-data: YWRtaW4ua2V5Cg==
contexts:
  - name: platform-mine
    context:
      cluster: platform-mine
      user: platform-mine
current-context: platform-mine
`,
    );
    assert.equal(statSync(own("kubeconfig")).mode & 0o777, 0o600);
  });

  it("runs while every process of it runs", async () => {
    assert.equal(await isRunning(inputs), false);
    await runningCluster();
    assert.equal(await isRunning(inputs), true);
    await stopProcessesNaming(cluster("bin/kube-scheduler"), "at once");
    assert.equal(await isRunning(inputs), false);
  });

  it("tells what it has lost, once it was made to its end", async () => {
    assert.deepEqual(await lostComponents(inputs), []);
    await runningCluster();
    assert.deepEqual(await lostComponents(inputs), []);
    await stopProcessesNaming(cluster("bin/kwok-controller"), "at once");
    await stopProcessesNaming(cluster("bin/etcd"), "at once");
    assert.deepEqual(await lostComponents(inputs), ["etcd", "kwok-controller"]);
    writeFileSync(mark(), '{"stack":"mine","cluster":"platform-mine","made":"begun"}');
    assert.deepEqual(await lostComponents(inputs), []);
  });

  it("is woken where it was stopped, and only there", async () => {
    assert.equal(await wake(inputs), "absent");
    await runningCluster();
    assert.deepEqual(calls(), ["start cluster --wait 60s --name platform-mine"]);
    assert.equal(await wake(inputs), "running");
    await stopProcessesNaming(cluster(), "at once");
    assert.equal(await wake(inputs), "woken");
    assert.equal(calls().length, 2);
  });

  for (const text of ['{"stack":"mine","cluster":"platform-mine","made":"begun"}', "", "{}"]) {
    it(`is not woken where its mark is ${JSON.stringify(text)}, since it may be half made`, async () => {
      mkdirSync(cluster(), { recursive: true });
      writeFileSync(cluster("kwok.yaml"), "");
      writeFileSync(mark(), text);
      assert.equal(await wake(inputs), "absent");
      assert.deepEqual(calls(), []);
    });
  }

  it("is gone where it does not run", async () => {
    assert.equal(await lifecycle.read("platform-mine", { ...inputs, kubeconfig: "", uid: "" }), undefined);
  });

  it("is removed with its processes and its files, and that twice; a neighbour stays", async () => {
    await runningCluster();
    const neighbour = own("kwok/clusters/platform-mine-2");
    mkdirSync(neighbour);
    for (const times of [1, 2]) {
      await lifecycle.delete("platform-mine", { ...inputs, kubeconfig: "", uid: "" });
      assert.deepEqual(await processesNaming(cluster()), [], `after ${String(times)}`);
    }
    assert.deepEqual(readdirSync(own("kwok")), ["clusters"]);
    assert.deepEqual(readdirSync(own("kwok/clusters")), ["platform-mine-2"]);
  });

  describe("that changes", () => {
    const rows: readonly [string, Partial<KwokClusterInputs>, { changes: boolean; replaces: string[] }][] = [
      ["in nothing", {}, { changes: false, replaces: [] }],
      ["in the number of its nodes", { nodes: 4 }, { changes: true, replaces: [] }],
      ["in its name", { name: "other" }, { changes: true, replaces: ["name"] }],
      ["in its stack", { stack: "other" }, { changes: true, replaces: ["stack"] }],
      ["in its version", { kubernetesVersion: "1.37.0" }, { changes: true, replaces: ["kubernetesVersion"] }],
    ];
    for (const [what, change, expected] of rows) {
      it(`${what} ${expected.replaces.length > 0 ? "is made anew" : "is kept"}`, async () => {
        const olds = { ...inputs, kubeconfig: "", uid: "" };
        assert.deepEqual(await lifecycle.diff("platform-mine", olds, { ...inputs, ...change }), expected);
      });
    }
  });

  it("needs kwokctl, and says how to have it", async () => {
    rmSync(join(folder, "cache"), { recursive: true });
    await assert.rejects(
      lifecycle.create(inputs),
      new UserError("kwokctl is not set up on this machine\n  fix: npm run setup -- <stack>"),
    );
  });
});

/** Making and removing a kind cluster, with a fake kind that only keeps a list. */
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
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { hostPortsOf, type KindClusterInputs, lifecycle } from "../components/cluster/kind-lifecycle.ts";
import { UserError } from "../policies/problems.ts";
import { type FakeApiServer, startFakeApiServer } from "./support/api-server.ts";
import { fakeTool } from "./support/fake-tools.ts";

describe("the host ports of a kind configuration", () => {
  const rows: readonly [string, number[]][] = [
    ["kind: Cluster", []],
    ["networking: { disableDefaultCNI: true }", []],
    ["networking: { apiServerPort: 6443 }", [6443]],
    ["nodes: [{ role: control-plane }]", []],
    ["nodes: [{ extraPortMappings: [{ containerPort: 30080, hostPort: 8080 }] }, { role: worker }]", [8080]],
    [
      "{ networking: { apiServerPort: 6443 }, nodes: [{ extraPortMappings: [{ hostPort: 1 }, { hostPort: 2 }] }] }",
      [6443, 1, 2],
    ],
  ];
  for (const [config, ports] of rows) {
    it(`are [${ports.join()}] in ${config}`, () => {
      assert.deepEqual(hostPortsOf(config), ports);
    });
  }
});

describe("a kind cluster", () => {
  let folder: string;
  let server: FakeApiServer;
  const before = { cwd: process.cwd(), HOME: process.env["HOME"], cache: process.env["CILIUM_PLATFORM_CACHE"] };

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "kind-lifecycle-")));
    for (const name of ["clone", "home", "fake"]) mkdirSync(join(folder, name));
    process.chdir(join(folder, "clone"));
    process.env["HOME"] = join(folder, "home");
    process.env["CILIUM_PLATFORM_CACHE"] = join(folder, "cache");
    server = await startFakeApiServer({ "/api/v1/namespaces/kube-system": { metadata: { uid: "uid-1" } } });
    writeFileSync(fake("clusters"), "");
    writeFileSync(fake("kubeconfig"), server.kubeconfig);
    fakeTool(join(folder, "cache"), "kind", fakeKind());
  });
  afterEach(async () => {
    process.chdir(before.cwd);
    restore("HOME", before.HOME);
    restore("CILIUM_PLATFORM_CACHE", before.cache);
    await server.close();
    rmSync(folder, { recursive: true });
  });
  function restore(name: string, value: string | undefined): void {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }

  const fake = (file: string): string => join(folder, "fake", file);
  const own = (file: string): string => join(folder, "clone/.platform/mine", file);
  const scratch = (): string => own("kind-kubeconfig");
  const listed = (): string[] => readFileSync(fake("clusters"), "utf8").split("\n").filter(Boolean);
  const calls = (): string[] =>
    existsSync(fake("calls")) ? readFileSync(fake("calls"), "utf8").trim().split("\n") : [];

  /** Keeps a list of clusters, what it was asked, and what it was given to make one from. */
  function fakeKind(): string {
    const say = "No kind clusters found.";
    return `#!/bin/sh
cd ${join(folder, "fake")}
echo "$@" >> calls
case "$1 $2" in
"get clusters") cat clusters; [ -s clusters ] || echo "${say}" >&2 ;;
"get kubeconfig") cat kubeconfig ;;
"get nodes") cat nodes ;;
"load image-archive") [ ! -e unloadable ] || { echo "ERROR: failed to load image" >&2; exit 1; } ;;
"create cluster")
  cat > given; echo "$4" >> clusters
  while [ -e unloadable ] && ! grep -q "^load" calls; do sleep 0.05; done
  [ ! -e broken ] || { echo "ERROR: failed to create cluster: no such image" >&2; exit 1; } ;;
"delete cluster")
  [ ! -e stuck ] || { echo "ERROR: the engine does not answer" >&2; exit 1; }
  grep -vx "$4" clusters > next; mv next clusters ;;
"export logs") mkdir -p "$3" ;;
esac
`;
  }

  const inputs = (more: Partial<KindClusterInputs> = {}): KindClusterInputs => ({
    name: "platform-mine",
    stack: "mine",
    config: "kind: Cluster\n",
    nodeImage: "kindest/node@sha256:0123",
    registryHosts: {},
    ...more,
  });

  it("is made from its configuration, by digest, and is not waited for", async () => {
    const { id, outs } = await lifecycle.create(inputs());
    assert.equal(id, "platform-mine");
    assert.deepEqual(outs, { ...inputs(), kubeconfig: server.kubeconfig, uid: "uid-1" });
    assert.equal(readFileSync(fake("given"), "utf8"), "kind: Cluster\n");
    assert.deepEqual(calls(), [
      "get clusters",
      `create cluster --name platform-mine --image kindest/node@sha256:0123 --config - --kubeconfig ${scratch()}`,
      "get kubeconfig --name platform-mine",
    ]);
  });

  describe("of images that are built here", () => {
    const path = process.env["PATH"];
    beforeEach(() => {
      mkdirSync(join(folder, "bin"));
      process.env["PATH"] = `${join(folder, "bin")}:${path ?? ""}`;
      const script = `#!/bin/sh\ncd ${join(folder, "fake")}\necho "docker $@" >> calls\n[ "$1 $2" != "image inspect" ] || [ -e has-node ]\n`;
      writeFileSync(join(folder, "bin/docker"), script, { mode: 0o755 });
      writeFileSync(fake("nodes"), "platform-mine-control-plane\n");
    });
    afterEach(() => {
      restore("PATH", path);
    });
    const ours = (...archives: string[]): KindClusterInputs => inputs({ nodeImage: "ours/node:1", archives });
    const loads = (): string[] => calls().filter((call) => call.startsWith("load "));

    it("is made of a node image that the engine is given first, and has the archives loaded into its nodes", async () => {
      const { outs } = await lifecycle.create(ours("one.tar", "two.tar"));
      assert.deepEqual(outs.archives, ["one.tar", "two.tar"]);
      const asked = calls();
      assert.equal(asked[1], "docker image inspect ours/node:1");
      assert.match(asked[2] ?? "", /^docker load --input .*\/cache\/images\/node-[0-9a-f]{12}\.tar$/);
      assert.ok(
        asked.includes(`create cluster --name platform-mine --image ours/node:1 --config - --kubeconfig ${scratch()}`),
      );
      assert.deepEqual(loads().sort(), [
        `load image-archive ${join(folder, "cache/images/one.tar")} --name platform-mine`,
        `load image-archive ${join(folder, "cache/images/two.tar")} --name platform-mine`,
      ]);
    });

    it("gives the engine no node image that it has", async () => {
      writeFileSync(fake("has-node"), "");
      await lifecycle.create(ours("one.tar"));
      assert.deepEqual(
        calls().filter((call) => call.startsWith("docker load")),
        [],
      );
    });

    it("has other archives loaded when they change, and stays", async () => {
      const { outs } = await lifecycle.create(ours("one.tar"));
      const diff = await lifecycle.diff("platform-mine", outs, ours("two.tar"));
      assert.deepEqual([diff.changes, diff.replaces], [true, []]);
      writeFileSync(fake("calls"), "");
      await lifecycle.update("platform-mine", outs, ours("two.tar"));
      assert.deepEqual(loads(), [`load image-archive ${join(folder, "cache/images/two.tar")} --name platform-mine`]);
    });

    it("tells why it cannot be made, not that its nodes went away while images were loaded", async () => {
      writeFileSync(fake("broken"), "");
      writeFileSync(fake("unloadable"), "");
      await assert.rejects(lifecycle.create(ours("one.tar")), /failed to create cluster: no such image/);
    });

    it("fails where an archive cannot be loaded", async () => {
      writeFileSync(fake("unloadable"), "");
      await assert.rejects(lifecycle.create(ours("one.tar")), /failed to load image/);
    });

    it("loads nothing into a cluster that cannot be made", async () => {
      writeFileSync(fake("broken"), "");
      writeFileSync(fake("nodes"), "");
      await assert.rejects(lifecycle.create(ours("one.tar")), /no such image/);
      assert.deepEqual(loads(), []);
    });
  });

  it("has its kubeconfig in the stack's folder, for its owner only, and never in the home", async () => {
    const { outs } = await lifecycle.create(inputs());
    assert.equal(readFileSync(own("kubeconfig"), "utf8"), server.kubeconfig);
    assert.equal(statSync(own("kubeconfig")).mode & 0o777, 0o600);
    await lifecycle.read("platform-mine", outs);
    await lifecycle.delete("platform-mine", outs);
    assert.deepEqual(readdirSync(join(folder, "home")), []);
    // kind edits the one it is given, also when it deletes.
    for (const call of calls().filter((line) => /^(create|delete) /.test(line))) {
      assert.match(call, new RegExp(`--kubeconfig ${scratch()}$`));
    }
  });

  it("is refused where somebody else has a cluster of that name", async () => {
    writeFileSync(fake("clusters"), "platform-mine\n");
    await assert.rejects(
      lifecycle.create(inputs()),
      new UserError(
        "a kind cluster named platform-mine exists and this stack did not make it; " +
          "choose another clusterName, or remove it with: kind delete cluster --name platform-mine",
      ),
    );
    assert.deepEqual(listed(), ["platform-mine"]);
    assert.deepEqual(calls(), ["get clusters"]);
  });

  it("is not hindered by clusters with other names", async () => {
    writeFileSync(fake("clusters"), "platform-mine-2\nplatform\n");
    await lifecycle.create(inputs());
    assert.deepEqual(listed(), ["platform-mine-2", "platform", "platform-mine"]);
  });

  it("is made anew where a killed run of this stack left one", async () => {
    await lifecycle.create(inputs());
    writeFileSync(fake("calls"), "");
    await lifecycle.create(inputs());
    assert.deepEqual(
      calls().map((call) => call.split(" ").slice(0, 2).join(" ")),
      ["get clusters", "delete cluster", "create cluster", "get kubeconfig"],
    );
    assert.deepEqual(listed(), ["platform-mine"]);
  });

  it("is not taken for ours because another stack of this clone made it", async () => {
    await lifecycle.create(inputs({ stack: "theirs" }));
    await assert.rejects(lifecycle.create(inputs()), UserError);
    assert.deepEqual(listed(), ["platform-mine"]);
  });

  describe("on a machine with a port in use", () => {
    let occupant: Server;
    let port: number;
    beforeEach(async () => {
      occupant = createServer();
      await new Promise<void>((listening) => occupant.listen(0, "127.0.0.1", listening));
      port = (occupant.address() as AddressInfo).port;
    });
    afterEach(() => {
      occupant.close();
    });

    it("is refused before anything is made", async () => {
      const config = `networking: { apiServerPort: ${String(port)} }\n`;
      await assert.rejects(
        lifecycle.create(inputs({ config })),
        new UserError(`ports in use on this machine: ${String(port)}; free them or choose others`),
      );
      assert.deepEqual(calls(), ["get clusters"]);
      // Nothing was begun, so nothing of that name is ours.
      assert.deepEqual(readdirSync(own("")), []);
    });

    it("is made where it wants another port", async () => {
      occupant.close();
      const config = `networking: { apiServerPort: ${String(port)} }\n`;
      await lifecycle.create(inputs({ config }));
      assert.deepEqual(listed(), ["platform-mine"]);
    });
  });

  it("leaves nothing but its logs when it cannot be made", async () => {
    writeFileSync(fake("broken"), "");
    const config = "kind: Cluster\n";
    await assert.rejects(lifecycle.create(inputs({ config })), (error: Error) => {
      const [first = "", ...rest] = error.message.split("\n");
      assert.match(first, /\/bin\/kind create cluster --name platform-mine .* failed \(exit 1\):$/);
      assert.deepEqual(rest, [
        "ERROR: failed to create cluster: no such image",
        `logs of the nodes: ${own("kind-logs")}`,
      ]);
      return true;
    });
    assert.deepEqual(listed(), []);
    assert.deepEqual(readdirSync(own("")), ["kind-logs"]);
  });

  it("stays ours to reclaim when it can neither be made nor removed, and the first error is told", async () => {
    for (const trouble of ["broken", "stuck"]) writeFileSync(fake(trouble), "");
    await assert.rejects(lifecycle.create(inputs()), /no such image/);
    assert.deepEqual(listed(), ["platform-mine"]);

    for (const trouble of ["broken", "stuck"]) rmSync(fake(trouble));
    await lifecycle.create(inputs());
    assert.deepEqual(listed(), ["platform-mine"]);
  });

  it("is gone where it is not listed, or does not answer", async () => {
    const { outs } = await lifecycle.create(inputs());
    assert.deepEqual(await lifecycle.read("platform-mine", outs), outs);
    await server.close();
    assert.equal(await lifecycle.read("platform-mine", outs), undefined);
    server = await startFakeApiServer();
    writeFileSync(fake("clusters"), "");
    assert.equal(await lifecycle.read("platform-mine", outs), undefined);
  });

  it("is read with what is true now", async () => {
    const { outs } = await lifecycle.create(inputs());
    server.objects.set("/api/v1/namespaces/kube-system", { metadata: { uid: "uid-2" } });
    assert.deepEqual(await lifecycle.read("platform-mine", outs), { ...outs, uid: "uid-2" });
  });

  it("is removed with all that was kept of it, and that twice", async () => {
    const { outs } = await lifecycle.create(inputs({ registryHosts: { "quay.io": "server = 1\n" } }));
    await lifecycle.delete("platform-mine", outs);
    await lifecycle.delete("platform-mine", outs);
    assert.deepEqual(listed(), []);
    assert.deepEqual(readdirSync(own("")), []);
  });

  it("tells its nodes where the caches are, without being made anew", async () => {
    const { outs } = await lifecycle.create(inputs({ registryHosts: { "quay.io": "old\n", "ghcr.io": "ghcr\n" } }));
    assert.equal(readFileSync(own("registries/ghcr.io/hosts.toml"), "utf8"), "ghcr\n");
    const folderBefore = statSync(own("registries")).ino;
    await lifecycle.update("platform-mine", outs, inputs({ registryHosts: { "quay.io": "new\n" } }));
    assert.deepEqual(readdirSync(own("registries")), ["quay.io"]);
    assert.equal(readFileSync(own("registries/quay.io/hosts.toml"), "utf8"), "new\n");
    // The nodes hold the folder itself mounted.
    assert.equal(statSync(own("registries")).ino, folderBefore);
  });

  describe("that changes", () => {
    const olds = { ...inputs(), kubeconfig: "", uid: "" };
    const rows: readonly [string, Partial<KindClusterInputs>, { changes: boolean; replaces: string[] }][] = [
      ["in nothing", {}, { changes: false, replaces: [] }],
      ["in its name", { name: "other" }, { changes: true, replaces: ["name"] }],
      ["in its stack", { stack: "other" }, { changes: true, replaces: ["stack"] }],
      ["in its configuration", { config: "kind: Cluster\nnodes: []\n" }, { changes: true, replaces: ["config"] }],
      ["in its image", { nodeImage: "kindest/node@sha256:4567" }, { changes: true, replaces: ["nodeImage"] }],
      ["in its caches", { registryHosts: { "quay.io": "x" } }, { changes: true, replaces: [] }],
    ];
    for (const [what, change, expected] of rows) {
      it(`${what} ${expected.replaces.length > 0 ? "is made anew" : "is kept"}`, async () => {
        assert.deepEqual(await lifecycle.diff("platform-mine", olds, inputs(change)), expected);
      });
    }
  });

  it("needs kind, and says how to have it", async () => {
    rmSync(join(folder, "cache"), { recursive: true });
    await assert.rejects(
      lifecycle.create(inputs()),
      new UserError("kind is not set up on this machine\n  fix: npm run setup -- <stack>"),
    );
  });
});

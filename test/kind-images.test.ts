/** Images of a kind cluster that are built here: what is decided before anything is built, and what is written byte by byte. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { list } from "tar";

import type { ToolName } from "../scripts/tools/recipes.ts";
import { imageDocuments, tarHeader, writeArchive } from "../scripts/kind-images/archive.ts";
import { engineConfig, engineEnvironment, hasProcesses, withholdsResource } from "../scripts/kind-images/engine.ts";
import { firewallSteps, kernelSteps, linkNames, linkSteps } from "../scripts/kind-images/host-record.ts";
import {
  archived,
  builtImages,
  imageKey,
  imageTools,
  type ImageInputs,
  kubeadmNames,
  preloaded,
  rootKey,
} from "../scripts/kind-images/images.ts";
import { machineProblems } from "../scripts/kind-images/machine.ts";
import { baseSpec, containerdConfig, kubeletDefaults, linkedLibraries } from "../scripts/kind-images/node-root.ts";
import { staleArchives } from "../scripts/kind-images/places.ts";
import { debianMirror } from "../scripts/kind-images/roots.ts";
import { readImagesOption } from "../scripts/setup.ts";

describe("an image archive", () => {
  it("has a configuration that is named after its content", () => {
    const { config, manifest } = imageDocuments({
      names: ["example/pause:1"],
      architecture: "amd64",
      settings: { Entrypoint: ["/pause"] },
      layer: "ab".repeat(32),
    });
    assert.equal(
      config.text,
      '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},' +
        `"rootfs":{"type":"layers","diff_ids":["sha256:${"ab".repeat(32)}"]},` +
        '"history":[{"created_by":"cilium-platform"}]}',
    );
    assert.equal(config.path, `${createHash("sha256").update(config.text).digest("hex")}.json`);
    assert.equal(manifest, `[{"Config":"${config.path}","RepoTags":["example/pause:1"],"Layers":["layer.tar"]}]`);
  });

  const sizes: readonly [number, number][] = [
    [0, 0],
    [1, 511],
    [512, 0],
    [513, 511],
  ];
  for (const [size, padding] of sizes) {
    it(`fills the last block behind ${String(size)} bytes with ${String(padding)}`, () => {
      assert.equal(tarHeader("layer.tar", size).padding, padding);
      assert.equal(tarHeader("layer.tar", size).header.length, 512);
    });
  }

  describe("of a folder", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "kind-images-"));
      mkdirSync(join(folder, "root/bin"), { recursive: true });
      writeFileSync(join(folder, "root/bin/tool"), "#!/bin/sh\n", { mode: 0o755 });
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    const image = { names: ["example/tool:1"], architecture: "amd64", settings: { Cmd: ["/bin/tool"] } };

    it("holds its layer, the configuration with the layer's digest, and the manifest", async () => {
      const file = join(folder, "tool.tar");
      await writeArchive(file, join(folder, "root"), image);
      const content = new Map<string, Buffer>();
      await list({
        file,
        onReadEntry: (entry) => {
          const chunks: Buffer[] = [];
          entry.on("data", (chunk: Buffer) => chunks.push(chunk));
          entry.on("end", () => content.set(entry.path, Buffer.concat(chunks)));
        },
      });
      const layer = content.get("layer.tar") ?? Buffer.alloc(0);
      const { config, manifest } = imageDocuments({
        ...image,
        layer: createHash("sha256").update(layer).digest("hex"),
      });
      assert.deepEqual([...content.keys()], ["layer.tar", config.path, "manifest.json"]);
      assert.equal(content.get(config.path)?.toString(), config.text);
      assert.equal(content.get("manifest.json")?.toString(), manifest);
      assert.ok(layer.includes("#!/bin/sh\n"));
    });

    it("is the same whenever it is written", async () => {
      await writeArchive(join(folder, "one.tar"), join(folder, "root"), image);
      await writeArchive(join(folder, "two.tar"), join(folder, "root"), image);
      assert.ok(readFileSync(join(folder, "one.tar")).equals(readFileSync(join(folder, "two.tar"))));
    });

    it("is not there when its folder cannot be read", async () => {
      const file = join(folder, "none.tar");
      await assert.rejects(writeArchive(file, join(folder, "absent"), image));
      assert.throws(() => readFileSync(file), /ENOENT/);
    });
  });
});

describe("the name of an image in the cache", () => {
  const tools = new Map(imageTools.map((tool): [ToolName, string] => [tool, `${tool}-1-abc`]));
  const inputs: ImageInputs = { tools, makers: "m1", architecture: "amd64" };
  const keys = (with_: Partial<ImageInputs>): Map<string, string> =>
    new Map(archived.map((image) => [image.name, imageKey(image, { ...inputs, ...with_ })]));
  const changed = (with_: Partial<ImageInputs>): string[] =>
    [...keys(with_)].filter(([name, key]) => keys({}).get(name) !== key).map(([name]) => name);

  it("begins with what it is", () => {
    assert.deepEqual(
      [...keys({}).values()].map((key) => key.replace(/-[0-9a-f]{12}$/, "-…")),
      ["node-…", "cilium-…", "cilium-operator-…", "hubble-relay-…"],
    );
  });

  it("stays where nothing changes", () => {
    assert.deepEqual(changed({}), []);
  });

  it("changes with a binary, for the image that holds it", () => {
    assert.deepEqual(changed({ tools: new Map([...tools, ["cilium-agent", "cilium-agent-2-def"]]) }), ["cilium"]);
  });

  it("changes for the node with what lies in the node", () => {
    assert.deepEqual(changed({ tools: new Map([...tools, ["coredns", "coredns-2-def"]]) }), ["node"]);
  });

  it("changes for all with the files that make images, and with the processor", () => {
    const all = ["node", "cilium", "cilium-operator", "hubble-relay"];
    assert.deepEqual(changed({ makers: "m2" }), all);
    assert.deepEqual(changed({ architecture: "arm64" }), all);
  });

  it("of a root filesystem is the same for every version of what is laid into it", () => {
    assert.match(rootKey("node", inputs), /^root-node-[0-9a-f]{12}$/);
    assert.equal(rootKey("node", inputs), rootKey("node", { architecture: "amd64" }));
  });
});

describe("archives in the cache", () => {
  it("go when no image of this clone is in them and they are a week old", () => {
    const day = 24 * 3600 * 1000;
    const files = [
      { name: "node-old.tar", writtenMs: 0 },
      { name: "node-new.tar", writtenMs: 0 },
      { name: "cilium-other.tar", writtenMs: 2 * day },
      { name: "build.log", writtenMs: 0 },
      { name: "root-node-abc", writtenMs: 0 },
    ];
    assert.deepEqual(staleArchives(files, ["node-new.tar"], 8 * day), ["node-old.tar"]);
  });
});

describe("the images that are built", () => {
  it("are these, the first of them in the node", () => {
    assert.deepEqual(
      preloaded.map(({ name }) => name),
      ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy", "coredns", "pause"],
    );
    assert.equal(builtImages.length, preloaded.length + archived.length);
  });

  it("have the names that kubeadm prints, whatever stands before them", () => {
    const names = kubeadmNames("example/kube-proxy:v1\nexample/coredns/coredns:v2\nexample:5000/etcd:3\n\n");
    assert.deepEqual(
      [...names],
      [
        ["kube-proxy", "example/kube-proxy:v1"],
        ["coredns", "example/coredns/coredns:v2"],
        ["etcd", "example:5000/etcd:3"],
      ],
    );
  });
});

describe("a node", () => {
  it("has containerd take the pause image of its Kubernetes and the folder of plugins that Cilium uses", () => {
    assert.equal(
      containerdConfig('version = 2\n  sandbox_image = "example/pause:1"\n  other = 1\n', "example/pause:2"),
      'version = 2\n  sandbox_image = "example/pause:2"\n  other = 1\n\n' +
        '[plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = "/opt/cni/bin"\n',
    );
  });

  it("has a kubelet that accepts the older control groups", () => {
    assert.equal(kubeletDefaults("KUBELET_EXTRA_ARGS=--a=b\n"), "KUBELET_EXTRA_ARGS=--a=b --fail-cgroupv1=false\n");
  });

  it("starts containers with kind's hook and without limits of its own", () => {
    const spec = JSON.parse(baseSpec('{"process":{"rlimits":[1],"user":{}},"root":{}}')) as unknown;
    assert.deepEqual(spec, {
      process: { user: {} },
      root: {},
      hooks: { createContainer: [{ path: "/kind/bin/mount-product-files.sh" }] },
    });
  });

  it("gives kube-proxy the libraries that iptables is linked to", () => {
    const printed =
      "\tlinux-vdso.so.1 (0x00007f)\n\tlibmnl.so.0 => /lib/a/libmnl.so.0 (0x00007f)\n\t/lib64/ld-linux.so.2 (0x00007f)\n";
    assert.deepEqual(linkedLibraries(printed), ["/lib/a/libmnl.so.0", "/lib64/ld-linux.so.2"]);
  });
});

describe("the mirror of Debian", () => {
  const rows: readonly [string, string[], string][] = [
    [
      "the machine's own",
      ["Types: deb\nURIs: http://mirror.example/debian\nSuites: x\n"],
      "http://mirror.example/debian",
    ],
    ["that of the older form", ["deb [signed-by=/k] https://m.example/debian/ x main\n"], "https://m.example/debian"],
    ["not the one of security updates", ["URIs: http://m.example/debian-security\n"], "http://deb.debian.org/debian"],
    ["everybody's where the machine names none", [], "http://deb.debian.org/debian"],
  ];
  for (const [title, sources, mirror] of rows) {
    it(`is ${title}`, () => {
      assert.equal(debianMirror(sources), mirror);
    });
  }
});

describe("a machine that is to build images", () => {
  it("is told everything that it lacks at once", () => {
    const told = machineProblems({ os: "darwin" }, 501, () => false).map(({ what }) => what);
    assert.deepEqual(told, [
      "images are built from Linux packages, got `darwin`",
      "images are built in root filesystems of their own, which only root may make",
      "there is no `apt-get`",
    ]);
  });

  it("is taken as it is where nothing is lacking", () => {
    assert.deepEqual(
      machineProblems({ os: "linux" }, 0, () => true),
      [],
    );
  });
});

describe("the container engine of our own", () => {
  it("keeps everything in its folder", () => {
    assert.deepEqual(engineConfig("/cache/engine", undefined), {
      "data-root": "/cache/engine/data",
      "exec-root": "/cache/engine/exec",
      pidfile: "/cache/engine/dockerd.pid",
      hosts: ["unix:///cache/engine/docker.sock"],
      "default-cgroupns-mode": "private",
      "storage-driver": "overlay2",
    });
  });

  it("starts containers by the wrapper where the machine withholds what runc asks for", () => {
    const config = engineConfig("/cache/engine", "/cache/engine/wrapper") as Record<string, unknown>;
    assert.deepEqual(config["runtimes"], { "within-limits": { path: "/cache/engine/wrapper" } });
    assert.equal(config["default-runtime"], "within-limits");
  });

  const masks: readonly [string, boolean][] = [
    ["CapBnd:\t000001ffffffffff\n", false],
    ["CapBnd:\t000001fffeffffff\n", true],
    ["CapEff:\t000001fffeffffff\n", false],
  ];
  for (const [status, withheld] of masks) {
    it(`finds CAP_SYS_RESOURCE ${withheld ? "withheld" : "granted"} in ${JSON.stringify(status)}`, () => {
      assert.equal(withholdsResource(status), withheld);
    });
  }

  it("is named to docker only where it is used", () => {
    assert.deepEqual(engineEnvironment(undefined), {});
    assert.deepEqual(engineEnvironment({ kind: "given" }), {});
    assert.deepEqual(engineEnvironment({ kind: "ours", host: "unix:///x" }), { DOCKER_HOST: "unix:///x" });
  });
});

describe("the machine after our engine", () => {
  it("gets back the kernel settings that changed, and is told which one stays", () => {
    const { steps, stay } = kernelSteps(
      { "kernel.panic": "1", "fs.nr_open": "1048576", "kernel.unprivileged_bpf_disabled": "2", gone: "1" },
      { "kernel.panic": "10", "fs.nr_open": "1048576", "kernel.unprivileged_bpf_disabled": "1" },
    );
    assert.deepEqual(steps, [["sysctl", "-q", "-w", "kernel.panic=1"]]);
    assert.deepEqual(stay, ["kernel.unprivileged_bpf_disabled was 2 and stays 1 until the machine starts again"]);
  });

  const before = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n-A INPUT -i own -j ACCEPT\nCOMMIT\n";
  const after =
    "*filter\n:INPUT ACCEPT [1:2]\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n-A INPUT -i own -j ACCEPT\n" +
    "-A INPUT -i other -j ACCEPT\n-A FORWARD -o docker0 -j DOCKER\n-A DOCKER -i br-0123456789ab -j RETURN\nCOMMIT\n" +
    '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o docker0 -m comment --comment "of docker" -j MASQUERADE\nCOMMIT\n';

  it("loses the rules, chains and policies of docker, and nobody else's", () => {
    assert.deepEqual(
      firewallSteps("iptables", before, after).map((step) => step.join(" ")),
      [
        "iptables -w -t filter -P FORWARD ACCEPT",
        "iptables -w -t filter -D FORWARD -o docker0 -j DOCKER",
        "iptables -w -t filter -F DOCKER",
        "iptables -w -t filter -X DOCKER",
        "iptables -w -t nat -D POSTROUTING -o docker0 -m comment --comment of docker -j MASQUERADE",
      ],
    );
  });

  it("stays as it is where nothing changed", () => {
    assert.deepEqual(firewallSteps("iptables", after, after), []);
    assert.deepEqual(linkSteps(["lo", "docker0"], ["lo", "docker0"]), []);
  });

  it("keeps the control groups of a container in which something runs, however deep", () => {
    const folder = mkdtempSync(join(tmpdir(), "control-groups-"));
    for (const path of ["ended/init", "running/system/unit"]) mkdirSync(join(folder, path), { recursive: true });
    for (const path of ["ended", "ended/init", "running"]) writeFileSync(join(folder, path, "cgroup.procs"), "");
    writeFileSync(join(folder, "running/system/unit/cgroup.procs"), "17\n");
    assert.deepEqual([hasProcesses(join(folder, "ended")), hasProcesses(join(folder, "running"))], [false, true]);
    rmSync(folder, { recursive: true });
  });

  it("has the interfaces that ip lists, whatever they are joined to", () => {
    const printed = "1: lo: <UP> mtu 65536\n2: docker0: <UP> mtu 1500\n7: veth1@if6: <UP> mtu 1500\n";
    assert.deepEqual(linkNames(printed), ["lo", "docker0", "veth1"]);
  });

  it("loses the bridges of docker and keeps those of others", () => {
    assert.deepEqual(linkSteps(["lo"], ["lo", "docker0", "br-0123456789ab", "br-lan"]), [
      ["ip", "link", "delete", "docker0"],
      ["ip", "link", "delete", "br-0123456789ab"],
    ]);
  });
});

describe("set-up's option for images", () => {
  it("builds them only when it is said", () => {
    assert.deepEqual(readImagesOption(["kind"]), { rest: ["kind"], images: "pull" });
    assert.deepEqual(readImagesOption(["kind", "--images=build"]), { rest: ["kind"], images: "build" });
  });

  for (const wrong of ["--images", "--images=", "--images=pull"]) {
    it(`refuses ${wrong}`, () => {
      assert.throws(() => readImagesOption(["kind", wrong]), /expected --images=build, or no such option/);
    });
  }
});

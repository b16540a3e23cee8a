/**
 * Bad input: what a person is told about each kind of it. Nothing is swallowed, and all of it is told at once.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { formatProblems, ProblemsError } from "../../policies/problems.ts";
import { readWorld } from "../../policies/reachability/index.ts";
import { main } from "../../reach/command.ts";
import { load } from "../../reach/input/load.ts";
import { standardInput } from "./standard-input.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reach-input-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** What is said of a path below the folder, with the folder's own name left out. */
async function told(...paths: readonly string[]): Promise<string> {
  try {
    const { manifests, problems } = await load(paths.map((path) => join(folder, path)));
    const found = [...problems, ...readWorld({ manifests, externals: [] }).problems];
    return withoutFolder(`read\n${formatProblems(found)}`);
  } catch (error) {
    if (error instanceof ProblemsError) return withoutFolder(formatProblems(error.problems));
    throw error;
  }
}

function withoutFolder(text: string): string {
  return text.replaceAll(`${folder}/`, "").replaceAll(folder, ".");
}

const policy = (name: string, spec = "{ podSelector: {} }"): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

describe("a path that cannot be used is refused:", () => {
  it("one that is not there", async () => {
    assert.equal(
      await told("nowhere"),
      "nowhere: there is no such file or folder\n  expected a file or folder that can be read  [input/no-such-path]",
    );
  });

  it("a folder without manifests", async () => {
    write({ "README.md": "# Nothing", ".hidden/a.yaml": policy("a"), "node_modules/b/b.yaml": policy("b") });
    assert.equal(
      await told("."),
      ".: no manifests in this folder\n" +
        "  expected Kubernetes objects in .yaml, .yml or .json files  [input/no-manifests]",
    );
  });

  it("a folder whose files hold no object", async () => {
    write({ "a.yaml": "---\n# nothing\n---\n", "values.yaml": "replicas: 1\n" });
    assert.equal(
      await told("."),
      ".: no Kubernetes object\n" + "  expected Kubernetes objects in .yaml, .yml or .json files  [input/no-manifests]",
    );
  });

  it("standard input that brings nothing", async () => {
    await assert.rejects(load(["-"], { stdin: standardInput() }), {
      problems: [
        {
          code: "input/no-manifests",
          where: "stdin",
          what: "no Kubernetes object",
          expected: "Kubernetes objects",
        },
      ],
    });
  });

  it("a link that leads nowhere", async () => {
    write({ "a.yaml": policy("a") });
    symlinkSync("gone.yaml", join(folder, "b.yaml"));
    assert.equal(
      await told("."),
      "b.yaml: the link leads nowhere\n  expected a file or folder that can be read  [input/unreadable]",
    );
  });

  it("a link that leads to itself", async () => {
    symlinkSync("b.yaml", join(folder, "b.yaml"));
    assert.equal(
      await told("b.yaml"),
      "b.yaml: the link leads in a circle\n  expected a file or folder that can be read  [input/unreadable]",
    );
  });

  it("a file that one may not read", async function () {
    if (process.getuid?.() !== 0) {
      this.skip();
      return;
    }
    write({ "a.json": "{}", "b.json": "{}" });
    const { chmodSync } = await import("node:fs");
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "a.json"), 0o000);
    process.seteuid?.(65534);
    try {
      assert.equal(
        await told("a.json"),
        "a.json: permission denied\n  expected a file or folder that can be read  [input/unreadable]",
      );
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe("a file that cannot be read is refused, beside all others:", () => {
  it("what does not parse, with its line and column, in every document of every file", async () => {
    write({
      "a.yaml": `${policy("a")}---\nkind: [\n---\n${policy("b", "{")}`,
      "b.json": '{ "kind": "NetworkPolicy",\n  "metadata": { "name": "x" }\n  "spec": {} }',
      "c.jsonl.json": '{"kind":"Secret"}\n{"kind":"Secret"\n{"kind":"Secret"}\n',
    });
    assert.equal(
      await told("."),
      [
        "a.yaml:7:1: too little indentation, or an open bracket or quote before",
        "  expected YAML or JSON  [input/syntax]",
        "",
        "a.yaml:12:1: too little indentation, or an open bracket or quote before",
        "  expected YAML or JSON  [input/syntax]",
        "",
        "b.json:3:3: missed comma between flow collection entries",
        "  expected YAML or JSON  [input/syntax]",
        "",
        "c.jsonl.json:3:1: missed comma between flow collection entries",
        "  expected YAML or JSON  [input/syntax]",
      ].join("\n"),
    );
  });

  it("a template that was not rendered", async () => {
    write({ "a.yaml": "kind: NetworkPolicy\nmetadata:\n  name: {{ .Values.name }}\n" });
    assert.equal(
      await told("a.yaml"),
      "a.yaml:3:10: a key that is no text; the file looks like a template\n" +
        "  expected YAML or JSON\n" +
        "  fix: render it first, for example `helm template . | reach matrix -`  [input/syntax]",
    );
  });

  it("bytes that are no UTF-8, and UTF-16", async () => {
    write({
      "latin.yaml": Buffer.from("kind: Secret\nname: caf\xe9\n", "latin1"),
      "wide.yaml": Buffer.from(`\uFEFF${policy("a")}`, "utf16le"),
      "nul.yaml": "kind: Secret\nname: a\0b\n",
    });
    assert.equal(
      await told("."),
      [
        "latin.yaml:2:10: bytes that are no UTF-8",
        "  expected UTF-8",
        "  fix: save the file as UTF-8  [input/encoding]",
        "",
        "nul.yaml:2:8: null byte is not allowed in input",
        "  expected YAML or JSON  [input/syntax]",
        "",
        "wide.yaml: UTF-16, little end first",
        "  expected UTF-8",
        "  fix: save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8 wide.yaml`  [input/encoding]",
      ].join("\n"),
    );
  });

  it("aliases that never end or stand for a billion, and a hundred thousand brackets", async () => {
    const lines = Array.from({ length: 9 }, (_, index) => {
      const item = index === 0 ? "lol" : `*l${String(index - 1)}`;
      return `l${String(index)}: &l${String(index)} [${Array(9).fill(item).join(", ")}]`;
    });
    const brackets = "[".repeat(100_000);
    write({
      "cycle.yaml": "kind: Secret\nme: &me\n  - *me\n",
      "deep.json": `{"kind":"Secret","a":${brackets}${"]".repeat(100_000)}}`,
      "deep.yaml": `kind: Secret\na: ${brackets}`,
      "laughs.yaml": lines.join("\n"),
    });
    const started = performance.now();
    assert.equal(
      await told("."),
      [
        "cycle.yaml:3:6: `*me` stands inside `&me`",
        "  expected an alias to something that is complete",
        "  fix: write the value out  [input/cycle]",
        "",
        "deep.json:1:1: nesting exceeds 200 levels",
        "  expected at most 200 levels of lists and objects  [input/deep]",
        "",
        "deep.yaml:2:203: nesting exceeded maxDepth (200)",
        "  expected at most 200 levels of lists and objects  [input/deep]",
        "",
        "laughs.yaml:5:9: the aliases stand for far more than is written",
        "  expected aliases that are followed a few times",
        "  fix: write the values out  [input/expansion]",
      ].join("\n"),
    );
    assert.ok(performance.now() - started < 1000);
  });

  it("more than can be meant", async () => {
    const space = Buffer.alloc(16 * 1024 * 1024, " ");
    await assert.rejects(load(["-"], { stdin: standardInput(space, space, space, space, "x") }), {
      problems: [
        {
          code: "input/too-large",
          where: "stdin",
          what: "more than 64 MiB",
          expected: "at most 64 MiB",
          fix: "leave out what is no policy, namespace or workload, or split the file",
        },
      ],
    });
  });
});

describe("an object that cannot be used is refused:", () => {
  it("two of one kind, namespace and name, with both places", async () => {
    write({
      "a.yaml": `${policy("a")}---\n${policy("b")}`,
      "b.json": '{"kind":"List","items":[\n{"kind":"NetworkPolicy","metadata":{"name":"b","namespace":"default"}}]}',
      "c.yaml": policy("a"),
    });
    assert.equal(
      await told("."),
      "b.json:2: NetworkPolicy default/b is written a second time, first at a.yaml:6\n" +
        "  expected one object of each kind, namespace and name\n" +
        "  fix: remove or rename one of the two  [input/same-name]\n\n" +
        "c.yaml:1: NetworkPolicy default/a is written a second time, first at a.yaml:1\n" +
        "  expected one object of each kind, namespace and name\n" +
        "  fix: remove or rename one of the two  [input/same-name]",
    );
  });

  it("bases and overlays that are yet to be put together", async () => {
    write({
      "base/a.yaml": policy("a"),
      "base/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
      "overlay/a.yaml": policy("a"),
    });
    assert.equal(
      await told("."),
      "overlay/a.yaml:1: NetworkPolicy default/a is written a second time, first at base/a.yaml:1\n" +
        "  expected one object of each kind, namespace and name\n" +
        "  fix: build it first: `kubectl kustomize OVERLAY | reach matrix -`  [input/same-name]",
    );
  });

  it("one without kind, one without a name, and what is no object", async () => {
    write({
      "a.yaml":
        "metadata: { name: a }\n---\nkind: Pod\nmetadata: { generateName: a- }\n---\nkind: Pod\nmetadata: { name: 010 }",
      "b.yaml": "- kind: Pod\n",
      "c.yaml": "text\n",
    });
    assert.equal(
      await told("a.yaml", "b.yaml", "c.yaml"),
      [
        "a.yaml:1: an object without `kind`",
        "  expected a Kubernetes object  [input/no-kind]",
        "",
        "a.yaml:3: a Pod without `metadata.name`",
        "  expected a name, as a text  [input/no-name]",
        "",
        "a.yaml:6: `metadata.name` is `8`",
        "  expected a name, as a text  [input/no-name]",
        "",
        "b.yaml:1: a list",
        "  expected an object; for several, `kind: List`  [input/no-object]",
        "",
        'c.yaml:1: `"text"`',
        "  expected an object; for several, `kind: List`  [input/no-object]",
      ].join("\n"),
    );
  });
});

describe("what is not read is told, if it matters:", () => {
  it("a kind that makes pods itself, once, with the number of its objects", async () => {
    const rollout = (name: string): string =>
      `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: ${name} }\n`;
    write({ "a.yaml": `${policy("a")}---\n${rollout("a")}---\n${rollout("b")}` });
    assert.equal(
      await told("."),
      "read\na.yaml:6: Rollout of argoproj.io/v1alpha1 is not read (2 objects)\n" +
        "  expected policies, namespaces, services, and pods or the objects by which Kubernetes itself makes pods  [input/kind-not-read]",
    );
  });

  it("a kind of another group than its name suggests", async () => {
    write({
      "a.yaml": `${policy("a")}---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: web }\n`,
    });
    assert.equal(
      await told("."),
      "read\na.yaml:6: Service of serving.knative.dev/v1 is not read (1 object)\n" +
        "  expected policies, namespaces, services, and pods or the objects by which Kubernetes itself makes pods  [input/kind-not-read]",
    );
  });

  it("but not a Secret, a ConfigMap, a Role or a hook of Helm's", async () => {
    const hook =
      "apiVersion: batch/v1\nkind: Job\nmetadata: { name: h, annotations: { helm.sh/hook: pre-install } }\nspec: { template: {} }\n";
    const others = [
      "v1 Secret",
      "v1 ConfigMap",
      "rbac.authorization.k8s.io/v1 Role",
      "apiextensions.k8s.io/v1 CustomResourceDefinition",
    ];
    const objects = others.map((each) => {
      const [version = "", kind = ""] = each.split(" ");
      return `apiVersion: ${version}\nkind: ${kind}\nmetadata: { name: a }\n`;
    });
    write({ "a.yaml": [policy("a"), hook, ...objects].join("---\n") });
    assert.equal(await told("."), "read\n");
  });

  it("other YAML and JSON in a folder", async () => {
    write({ "a.yaml": policy("a"), "values.yaml": "replicas: 1\n", "package.json": '{ "name": "x" }' });
    assert.equal(
      await told("."),
      [
        "read",
        "package.json:1: left out: neither `kind` nor `metadata`",
        "  expected Kubernetes objects  [input/not-kubernetes]",
        "",
        "values.yaml:1: left out: neither `kind` nor `metadata`",
        "  expected Kubernetes objects  [input/not-kubernetes]",
      ].join("\n"),
    );
  });

  it("that there is no policy", async () => {
    write({ "a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n" });
    assert.equal(
      await told("."),
      "read\n.: there is no policy, so nothing is restricted\n" +
        "  expected NetworkPolicy, CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy  [input/no-policies]",
    );
  });
});

describe("what is wrong in a policy comes with its file and line:", () => {
  it("ranges, ports, and labels that Cilium ignores", async () => {
    const cilium = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: c }
spec:
  endpointSelector: { matchLabels: { pod-template-hash: abc } }
  egress:
    - toCIDR: [10.0.0.0/33]
    - toPorts: [{ ports: [{ port: "99999" }, { port: "90", endPort: 80 }] }]
`;
    write({
      "a.yaml": `${policy("a", "{ podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 10.0.0.300/8 } }] }] }")}---\n${cilium}`,
    });
    assert.match(await told("."), /^read\na\.yaml:1 › NetworkPolicy a › spec\.egress\[0\]\.to\[0\]\.ipBlock: /m);
    assert.match(await told("."), /^a\.yaml:6 › CiliumNetworkPolicy c › spec\.egress\[0\]\.toCIDR\[0\]: /m);
    assert.match(
      await told("."),
      /^a\.yaml:6 › CiliumNetworkPolicy c › spec\.egress\[1\]\.toPorts\[0\]\.ports\[0\]\.port: /m,
    );
    assert.match(await told("."), /^a\.yaml:6 › CiliumNetworkPolicy c › spec\.egress\[1\]\.toPorts\[0\]\.ports\[1\]/m);
    assert.match(await told("."), /^a\.yaml:6 › CiliumNetworkPolicy c › spec\.endpointSelector/m);
  });
});

describe("a folder is walked", () => {
  it("in the order of its paths, whatever its folders are called, and no file twice", async () => {
    write({
      "b/one.yaml": policy("one"),
      "a/x.yaml/two.yml": policy("two"),
      "a.yaml": policy("zero"),
      "c.json": '{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"three"}}',
    });
    symlinkSync("..", join(folder, "a/round"));
    symlinkSync("b/one.yaml", join(folder, "z.yaml"));
    const { manifests } = await load([folder, join(folder, "b"), join(folder, "c.json")]);
    assert.deepEqual(
      manifests.map(({ source = "" }) => withoutFolder(source)),
      ["a.yaml:1", "a/x.yaml/two.yml:1", "b/one.yaml:1", "c.json:1"],
    );
  });
});

describe("what is written twice", () => {
  it("is a Namespace that several files bring along, and read once", async () => {
    const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n";
    write({ "a.yaml": `${policy("a")}---\n${namespace}`, "b.yaml": namespace });
    assert.equal(await told("."), "read\n");
  });

  it("is a key, in JSON as in YAML: the last counts, and it is told", async () => {
    const object =
      '{ "kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1", "metadata": { "name": "a" },\n' +
      '  "spec": { "podSelector": {},\n    "policyTypes": ["Egress"], "policyTypes": ["Ingress"], "__proto__": {} } }';
    write({ "a.json": object });
    assert.equal(
      await told("."),
      [
        "read",
        "a.json:1 › NetworkPolicy a › spec.__proto__: Cilium does not know this field, drops it and enforces the rest",
        "  expected only fields of the kind",
        "  fix: remove the field, or the rule that depends on it  [cilium/unknown-field]",
        "",
        "a.json:3:32: the key `policyTypes` stands here again",
        "  expected each key once: of two the last counts, here as in Kubernetes",
        "  fix: remove one of the two  [input/doubled-key]",
      ].join("\n"),
    );
  });

  it("is a key beside braces, which make no template of what can be read", async () => {
    write({ "a.yaml": `${policy("a")}---\nkind: Secret\nkind: Secret\ntext: "{{ x }}"\n` });
    assert.equal(
      await told("."),
      "read\na.yaml:7:1: the key `kind` stands here again\n" +
        "  expected each key once: of two the last counts, here as in Kubernetes\n" +
        "  fix: remove one of the two  [input/doubled-key]",
    );
  });

  it("is a path: no file is read twice", async () => {
    write({ "b/one.yaml": policy("one") });
    const { manifests } = await load([join(folder, "b/one.yaml"), folder, join(folder, "b/one.yaml")]);
    assert.equal(manifests.length, 1);
  });
});

describe("the command", () => {
  it("exits with 2 on input that cannot be used, and prints no stack", async () => {
    const printed: string[] = [];
    const print = (text: string): void => void printed.push(text);
    const terminal = { print, warn: print, progress: () => undefined, paint: (_style: string, text: string) => text };
    assert.equal(await main(["matrix", join(folder, "nowhere")], terminal), 2);
    assert.deepEqual(printed.map(withoutFolder), [
      "nowhere: there is no such file or folder\n  expected a file or folder that can be read  [input/no-such-path]\n",
    ]);
  });
});

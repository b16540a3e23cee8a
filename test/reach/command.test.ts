/** The command itself: its door, its help, what it makes of words that it does not know, and how it ends. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { linesOf, ran, shop } from "./ran.ts";

const door = join(import.meta.dirname, "../../reach/reach.mjs");
const project = join(import.meta.dirname, "../..");

function started(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [door, ...words], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

describe("reach, started as a process", () => {
  it("answers and ends with the verb's code", () => {
    assert.deepEqual(started(["check", `${shop}/promises.yaml`, `${shop}/base`]), {
      status: 0,
      stderr: "",
      stdout: [
        "kept    must dev/web -> dev/api TCP 8080  (test/fixtures/reach/shop/promises.yaml:1)",
        "kept    must dev/* -> kube-system/coredns UDP 53  (test/fixtures/reach/shop/promises.yaml:2)",
        "kept    never dev/* -> uat/*  (test/fixtures/reach/shop/promises.yaml:3)",
        "kept    never dev/web -> world  (test/fixtures/reach/shop/promises.yaml:5)",
        "",
        "4 promises: 4 kept, 0 broken",
        "",
      ].join("\n"),
    });
    assert.equal(started(["check", `${shop}/promises.yaml`, `${shop}/head`]).status, 1);
  });

  it("tells what is wrong on standard error, without a stack trace", () => {
    assert.deepEqual(started(["matrix", "no-such-folder"]), {
      status: 2,
      stdout: "",
      stderr:
        "no-such-folder: there is no such file or folder\n  expected a file or folder that can be read  [input/no-such-path]\n",
    });
  });

  it("is coloured only if somebody asks or looks", () => {
    const words = ["matrix", `${shop}/base`, "--focus", "dev/web"];
    const coloured = started(words, { FORCE_COLOR: "1", NO_COLOR: "" }).stdout;
    assert.equal(
      coloured.split("\n")[0],
      "\u001b[2mFROM     TO                   PORTS                    WHAT REMAINS\u001b[22m",
    );
    assert.doesNotMatch(started(words).stdout, /\u001b/);
  });

  it("ends quietly when its reader has seen enough", () => {
    const script = `"${process.execPath}" "${door}" matrix "${shop}/base" -o csv | head -n 1`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    assert.deepEqual(
      { stdout, stderr },
      { stdout: "from,to,protocol,first_port,last_port,outcome,remains\n", stderr: "" },
    );
  });

  it("reads standard input", () => {
    const { stdout } = spawnSync(
      "bash",
      ["-c", `cat "${shop}"/base/*.yaml | "${process.execPath}" "${door}" matrix - --to uat/`],
      {
        encoding: "utf8",
      },
    );
    assert.match(stdout, /^kube-system\/coredns {2}uat\/db {2}all ports$/m);
  });

  it("says what to do where its libraries are not installed", () => {
    const clone = mkdtempSync(join(tmpdir(), "reach-clone-"));
    try {
      for (const part of ["reach", "policies", "package.json"])
        cpSync(join(project, part), join(clone, part), { recursive: true });
      const { status, stderr } = spawnSync(process.execPath, [join(clone, "reach/reach.mjs"), "matrix", "."], {
        encoding: "utf8",
      });
      assert.deepEqual(
        { status, stderr },
        { status: 2, stderr: `reach: its libraries are not installed\n  fix: run npm ci in ${clone}\n` },
      );
    } finally {
      rmSync(clone, { recursive: true });
    }
  });
});

describe("The words of reach", () => {
  const refused: readonly [string, readonly string[], readonly string[]][] = [
    [
      "a verb that is nearly one",
      ["matrx", "."],
      [
        "reach: unknown command `matrx`",
        "  expected reach [options] [command]",
        "  fix: did you mean `matrix`?  [reach/usage]",
      ],
    ],
    [
      "an option that is nearly one",
      ["matrix", ".", "--fcus", "dev/"],
      [
        "reach matrix: unknown option `--fcus`",
        "  expected reach matrix [options] [path...]",
        "  fix: did you mean `--focus`?  [reach/usage]",
      ],
    ],
    [
      "a verb without its words",
      ["explain", "dev/web"],
      [
        "reach explain: missing required argument `to`",
        "  expected reach explain [options] <from> <to> <port> [path...]",
        "  fix: `reach explain --help` says more  [reach/usage]",
      ],
    ],
    [
      "a way to tell it that there is not",
      ["lint", ".", "-o", "yaml"],
      [
        "reach lint: option `-o, --output <format>` argument `yaml` is invalid",
        "  expected text, markdown, json, sarif",
        "  fix: `reach lint --help` says more  [reach/usage]",
      ],
    ],
    [
      "a target that there is not",
      ["matrix", ".", "--target", "eks"],
      [
        "reach matrix: option `--target <target>` argument `eks` is invalid",
        "  expected kind, aks",
        "  fix: `reach matrix --help` says more  [reach/usage]",
      ],
    ],
  ];
  for (const [title, words, lines] of refused) {
    it(`are refused: ${title}`, async () => {
      const { code, out, err } = await ran(...words);
      assert.deepEqual({ code, out, err: linesOf(err) }, { code: 2, out: "", err: lines });
    });
  }

  for (const verb of ["matrix", "diff", "explain", "lint", "check", "conformance"]) {
    it(`explain themselves, with an example: ${verb}`, async () => {
      const { code, out } = await ran(verb, "--help");
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: reach ${verb} `));
      assert.match(out, new RegExp(`\\nExample:\\n {2}reach ${verb} \\S`));
    });
  }

  it("without any it lists the verbs and ends with 2", async () => {
    const { code, out, err } = await ran();
    assert.deepEqual(
      { code, out, first: linesOf(err)[0] },
      { code: 2, out: "", first: "Usage: reach [options] [command]" },
    );
  });

  it("externals that cannot be used are refused, each with its place", async () => {
    const { code, err } = await ran("matrix", `${shop}/base`, "--externals", `${shop}/promises.yaml`);
    assert.deepEqual(
      { code, err: linesOf(err).slice(0, 2) },
      {
        code: 2,
        err: [
          `${shop}/promises.yaml › [0]: unknown key \`must\``,
          "  expected a list of {name, fqdn, ip}, {name, ip} or {name, entity}, entity being one of host, remote-node, kube-apiserver, world, health, ingress, init, unmanaged  [reach/unusable-externals]",
        ],
      },
    );
  });
});

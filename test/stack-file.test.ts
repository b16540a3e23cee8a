/** The stack file is the user's: what is read from it, and that it is handed back as it was. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UserError } from "../policies/problems.ts";
import {
  clusterNameOf,
  onlySaltAdded,
  saltOf,
  stackFileName,
  targetOf,
  withTrackedFileKept,
  workingCopy,
} from "../scripts/pulumi/stack-file.ts";

const tracked = "# Ours.\nconfig:\n  platform:target: kwok\n";
const salt = "encryptionsalt: v1:lE6Zk7XW=:v1:AqOp:7Q==";
const otherSalt = "encryptionsalt: v1:0000=:v1:1111:22==";
const salted = `${tracked}${salt}\n`;

describe("the name of a stack file", () => {
  for (const [stack, file] of [
    ["kwok", "Pulumi.kwok.yaml"],
    ["prod-eu.1", "Pulumi.prod-eu.1.yaml"],
    ["acme/prod", "Pulumi.prod.yaml"],
    ["acme/platform/prod", "Pulumi.prod.yaml"],
  ] as const) {
    it(`is ${file} for ${stack}`, () => {
      assert.equal(stackFileName(stack), file);
    });
  }
});

describe("the working copy of a stack file", () => {
  for (const { what, file, copy, expected } of [
    { what: "is the file where there is no copy yet", file: tracked, copy: undefined, expected: tracked },
    { what: "is the file where the copy has no salt", file: tracked, copy: "config: {}\n", expected: tracked },
    { what: "keeps the salt of the copy and nothing else", file: tracked, copy: `old: 1\n${salt}\n`, expected: salted },
    { what: "ends its last line before the salt", file: tracked.trimEnd(), copy: salted, expected: salted },
    { what: "gets a salt that stands alone", file: tracked, copy: salt, expected: salted },
    { what: "has the file's own salt where that has one", file: salted, copy: otherSalt, expected: salted },
    {
      what: "is not misled by a salt inside the settings",
      file: `config:\n  other:encryptionsalt: mine\n`,
      copy: salt,
      expected: `config:\n  other:encryptionsalt: mine\n${salt}\n`,
    },
  ]) {
    it(what, () => {
      assert.equal(workingCopy(file, copy), expected);
    });
  }
});

describe("the salt of a stack file", () => {
  it("is its line, or nothing", () => {
    assert.equal(saltOf(salted), salt);
    assert.equal(saltOf(`${salt}\n${tracked}`), salt);
    assert.equal(saltOf(tracked), undefined);
  });

  for (const { what, before, after, added } of [
    { what: "was added at the end", before: tracked, after: salted, added: true },
    { what: "was added at the top", before: tracked, after: `${salt}\n${tracked}`, added: true },
    { what: "was added to a file without a last newline", before: tracked.trimEnd(), after: salted, added: true },
    { what: "was not added to what stayed the same", before: tracked, after: tracked, added: false },
    { what: "is not all that changed", before: tracked, after: `${salted}more: 1\n`, added: false },
    { what: "was the user's own", before: `${tracked}${otherSalt}\n`, after: salted, added: false },
  ]) {
    it(what, () => {
      assert.equal(onlySaltAdded(before, after), added);
    });
  }
});

describe("the tracked stack file", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-file-"));
    file = join(folder, "Pulumi.kwok.yaml");
    writeFileSync(file, tracked);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (text: string) => () => {
    writeFileSync(file, text);
    return Promise.resolve("done");
  };

  it("is as it was after Pulumi wrote a salt into it", async () => {
    assert.equal(await withTrackedFileKept(file, write(salted)), "done");
    assert.equal(readFileSync(file, "utf8"), tracked);
  });

  it("is as it was when the work failed", async () => {
    const failing = withTrackedFileKept(file, async () => {
      await write(salted)();
      throw new Error("no network");
    });
    await assert.rejects(failing, new Error("no network"));
    assert.equal(readFileSync(file, "utf8"), tracked);
  });

  it("keeps what somebody wrote into it meanwhile", async () => {
    const edited = salted.replace("kwok", "kind");
    await withTrackedFileKept(file, write(edited));
    assert.equal(readFileSync(file, "utf8"), edited);
  });

  it("need not be there, and is not made", async () => {
    const absent = join(folder, "Pulumi.prod.yaml");
    assert.equal(await withTrackedFileKept(absent, () => Promise.resolve(1)), 1);
    assert.throws(() => readFileSync(absent), { code: "ENOENT" });
  });

  for (const target of ["kwok", "kind", "aks", "existing"] as const) {
    it(`may stand on ${target}`, async () => {
      writeFileSync(file, `config:\n  platform:target: ${target}\n`);
      assert.equal(await targetOf("kwok", folder), target);
    });
  }

  const refused: readonly [string, string][] = [
    [
      "config:\n  platform:target: kubernetes\n",
      "Pulumi.kwok.yaml › platform:target: got `kubernetes`\n  expected one of kwok, kind, aks, existing",
    ],
    [
      "config:\n  platform:target: { name: kind }\n",
      "Pulumi.kwok.yaml › platform:target: got `{name:kind}`\n  expected one of kwok, kind, aks, existing",
    ],
    [
      "config:\n  target: kind\n",
      "Pulumi.kwok.yaml › platform:target: is missing\n  expected one of kwok, kind, aks, existing",
    ],
    ["", "Pulumi.kwok.yaml › platform:target: is missing\n  expected one of kwok, kind, aks, existing"],
    ["config: kind\n", "Pulumi.kwok.yaml › platform:target: is missing\n  expected one of kwok, kind, aks, existing"],
    [
      "config:\n  platform:target: [kind\n",
      "Pulumi.kwok.yaml: is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ] at line 3, column 1",
    ],
  ];
  for (const [text, message] of refused) {
    it(`is refused as ${JSON.stringify(text)}`, async () => {
      writeFileSync(file, text);
      await assert.rejects(targetOf("kwok", folder), new UserError(message));
    });
  }

  it("is asked for, with how to make it, where there is none", async () => {
    await assert.rejects(
      targetOf("staging", folder),
      new UserError(
        "Pulumi.staging.yaml does not exist\n" +
          "  fix: copy the file of a stack like it, for example: cp Pulumi.kwok.yaml Pulumi.staging.yaml",
      ),
    );
  });
});

describe("the cluster of a stack file", () => {
  for (const [text, name] of [
    ["config:\n  platform:target: kwok\n", "platform-test"],
    ["config:\n  platform:clusterName: mine\n", "mine"],
    ['config:\n  "platform:clusterName": "mine" # not theirs\n', "mine"],
    ["config:\n  platform:clusterName: 7\n", "7"],
    ["config:\n  # platform:clusterName: mine\n", "platform-test"],
    ["config:\n  other:clusterName: mine\n", "platform-test"],
  ] as const) {
    it(`is ${name} in ${JSON.stringify(text)}`, () => {
      assert.equal(clusterNameOf(text, "test"), name);
    });
  }
});

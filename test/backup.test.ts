/** Backups of a cluster's policies, and what restoring one would do. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { formatProblem } from "../policies/problems.ts";
import { load } from "../reach/index.ts";
import { decide, type Decision } from "../scripts/cluster-policies/decide.ts";
import {
  asWritten,
  filesOf,
  inOrder,
  nameOf,
  readBackup,
  recordFile,
  saved,
  type Backup,
  type ClusterObject,
} from "../scripts/cluster-policies/record.ts";
import { planText } from "../scripts/restore.ts";

const time = "2026-11-20T08:00:00.000Z";

function policy(
  name: string,
  more: { readonly spec?: unknown; readonly metadata?: Readonly<Record<string, unknown>> } = {},
): ClusterObject {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    spec: { endpointSelector: {}, ingress: [{}] },
    ...more,
    metadata: {
      name,
      namespace: "dev",
      uid: `uid-${name}`,
      resourceVersion: "10",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [{ manager: "kubectl" }],
      labels: { team: "a" },
      ...more.metadata,
    },
    status: { conditions: [{ type: "Valid", status: "True" }] },
  };
}

const group: ClusterObject = {
  apiVersion: "cilium.io/v2",
  kind: "CiliumCIDRGroup",
  metadata: { name: "partners", uid: "g", resourceVersion: "4" },
  spec: { externalCIDRs: ["203.0.113.0/24"] },
};

function backupOf(...objects: readonly ClusterObject[]): Backup {
  return { cluster: "here", time, saved: inOrder(objects.map(saved)) };
}

/** What restoring the backup does to a cluster with these objects. */
function decided(backup: Backup, now: readonly ClusterObject[], changed: "refuse" | "overwrite" = "refuse"): Decision {
  return decide(backup, backupOf(...now), changed);
}

function steps({ steps: all }: Decision): readonly string[] {
  return all.map(({ verb, object, resourceVersion }) => [verb, nameOf(object), resourceVersion ?? ""].join(" ").trim());
}

describe("A backup", () => {
  it("holds each object as somebody would write it [S0-38]", () => {
    const noted = policy("api", {
      metadata: {
        annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", note: "ours" },
        ownerReferences: [{ kind: "Deployment", name: "api", uid: "u" }],
      },
    });
    assert.deepEqual(asWritten(noted), {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "api", namespace: "dev", labels: { team: "a" }, annotations: { note: "ours" } },
      spec: { endpointSelector: {}, ingress: [{}] },
    });
    assert.deepEqual(
      [saved(noted).uid, saved(noted).resourceVersion, saved(noted).owner],
      ["uid-api", "10", "Deployment api"],
    );
  });

  it("is files for kubectl and reach, a file for each namespace, and a record beside them [S0-38]", async () => {
    const files = filesOf(
      backupOf(policy("web"), policy("api"), policy("db", { metadata: { namespace: "uat" } }), group),
    );
    assert.deepEqual([...files.keys()], ["_cluster.yaml", "dev.yaml", "uat.yaml", recordFile]);
    assert.equal(
      files.get("_cluster.yaml"),
      "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata:\n  name: partners\nspec:\n  externalCIDRs:\n    - 203.0.113.0/24\n",
    );
    assert.deepEqual(files.get(recordFile)?.split("\n").slice(0, 2), [
      '{"schema":1,"cluster":"here","time":"2026-11-20T08:00:00.000Z","objects":4}',
      '{"object":"CiliumCIDRGroup partners","uid":"g","resourceVersion":"4"}',
    ]);
    const folder = mkdtempSync(join(tmpdir(), "backup-"));
    try {
      for (const [file, text] of files) writeFileSync(join(folder, file), text);
      assert.equal((await load([folder])).manifests.length, 4);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is read as it was written, but for what somebody took out [S0-38]", () => {
    const backup = backupOf(policy("web"), policy("api", { metadata: { annotations: { yes: "no" } } }), group);
    const files = filesOf(backup);
    assert.deepEqual(readBackup("b", files), backup);
    const without = new Map([...files].filter(([file]) => file !== "_cluster.yaml"));
    assert.deepEqual(
      readBackup("b", without).saved.map(({ object }) => nameOf(object)),
      ["CiliumNetworkPolicy dev/api", "CiliumNetworkPolicy dev/web"],
    );
  });

  for (const [what, file, text, expected] of [
    ["without its record", recordFile, "", /: b: holds no backup\.jsonl/],
    ["with a record of another form", recordFile, "{}\n", /: b: cannot be read as a backup: /],
    [
      "with an object that somebody put in",
      "more.yaml",
      "{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: dev}}",
      /Secret dev\/x is not in the record/,
    ],
  ] as const) {
    it(`is refused ${what} [S0-38]`, () => {
      const files = new Map([...filesOf(backupOf(policy("api"))), [file, text]]);
      assert.throws(() => readBackup("b", files), expected);
    });
  }
});

describe("Restoring a backup", () => {
  it("does nothing to what is as it was, whoever touched it [S0-38]", () => {
    const touched = policy("api", { metadata: { resourceVersion: "99", uid: "another" } });
    const decision = decided(backupOf(policy("api")), [touched]);
    assert.deepEqual(
      [steps(decision), decision.asBefore, decision.problems],
      [[], ["CiliumNetworkPolicy dev/api"], []],
    );
  });

  it("makes what is gone, groups before the policies that name them [S0-38]", () => {
    assert.deepEqual(steps(decided(backupOf(policy("api"), group), [])), [
      "create CiliumCIDRGroup partners",
      "create CiliumNetworkPolicy dev/api",
    ]);
  });

  it("leaves alone what somebody else makes again, and what came later [S0-38]", () => {
    const owned = policy("api", { metadata: { ownerReferences: [{ kind: "Cluster", name: "c" }] } });
    const decision = decided(backupOf(owned, policy("web")), [policy("web"), policy("later")]);
    assert.deepEqual(steps(decision), []);
    assert.equal(
      planText(decision, backupOf()),
      "backup of 2026-11-20T08:00:00.000Z: 1 as before\n" +
        "  left       CiliumNetworkPolicy dev/api, of Cluster c\n" +
        "  stays      CiliumNetworkPolicy dev/later, which came after the backup",
    );
  });

  it("refuses what was changed since, all at once, and says where [S0-38]", () => {
    const changed = policy("api", { spec: { endpointSelector: {}, ingress: [{ fromEntities: ["all"] }] } });
    const anew = policy("web", { metadata: { uid: "another", labels: { team: "b" } } });
    assert.deepEqual(decided(backupOf(policy("api"), policy("web")), [changed, anew]).problems.map(formatProblem), [
      "CiliumNetworkPolicy dev/api: was changed since the backup of 2026-11-20T08:00:00.000Z: spec.ingress\n" +
        "  expected what is restored to be gone, or as it was saved\n" +
        "  fix: leave it out of the backup's files, or say --overwrite to lose the change  [restore/changed-since]",
      "CiliumNetworkPolicy dev/web: was deleted and made anew since the backup of 2026-11-20T08:00:00.000Z: metadata.labels.team\n" +
        "  expected what is restored to be gone, or as it was saved\n" +
        "  fix: leave it out of the backup's files, or say --overwrite to lose the change  [restore/changed-since]",
    ]);
  });

  it("overwrites it where that is said, and only as it was seen [S0-38]", () => {
    const changed = policy("api", {
      spec: { endpointSelector: {}, egress: [{}] },
      metadata: { resourceVersion: "77" },
    });
    const decision = decided(backupOf(policy("api")), [changed], "overwrite");
    assert.deepEqual([steps(decision), decision.problems], [["overwrite CiliumNetworkPolicy dev/api 77"], []]);
  });

  it("refuses another cluster [S0-38]", () => {
    const { problems } = decide(backupOf(policy("api")), { cluster: "there", saved: [] }, "refuse");
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["restore/another-cluster"],
    );
  });
});

describe("npm run backup and npm run restore", function () {
  this.timeout(20_000);
  const program = join(import.meta.dirname, "..", "scripts", "platform.ts");
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "backup-test-"));
    writeFileSync(join(folder, "Pulumi.test.yaml"), "config: {platform:target: kwok}\n");
    writeFileSync(join(folder, "Pulumi.cloud.yaml"), "config: {platform:target: aks}\n");
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [args, expected] of [
    [["backup", "test"], /^backup: expected <stack> or --kubeconfig FILE, and --into FOLDER\n$/],
    [["backup", "--into", "b"], /^names no cluster\n {2}expected a stack, or --kubeconfig FILE\n$/],
    [["backup", "test", "--into", "b"], /kubeconfig does not exist\n {2}fix: bring it up: npm run up -- test\n$/],
    [["backup", "cloud", "--into", "b"], /fix: say --kubeconfig with a file of yours/],
    [
      ["backup", "test", "--kubeconfig", "k", "--into", "b"],
      /^one cluster at a time: got the stack `test` and --kubeconfig k/,
    ],
    [["backup", "--kubeconfig", "k", "--into", "b"], /^--kubeconfig: `k` cannot be read/],
    [["backup", "test", "--force"], /^backup: Unknown option '--force'/],
    [["restore", "test"], /^restore: expected <stack>/],
    [["restore", "test", "--from", "absent"], /^--from: `absent` cannot be read/],
    [["restore", "test", "--from", "."], /^\.: holds no backup\.jsonl/],
  ] as const) {
    it(`refuses \`${args.join(" ")}\``, () => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: "/nowhere", HOME: folder },
      });
      assert.match(stderr, expected);
      assert.deepEqual([stdout, status], ["", 1]);
    });
  }
});

/** The platform as one file: what `npm run inventory` writes from a stack file alone. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseAllDocuments } from "yaml";

import { inventoryOfStackFile } from "../scripts/inventory.ts";
import { inventoryGolden } from "./support/golden.ts";

const program = join(import.meta.dirname, "..", "scripts", "platform.ts");

interface Written {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** What the command prints of a stack file with this text, in a folder with nothing else. */
function inventoryOf(
  stackFile: string,
  ...args: readonly string[]
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), "inventory-"));
  try {
    writeFileSync(join(folder, "Pulumi.test.yaml"), stackFile);
    // Nobody else's programs are at hand: neither Pulumi nor helm is needed.
    return spawnSync(process.execPath, [program, "inventory", "test", ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: "/nowhere", HOME: folder },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function objectsIn(text: string): Written[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Written);
}

const kind = `config:
  platform:target: kind
  platform:namespaces:
    dev: {}
`;

describe("npm run inventory", function () {
  this.timeout(20_000);

  it("writes namespaces, pods, policies and promises of a stack, without Pulumi, helm or a chart", () => {
    const { stdout, status } = inventoryOf(kind);
    assert.equal(status, 0);
    assert.match(stdout, /^# The platform of Pulumi\.test\.yaml, written by `npm run inventory -- test`\./);
    const objects = objectsIn(stdout);
    assert.deepEqual(
      objects
        .filter(({ kind: each }) => each !== "Pod")
        .map(({ kind: each, metadata }) => `${each} ${metadata.namespace ?? ""}/${metadata.name}`),
      [
        "Inventory /test",
        "Namespace /dev",
        "Namespace /kube-system",
        "Namespace /kyverno",
        "Namespace /argocd",
        "Namespace /platform-gateway",
        "Namespace /nginx-gateway",
        "Namespace /made-later",
        "NetworkPolicy dev/default-deny",
        "CiliumNetworkPolicy dev/allow-dns",
        "GeneratingPolicy /default-deny-namespaces",
        "ValidatingPolicy /protect-default-deny-netpol",
        "ValidatingPolicy /protect-isolation",
        "NetworkPolicy made-later/default-deny",
      ],
    );
    assert.ok(
      stdout.includes("        - never: dev/example -> world\n          because: nothing leaves the cluster\n"),
    );
  });

  it("says of each policy which bundle it comes from, and where a file holds it", () => {
    const origins = objectsIn(
      inventoryOf(`${kind}  platform:policies:\n    bundles: [baseline, fqdn-egress]\n`).stdout,
    ).flatMap(({ metadata: { namespace, name, annotations } }) =>
      annotations === undefined ? [] : [`${namespace ?? ""}/${name} ${Object.values(annotations).join(" ")}`],
    );
    assert.deepEqual(origins, [
      "dev/default-deny baseline policies/baseline/default-deny.yaml:2",
      "dev/allow-dns baseline policies/baseline/allow-dns.yaml:4",
      "fqdn-egress/default-deny baseline policies/baseline/default-deny.yaml:2",
      "fqdn-egress/allow-dns baseline policies/baseline/allow-dns.yaml:4",
      "/default-deny-namespaces baseline",
      "/protect-default-deny-netpol baseline policies/baseline/protect-default-deny.yaml:3",
      "/protect-isolation baseline policies/baseline/protect-isolation.yaml:3",
      "fqdn-egress/allow-egress-fqdn fqdn-egress",
    ]);
  });

  it("holds the stack's own policies with their lines, its workloads in place of stand-ins, and its promises", () => {
    const folders = JSON.stringify([join(import.meta.dirname, "fixtures/own/good")]);
    const { stdout } = inventoryOf(`${kind}  platform:policies: { folders: ${folders} }\n`);
    const objects = objectsIn(stdout);
    assert.deepEqual(
      objects
        .filter(({ metadata: { name } }) => ["web", "api", "api-from-web"].includes(name))
        .map(({ kind: each, metadata: { annotations = {} } }) => [each, ...Object.values(annotations)].join(" "))
        .map((line) => line.replace(/\S*\/fixtures/, "fixtures")),
      [
        "Deployment",
        "Deployment",
        "Service",
        "CiliumNetworkPolicy fixtures/own/good/policies/web-to-api.yaml:1",
        "CiliumNetworkPolicy fixtures/own/good/policies/web-to-api.yaml:11",
      ],
    );
    assert.ok(
      stdout.includes(
        "  promises:\n    - must: dev/web -> dev/api TCP 8080\n      because: the web front calls the API\n",
      ),
    );
  });

  it("writes of the stack kind what its golden says (npm run golden writes it anew)", async () => {
    const { text } = await inventoryOfStackFile("kind", join(import.meta.dirname, ".."));
    assert.equal(text, readFileSync(inventoryGolden, "utf8"));
  });

  it("writes the same twice, and to a file if one is named", () => {
    const { stdout } = inventoryOf(kind);
    assert.equal(inventoryOf(kind).stdout, stdout);
    const folder = mkdtempSync(join(tmpdir(), "inventory-out-"));
    try {
      const file = join(folder, "platform.yaml");
      assert.equal(inventoryOf(kind, "--output", file).stdout, "");
      assert.equal(readFileSync(file, "utf8"), stdout);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("refuses what a preview refuses, all of it, with the same words", () => {
    const { stderr, stdout, status } = inventoryOf(`config:
  platform:target: kind
  platform:cilium:
    routng: native
    kubeProxyReplacement: false
    egressGateway: true
`);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^2 problems\n/);
    assert.match(stderr, /Pulumi\.test\.yaml › cilium\.routng: unknown key/);
    assert.match(stderr, /Pulumi\.test\.yaml › cilium\.egressGateway: /);
  });

  it("neither opens nor prints a secret of the stack file", () => {
    const { stdout, stderr, status } = inventoryOf(`config:
  platform:target: existing
  platform:existing:
    podCidr: 10.1.0.0/16
    apiServerHost: api.theirs.example
  platform:cilium:
    values:
      extraEnv: [{ name: TOKEN, value: { secure: v1:abc:cipher-text } }]
  platform:kubeconfig:
    secure: v1:def:cipher-text
  platform:namespaces:
    dev: {}
`);
    assert.equal(status, 0, stderr);
    assert.ok(!`${stdout}${stderr}`.includes("cipher-text"));
  });

  it("says which words it knows", () => {
    const { stderr, status } = inventoryOf(kind, "--yaml");
    assert.equal(status, 1);
    assert.equal(stderr, "inventory: unknown option `--yaml`\n  expected [stack] [--output FILE]\n");
  });

  it("says what to do where there is no such stack file", () => {
    assert.throws(() => execFileSync(process.execPath, [program, "inventory", "none"], { stdio: "pipe" }), {
      message: /Pulumi\.none\.yaml does not exist/,
    });
  });
});

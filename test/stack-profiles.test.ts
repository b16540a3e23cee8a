/** The same bundles on every kind of stack: what they promise holds, and who may talk to whom among applications is the same. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { judgeStack } from "../components/candidate.ts";
import { inventoryOfStackFile, inventoryText } from "../scripts/inventory.ts";
import { settingsOf } from "./support/settings.ts";
import { ran } from "./reach/ran.ts";

const project = join(import.meta.dirname, "..");

/** A cluster somebody else made. */
const foreign = { target: "existing", kubeconfig: "apiVersion: v1" };

/** What differs between stacks; how a cluster is reached, and where its API server is, follows from it. */
const profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  kind: { target: "kind" },
  kwok: { target: "kwok" },
  aks: { target: "aks", aks: { location: "westeurope" } },
  "a cluster of another cloud": {
    ...foreign,
    existing: { podCidr: "10.1.0.0/16", apiServerHost: "api.theirs.example", exposure: "loadBalancer" },
  },
  "bare metal": {
    ...foreign,
    existing: {
      podCidr: "10.2.0.0/16",
      apiServerHost: "10.9.0.1",
      exposure: "loadBalancer",
      routing: ["native", "tunnel"],
      announcements: "possible",
    },
    cilium: { routing: "native", l2Announcements: true, lbIpam: true },
  },
};

/** Environments, the way in, the way out by name, and demonstrations of both. */
const chosen = {
  namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
  policies: {
    bundles: [
      "baseline",
      "environment-isolation",
      "gateway",
      "platform",
      "oidc-reference-app",
      "apim-openai",
      "fqdn-egress",
      "demo-dns",
      "demo-flights",
      "demo-star-wars",
    ],
    environmentIsolation: { environments: ["dev", "uat"] },
  },
};

describe("The same bundles on another stack", function () {
  this.timeout(60_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "profiles-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const inventoryOf = (profile: string): string => {
    const file = join(folder, `${profile.replaceAll(" ", "-")}.yaml`);
    writeFileSync(file, inventoryText(judgeStack("test", settingsOf({ ...profiles[profile], ...chosen }))));
    return file;
  };

  for (const profile of Object.keys(profiles)) {
    it(`keep every promise on ${profile} [S1-61]`, async () => {
      const { code, out } = await ran("check", "--inventory", inventoryOf(profile), "-o", "json");
      const { promises } = JSON.parse(out) as {
        readonly promises: readonly { readonly kept: boolean; text: string }[];
      };
      assert.deepEqual(
        promises.filter(({ kept }) => !kept).map(({ text }) => text),
        [],
      );
      assert.ok(promises.length > 150, String(promises.length));
      assert.equal(code, 0);
    });
  }

  it("let the same applications talk to each other and to the same names, on all of them [S1-61]", async () => {
    const applications = [
      "dev/",
      "uat/",
      "apim-openai/",
      "fqdn-egress/",
      "demo-dns/",
      "demo-flights/",
      "demo-star-wars/",
    ];
    const ends = applications.flatMap((namespace) => ["--from", namespace]);
    const names = Object.keys(profiles);
    const tables: string[] = [];
    for (const profile of names) {
      const { out } = await ran("matrix", "--inventory", inventoryOf(profile), ...ends, "-o", "csv");
      tables.push(out);
    }
    assert.ok((tables[0] ?? "").split("\n").length > 50);
    for (const [index, table] of tables.entries()) assert.equal(table, tables[0], names[index]);
  });
});

describe("The matrix of a stack", () => {
  for (const stack of readdirSync(project).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])) {
    it(`is shown from its file alone: ${stack} [S1-55]`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "matrix-"));
      try {
        const file = join(folder, "platform.yaml");
        writeFileSync(file, (await inventoryOfStackFile(stack, project)).text);
        const { code, out, err } = await ran("matrix", "--inventory", file);
        assert.deepEqual({ code, err }, { code: 0, err: "" });
        assert.match(out, /^dev\/\* \(2\) +kube-system\/coredns +TCP 53; UDP 53 +dns \*$/m);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

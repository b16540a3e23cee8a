/** The generated pages are those of the settings: `npm run docs` was run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { settingsDocs } from "../scripts/docs/settings-doc.ts";

describe("the pages on settings", () => {
  it("are those the schemas and the matrix give", async () => {
    for (const { path, text } of await settingsDocs()) {
      assert.equal(readFileSync(join(import.meta.dirname, "..", path), "utf8"), text, `${path}: run npm run docs`);
    }
  });

  it("tell every setting with its default and its meaning, blocks and lists included", async () => {
    const [settings] = await settingsDocs();
    for (const line of [
      "## `cilium.hubble`",
      "## `kind.portMappings[]`",
      "## `namespaces.<name>`",
      "## `aks.egressPool`",
    ]) {
      assert.ok((settings?.text ?? "").split("\n").includes(line), line);
    }
    const cells = (settings?.text ?? "").split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    assert.deepEqual(cells.find(([, name]) => name === "`kubeProxyReplacement`")?.slice(1, 4), [
      "`kubeProxyReplacement`",
      "`true` or `false`",
      "`true`",
    ]);
    const withoutMeaning = cells.filter((row) => row.length === 6 && row[4] === "" && row[1]?.startsWith("`") === true);
    assert.deepEqual(withoutMeaning, []);
  });

  it("tell every row of the matrix", async () => {
    const compatibility = (await settingsDocs())[1]?.text ?? "";
    for (let row = 1; row <= 66; row += 1) assert.match(compatibility, new RegExp(`^\\| ${String(row)} +\\|`, "m"));
  });
});

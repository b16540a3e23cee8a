import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

const project = join(import.meta.dirname, "..");
const fixtures = join(import.meta.dirname, "fixtures/lint");

const helm = "components/chart.ts is the only door to a Helm release: use installChart()";
const config = "components/settings-reader.ts is the only reader of Pulumi config";
const later = "import it at the top of a file that is itself imported on its own stacks only";
const azureRoot = "the root import costs hundreds of megabytes: import a submodule";
const azure = "only components/cluster/aks.ts knows Azure, so that no other stack loads it";
const docker =
  "only components/cluster/pull-through-caches.ts knows Docker's provider, so that no other stack loads it";
const backwards = "imports point one way: index, components, policies";
const policies = "policies know neither Pulumi nor components";
const reach = "reach starts without Pulumi: of the project it knows the policies only";

/** What the linter says about each fixture, typed out; nothing where the fixture is a near miss. */
const expected: Readonly<Record<string, string | undefined>> = {
  "second-door-to-helm": helm,
  "second-door-to-helm-by-name": helm,
  "chart-instead-of-release": helm,
  "helm-in-the-reader-of-config": helm,
  "second-reader-of-config": config,
  "second-reader-of-config-by-name": config,
  "config-in-the-door-to-helm": config,
  "azure-loaded-later": later,
  "azure-root": `'@pulumi/azure-native' import is restricted from being used by a pattern. ${azureRoot}`,
  "azure-root-by-file": `'@pulumi/azure-native/index.js' import is restricted from being used by a pattern. ${azureRoot}`,
  "azure-elsewhere": `'@pulumi/azure-native/network/index.js' import is restricted from being used by a pattern. ${azure}`,
  "docker-elsewhere": `'@pulumi/docker' import is restricted from being used by a pattern. ${docker}`,
  "docker-in-azure": `'@pulumi/docker' import is restricted from being used by a pattern. ${docker}`,
  "component-imports-the-story": `'../index.ts' import is restricted from being used by a pattern. ${backwards}`,
  "component-imports-a-test": `'../../test/support/mocks.ts' import is restricted from being used by a pattern. ${backwards}`,
  "policy-imports-pulumi": `'@pulumi/pulumi' import is restricted from being used by a pattern. ${policies}`,
  "policy-imports-a-component": `'../../components/settings.ts' import is restricted from being used by a pattern. ${policies}`,
  "reach-imports-pulumi": `'@pulumi/pulumi' import is restricted from being used by a pattern. ${reach}`,
  "reach-imports-a-component": `'../../components/settings.ts' import is restricted from being used by a pattern. ${reach}`,
  "reach-imports-a-script": `'../scripts/checks.ts' import is restricted from being used by a pattern. ${reach}`,
  "allowed-door-to-helm": undefined,
  "allowed-reader-of-config": undefined,
  "allowed-azure": undefined,
  "allowed-docker": undefined,
  "allowed-policy": undefined,
  "allowed-reach": undefined,
};

describe("The linter", function () {
  this.timeout(60_000);

  // Without types: what is judged here is which file may write what, and a fixture stands in no project.
  const eslint = new ESLint({
    cwd: project,
    overrideConfigFile: join(project, "eslint.config.mjs"),
    overrideConfig: [{ files: ["**/*.ts"], ...tseslint.configs.disableTypeChecked }],
  });

  /** The fixture's first line says which file it pretends to be. */
  async function messagesOn(fixture: string): Promise<string[]> {
    const text = readFileSync(join(fixtures, `${fixture}.ts`), "utf8");
    const filePath = /^\/\/ as (\S+)\n/.exec(text)?.[1];
    assert.ok(filePath !== undefined, `${fixture} does not say which file it pretends to be`);
    const [result] = await eslint.lintText(text, { filePath: join(project, filePath) });
    return result?.messages.map(({ message }) => message) ?? [];
  }

  it("has a fixture for each case here, and a case for each fixture", () => {
    const present = readdirSync(fixtures).map((file) => basename(file, ".ts"));
    assert.deepEqual(present.sort(), Object.keys(expected).sort());
  });

  for (const [fixture, message] of Object.entries(expected)) {
    it(`${message === undefined ? "accepts" : "refuses"} ${fixture.replaceAll("-", " ")}`, async () => {
      assert.deepEqual(await messagesOn(fixture), message === undefined ? [] : [message]);
    });
  }
});

/** Every `npx reach` of a document is run here, and prints what stands below it. */
import assert from "node:assert/strict";

import { commandsIn, textOf } from "../support/documents.ts";
import { ran } from "./ran.ts";

/** Each command that a document tells its reader to type, with the code it ends with. */
const commands: readonly [string, number][] = [
  ["npx reach matrix test/fixtures/reach/shop/base --focus dev/", 0],
  ["npx reach diff test/fixtures/reach/shop/base test/fixtures/reach/shop/head", 0],
  ["npx reach diff test/fixtures/reach/shop/base --cilium 1.19..1.20", 0],
  [
    "npx reach diff test/fixtures/reach/shop/base test/fixtures/reach/shop/head --flows test/fixtures/reach/shop/flows.jsonl",
    0,
  ],
  ["npx reach explain dev/api uat/db 5432 test/fixtures/reach/shop/base", 0],
  ["npx reach explain dev/web dev/api 80 test/fixtures/reach/shop/base --service", 0],
  ["npx reach why --flow test/fixtures/reach/shop/dropped.json test/fixtures/reach/shop/base", 0],
  ["npx reach lint test/fixtures/reach/shop/head", 1],
  ["npx reach check test/fixtures/reach/shop/promises.yaml test/fixtures/reach/shop/head", 1],
  [
    "npx reach diff test/fixtures/reach/application/base test/fixtures/reach/application/head --inventory test/golden/kind.inventory.yaml",
    1,
  ],
  ["npx reach conformance", 0],
  ["npx reach matrix test/fixtures/reach/migration/saved --focus shop/", 0],
  ["npx reach diff test/fixtures/reach/migration/saved test/fixtures/reach/migration/cilium", 0],
  // On the page of troubleshooting the answer is told in words.
  ["npx reach lint test/fixtures/reach/seeds/000-apim-openai", 1],
  ["npx reach explain dev/web dev/api 9090 test/fixtures/reach/shop/base", 0],
  ["npx reach explain dev/web kube-system/coredns UDP/53 test/fixtures/reach/shop/base", 0],
];

const documents = ["README.md", "docs/reach.md", "docs/migration.md", "docs/troubleshooting.md"];

/** Of a person's own files: run where those are made. */
function isAboutOwnFiles(command: string): boolean {
  return / (saved|platform\.yaml)\b/.test(command);
}

/** Commands that stand alone in a fence, with the fence below. */
function shownIn(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/^```sh\n(npx reach [^\n]*)\n```\n\n```text\n(.*?)^```$/gms);
  return new Map([...pairs].map(([, command = "", output = ""]) => [command, output]));
}

describe("The documented commands of reach", () => {
  const told = documents.flatMap((document) => commandsIn(textOf(document)));
  const shown = new Map(documents.flatMap((document) => [...shownIn(textOf(document))]));

  it("are these", () => {
    const reach = told.filter((command) => command.startsWith("npx reach") && !isAboutOwnFiles(command));
    assert.deepEqual([...new Set(reach)].sort(), commands.map(([command]) => command).sort());
  });

  for (const [command, expected] of commands) {
    it(`print what stands below them: ${command}`, async () => {
      const { code, out, err } = await ran(...command.split(" ").slice(2));
      assert.deepEqual({ code, err }, { code: expected, err: "" });
      assert.equal(out.trimEnd(), (shown.get(command) ?? out).trimEnd());
    }).timeout(60_000);
  }

  it("are shown with their output on their page, each of them", () => {
    const wordsOnly = commandsIn(textOf("docs/troubleshooting.md"));
    assert.deepEqual(
      commands.map(([command]) => command).filter((command) => !shown.has(command) && !wordsOnly.includes(command)),
      [],
    );
  });
});

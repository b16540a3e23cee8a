/** Recorded changes: every edge that becomes different is named, and a refactoring raises no alarm. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { judgeStack } from "../../components/candidate.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";
import type { ChangeRow, Group } from "../../policies/reachability/report/report.ts";
import { kindText } from "../../reach/output/diff.ts";
import { inventoryText } from "../../scripts/inventory.ts";
import { settingsOf } from "../support/settings.ts";
import { lockOuts, moves, openings } from "./changes/behaviour.ts";
import { edited, filesOf, folderOf, type Change } from "./changes/change.ts";
import { refactorings } from "./changes/refactorings.ts";
import { stackChanges } from "./changes/stacks.ts";
import { ran } from "./ran.ts";

/** All that a diff says in its rows, a line for each pair. */
function edgesIn(json: string): string[] {
  const { groups, changes } = JSON.parse(json) as {
    readonly groups: readonly Group[];
    readonly changes: readonly ChangeRow[];
  };
  return changes
    .flatMap((row) =>
      (groups[row.from]?.members ?? []).flatMap((client) =>
        (groups[row.to]?.members ?? []).flatMap((server) =>
          client === server ? [] : [`${kindText(row)} ${client} -> ${server} ${portsText(row.ports)}`],
        ),
      ),
    )
    .sort();
}

interface Found {
  readonly code: number;
  readonly edges: readonly string[];
}

function titleOf({ says, edges }: Pick<Change, "says" | "edges">): string {
  return `${edges.length === 0 ? "says nothing" : "is told edge by edge"}: ${says}`;
}

function expectedOf({ edges }: Pick<Change, "edges">): Found {
  return { code: edges.length === 0 ? 0 : 1, edges };
}

describe("A recorded change", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "changes-"));
  });
  afterEach(() => {
    rmSync(join(folder, "head"), { recursive: true, force: true });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function found({ set, edits }: Change): Promise<Found> {
    for (const [path, text] of edited(filesOf(set), edits)) {
      const file = join(folder, "head", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return await compared(folderOf(set), join(folder, "head"));
  }

  async function compared(before: string, after: string): Promise<Found> {
    const { code, out, err } = await ran("diff", before, after, "-o", "json", "--fail-on", "any");
    assert.equal(err, "");
    return { code, edges: edgesIn(out) };
  }

  for (const [what, changes] of Object.entries({ refactorings, openings, lockOuts, moves })) {
    describe(`among ${what.replace("lockOuts", "lock-outs")}`, () => {
      for (const change of changes) {
        it(titleOf(change), async () => {
          assert.deepEqual(await found(change), expectedOf(change));
        });
      }
    });
  }

  describe("of a stack file", () => {
    for (const change of stackChanges) {
      it(titleOf(change), async () => {
        const files = (["before", "after"] as const).map((side) => {
          const file = join(folder, `${side}.yaml`);
          writeFileSync(file, inventoryText(judgeStack("test", settingsOf(change[side]))));
          return file;
        });
        const [before = "", after = ""] = files;
        assert.deepEqual(await compared(before, after), expectedOf(change));
      });
    }
  });

  it("is one of at least fifty, and every edge of every one is named", () => {
    const all = [...refactorings, ...openings, ...lockOuts, ...moves, ...stackChanges];
    const silent = all.filter(({ edges }) => edges.length === 0);
    assert.deepEqual(
      { changes: all.length, silent: silent.length, edges: all.flatMap(({ edges }) => edges).length },
      { changes: 77, silent: 31, edges: 171 },
    );
    assert.ok(all.every(({ says }) => /^[A-Z].*\.$/.test(says)));
  });
});

/** What may stand behind `npm run up --`, and what is said about the rest. */
import assert from "node:assert/strict";

import { UserError } from "../policies/problems.ts";
import { readOwnCommand, readStackCommand, type StackCommand } from "../scripts/command-line.ts";

const nothingSaid: StackCommand = {
  stack: "kwok",
  tools: "auto",
  confirmed: "no",
  localState: "no",
  pulumiArgs: [],
};

describe("the command line", () => {
  const accepted: readonly [string, Partial<StackCommand>][] = [
    ["", {}],
    ["kwok", {}],
    ["kind", { stack: "kind" }],
    ["prod", { stack: "prod" }],
    ["--stack kind", { stack: "kind" }],
    ["--stack=kind", { stack: "kind" }],
    ["-s kind", { stack: "kind" }],
    ["-s=kind", { stack: "kind" }],
    ["kind --yes", { stack: "kind", confirmed: "yes" }],
    ["--yes kind", { stack: "kind", confirmed: "yes" }],
    ["-y", { confirmed: "yes" }],
    ["--tools=build", { tools: "build" }],
    ["--tools=official kind", { stack: "kind", tools: "official" }],
    ["--tools=build --tools=auto", { tools: "auto" }],
    ["aks --local-state", { stack: "aks", localState: "yes" }],
    ["kind --refresh", { stack: "kind", pulumiArgs: ["--refresh"] }],
    ["--refresh kind", { stack: "kind", pulumiArgs: ["--refresh"] }],
    ["kind --parallel=2 -v=9", { stack: "kind", pulumiArgs: ["--parallel=2", "-v=9"] }],
    ["kind --message=a=b", { stack: "kind", pulumiArgs: ["--message=a=b"] }],
    // Near misses of our own options are Pulumi's to judge.
    ["--yes=false", { pulumiArgs: ["--yes=false"] }],
    ["--tool=build", { pulumiArgs: ["--tool=build"] }],
    ["--stacks=kind", { pulumiArgs: ["--stacks=kind"] }],
    ["kind --", { stack: "kind" }],
    ["kind -- --parallel 2", { stack: "kind", pulumiArgs: ["--parallel", "2"] }],
    ["-- --parallel 2", { pulumiArgs: ["--parallel", "2"] }],
    ["kind -- --yes --tools=build", { stack: "kind", pulumiArgs: ["--yes", "--tools=build"] }],
    ["kind -- a -- b", { stack: "kind", pulumiArgs: ["a", "--", "b"] }],
  ];
  for (const [line, said] of accepted) {
    it(`is understood: npm run up -- ${line}`, () => {
      assert.deepEqual(readStackCommand(wordsOf(line)), { ...nothingSaid, ...said });
    });
  }

  const refused: readonly [string, string][] = [
    [
      "kind aks",
      "one stack at a time: got `kind` and `aks`\n" +
        "  expected [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]\n" +
        "  fix: write the value of an option as --option=value, or behind --",
    ],
    [
      "kind --parallel 2",
      "one stack at a time: got `kind` and `2`\n" +
        "  expected [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]\n" +
        "  fix: write the value of an option as --option=value, or behind --",
    ],
    [
      "kind --stack aks",
      "one stack at a time: got `kind` and `aks`\n" +
        "  expected [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]\n" +
        "  fix: write the value of an option as --option=value, or behind --",
    ],
    [
      "--stack",
      "--stack: names no stack\n" +
        "  expected [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]",
    ],
    [
      "--stack= --yes",
      "--stack: names no stack\n" +
        "  expected [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]",
    ],
    [
      "-s --yes",
      "--stack: names no stack\n" +
        "  expected [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]",
    ],
    ["--tools=offical", "--tools: got `offical`\n  expected --tools=auto, --tools=official or --tools=build"],
    ["--tools=", "--tools: got ``\n  expected --tools=auto, --tools=official or --tools=build"],
    ["--tools build", "--tools: has no value\n  expected --tools=auto, --tools=official or --tools=build"],
    [
      "--help",
      "usage: npm run <command> -- [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]",
    ],
    [
      "kind -h",
      "usage: npm run <command> -- [stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]",
    ],
  ];
  for (const [line, message] of refused) {
    it(`is refused: npm run up -- ${line}`, () => {
      assert.throws(() => readStackCommand(wordsOf(line)), new UserError(message));
    });
  }
});

describe("the command line of what starts no Pulumi", () => {
  it("names a stack and where tools come from", () => {
    assert.deepEqual(readOwnCommand(["kind", "--tools=build"]), { stack: "kind", tools: "build" });
    assert.deepEqual(readOwnCommand([]), { stack: "kwok", tools: "auto" });
  });

  for (const args of [
    ["kind", "--json"],
    ["kind", "--", "--json"],
  ]) {
    it(`is refused with options for Pulumi: npm run images -- ${args.join(" ")}`, () => {
      assert.throws(
        () => readOwnCommand(args),
        new UserError("unknown option `--json`\n  expected [stack] [--tools=auto|official|build]"),
      );
    });
  }
});

function wordsOf(line: string): string[] {
  return line === "" ? [] : line.split(" ");
}

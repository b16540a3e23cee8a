import assert from "node:assert/strict";

import { runProgram } from "./support/program.ts";
import { stackCases, written } from "./support/stacks.ts";

// Azure's SDK takes as long to load as a whole preview of another stack; Docker's is a plugin most people do not have.
const heavy = ["@pulumi/azure-native", "@pulumi/docker"];

describe("What a stack loads", function () {
  this.timeout(120_000);

  for (const { name, stack, loads } of [
    ...stackCases.map((stack) => ({
      name: stack.stack,
      stack,
      loads: stack.config["platform:target"] === "aks" ? ["@pulumi/azure-native"] : [],
    })),
    {
      name: "kind with registry caches",
      stack: written("cached", { target: "kind", kind: { pullThroughCaches: [{ registry: "quay.io", port: 5002 }] } }),
      loads: ["@pulumi/docker"],
    },
  ]) {
    it(`${name}: ${loads.length === 0 ? "neither Azure's SDK nor Docker's" : loads.join(" and ")}`, async () => {
      const { packages } = await runProgram(stack);
      assert.deepEqual(
        packages.filter((candidate) => heavy.includes(candidate)),
        loads,
      );
      // The list is a real one: every stack loads these.
      assert.deepEqual(
        ["@pulumi/kubernetes", "@pulumi/pulumi"].filter((candidate) => !packages.includes(candidate)),
        [],
      );
    });
  }
});

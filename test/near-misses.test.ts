/**
 * Near misses: beside everything that a bundle promises to be possible stands something that is not, and that differs from it
 * in one thing only: who calls, who is called, or on which port.
 */
import assert from "node:assert/strict";

import { bundles } from "../policies/bundles.ts";
import type { BundleContext, BundlePromise } from "../policies/bundle.ts";
import { readPromises, type PlatformPromise } from "../policies/reachability/promises.ts";
import type { PortPattern } from "../policies/reachability/report/selection.ts";
import { contextOf, fullContext } from "./support/bundle-context.ts";

function covers(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

function portCovers(outer: PortPattern, inner: PortPattern): boolean {
  if (outer.kind === "name" || inner.kind === "name") return JSON.stringify(outer) === JSON.stringify(inner);
  const sameProtocol = outer.protocol === undefined || outer.protocol === inner.protocol;
  return sameProtocol && outer.first <= inner.first && inner.last <= outer.last;
}

function portsCover(outer: PlatformPromise["ports"], inner: PlatformPromise["ports"]): boolean {
  if (outer === "all ports") return true;
  return inner !== "all ports" && inner.every((port) => outer.some((each) => portCovers(each, port)));
}

/** Whether the `never` line speaks of the same connection but for one of client, server and port. */
function isNearMiss(never: PlatformPromise, must: PlatformPromise): boolean {
  const same = [
    covers(never.from, must.from),
    covers(never.to, must.to) || (never.to === "world" && must.to.includes(".")),
    portsCover(never.ports, must.ports),
  ];
  return same.filter(Boolean).length === 2;
}

/** Lines that promise a connection and have no near miss. */
function alone(promises: readonly BundlePromise[]): string[] {
  const { promises: lines, problems } = readPromises(promises, String);
  assert.deepEqual(problems, []);
  const never = lines.filter(({ kind }) => kind === "never");
  return lines
    .filter((line) => line.kind === "must" && !never.some((each) => isNearMiss(each, line)))
    .map(({ text }) => text);
}

const inTheCloud = (context: BundleContext): BundleContext => ({
  ...context,
  entry: ["world"],
  apiServerPlaces: ["outside the cluster"],
});

describe("Every promise that a connection is possible", () => {
  for (const [where, context] of [
    ["on kind", fullContext],
    ["in a cloud", inTheCloud(fullContext)],
    ["where metrics are scraped", { ...fullContext, metrics: "scraped" }],
    [
      "with sources of Argo CD",
      { ...fullContext, argocd: contextOf({ argocd: { sources: ["https://github.com/a/b"] } }).argocd },
    ],
  ] as const) {
    for (const bundle of bundles) {
      it(`has a near miss that is never possible: ${bundle.name} ${where}`, () => {
        assert.deepEqual(alone(bundle.promises(context as BundleContext)), []);
      });
    }
  }

  for (const [what, never, expected] of [
    ["another client", "dev/b -> dev/db TCP 5432", []],
    ["another server", "dev/a -> dev/other", []],
    ["another port", "dev/a -> dev/db TCP 5433", []],
    ["the same port over UDP", "dev/a -> dev/db UDP 5432", []],
    ["clients of a whole namespace but this one", "uat/* -> dev/db", []],
    ["another client and another port", "dev/b -> dev/db TCP 80", ["dev/a -> dev/db TCP 5432"]],
    ["another client and another server", "dev/b -> dev/other", ["dev/a -> dev/db TCP 5432"]],
  ] as const) {
    it(`${expected.length === 0 ? "has one in" : "would be caught with nothing but"} ${what}`, () => {
      const must = { must: "dev/a -> dev/db TCP 5432", because: "it is its own" };
      assert.deepEqual(alone([must, { never, because: "it is not" }]), expected);
    });
  }
});

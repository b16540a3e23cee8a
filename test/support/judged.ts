/** Stacks before the compatibility matrix: what it refuses and what it only tells. */
import assert from "node:assert/strict";

import { judge, type Judged } from "../../components/cilium/compatibility.ts";
import { ciliumValues } from "../../components/cilium/values.ts";
import { clusterFacts } from "../../components/cluster/facts.ts";
import { reviewSettings } from "../../components/settings/review.ts";
import { formatProblems } from "../../policies/problems.ts";
import { asPulumiGives } from "./stack-config.ts";

export type Written = Readonly<Record<string, unknown>>;

/** Everything said about a stack of the name `test`, as it is printed. */
export interface Judgement {
  readonly refused: string;
  readonly warned: string;
}

export function judgementOf(
  written: Written,
  more: Partial<Pick<Judged, "bundles" | "ciliumVersion">> = {},
): Judgement {
  const entries = Object.entries(written).map(([key, value]): [string, unknown] => [`platform:${key}`, value]);
  const config = asPulumiGives(Object.fromEntries(entries));
  const { settings, problems } = reviewSettings({ stack: "test", file: "Pulumi.test.yaml", config });
  assert.ok(settings !== undefined, formatProblems(problems));
  const facts = clusterFacts(settings);
  const { refused, warnings } = judge({
    stack: "test",
    settings,
    facts,
    values: (chart, { apiServerHost }) =>
      chart === "cilium" ? ciliumValues(settings, facts, apiServerHost) : settings.kyverno.values,
    bundles: more.bundles ?? [],
    ...(more.ciliumVersion === undefined ? {} : { ciliumVersion: more.ciliumVersion }),
  });
  // What the matrix refuses is refused when the settings are read.
  if (more.bundles === undefined && more.ciliumVersion === undefined) {
    assert.equal(
      formatProblems(problems.filter((one) => refused.some(({ code }) => code === one.code))),
      formatProblems(refused),
    );
  }
  return { refused: formatProblems(refused), warned: formatProblems(warnings) };
}

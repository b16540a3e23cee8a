/**
 * reviewSettings: the configuration of a stack, read once, with everything that is wrong with it.
 */
import type { Problem } from "../../policies/problems.ts";
import { builtImageProblems } from "../built-images.ts";
import { judge, type Judged } from "../cilium/compatibility.ts";
import { ciliumValues } from "../cilium/values.ts";
import { clusterFacts } from "../cluster/facts.ts";
import { type Settings, settingsSchema } from "../settings.ts";
import { bundleProblems, homes, withBundleNamespaces } from "./bundles.ts";
import { capacityProblems } from "./capacity.ts";
import { defaultClusterName, namespaceProblems } from "./names.ts";
import { edgeProblems } from "./edges.ts";
import { networkProblems } from "./networks.ts";
import { policyProblems } from "./policies.ts";
import { portProblems } from "./ports.ts";
import { readShape } from "./shape.ts";
import { siblingProblems } from "./siblings.ts";
import type { StackFile } from "./stack-files.ts";
import { type KubeconfigGiven, targetProblems } from "./targets.ts";
import { tenantProblems, withTenants } from "./tenants.ts";

export interface SettingsInput {
  readonly stack: string;
  /** Every value of the stack as Pulumi gives it, by full key: text as it is, everything else as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Name of the stack file, for messages. */
  readonly file: string;
  /** Other stacks of the same folder. */
  readonly siblings?: readonly StackFile[];
  /** What the stack's own file says, unread. Absent: the configuration came another way, and nobody sees how. */
  readonly own?: StackFile;
}

export interface SettingsReview {
  /** Undefined where not even the target is known. Wrong values are replaced by their defaults. */
  readonly settings: Settings | undefined;
  readonly problems: readonly Problem[];
}

const prefix = "platform:";
const kubeconfigKey = "kubeconfig";

export function reviewSettings(input: SettingsInput): SettingsReview {
  const { file, stack } = input;
  const given = Object.fromEntries(Object.entries(valuesOf(input.config)).filter(([key]) => key !== kubeconfigKey));
  const shape = readShape(settingsSchema, given, file);
  if (shape.value === undefined) return { settings: undefined, problems: shape.problems };
  const written: Settings = { ...shape.value, clusterName: shape.value.clusterName ?? defaultClusterName(stack) };
  const settings = withTenants(withBundleNamespaces(written));
  // A list with one wrong item has been replaced as a whole.
  const told = new Set(shape.problems.flatMap(({ where }) => [where, where.replace(/\[\d+\].*$/, "")]));
  const coherence = [
    ...targetProblems(settings, Object.keys(given), kubeconfigOf(input), file),
    ...namespaceProblems(written, file),
    ...bundleProblems(written, file),
    ...tenantProblems(written, homes(written), file),
    ...networkProblems(settings, file),
    ...capacityProblems(settings, file),
    ...portProblems(settings, file),
    ...policyProblems(settings, file),
    ...(isWhole(settings) ? edgeProblems(settings, file) : []),
    ...(isWhole(settings)
      ? builtImageProblems(settings, ciliumValues(settings, clusterFacts(settings), undefined), file)
      : []),
    ...siblingProblems(settings, input.siblings ?? [], file),
  ];
  const impossible = isWhole(settings) ? judge(wholeStack(stack, settings)).refused : [];
  // A value that was refused has been replaced by its default: what follows from the default is not the user's doing.
  return {
    settings,
    problems: [...shape.problems, ...[...coherence, ...impossible].filter(({ where }) => !told.has(where))],
  };
}

/** Facts need what an existing cluster's owner alone knows. */
function isWhole(settings: Settings): boolean {
  const { podCidr, routing } = settings.existing;
  return settings.target !== "existing" || (podCidr !== undefined && routing.length > 0);
}

/** The stack without its bundles, which are judged where they are known. */
function wholeStack(stack: string, settings: Settings): Judged {
  const facts = clusterFacts(settings);
  return {
    stack,
    settings,
    facts,
    values: (chart, { apiServerHost }) => {
      switch (chart) {
        case "cilium":
          return ciliumValues(settings, facts, apiServerHost);
        case "kyverno":
          return settings.kyverno.values;
      }
    },
    bundles: [],
  };
}

function kubeconfigOf(input: SettingsInput): KubeconfigGiven {
  if (input.config[`${prefix}${kubeconfigKey}`] === undefined) return "absent";
  // Pulumi writes a secret as a block around its cipher text.
  return typeof input.own?.values[kubeconfigKey] === "string" ? "plain" : "secret";
}

/** Pulumi hands blocks over as JSON, and text as it is. */
function valuesOf(config: SettingsInput["config"]): Readonly<Record<string, unknown>> {
  const entries = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, plainText.has(key) ? value : parsed(value)]));
}

/** Settings at the top that are text: `123` stays text there. */
const plainText = new Set(["target", "clusterName", "chartMirror", "imageRegistry", kubeconfigKey]);

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

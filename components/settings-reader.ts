/**
 * readSettings: the only way from configuration to settings, once, complete or not at all.
 *
 * Nothing else reads Pulumi config, and nobody checks a setting again: what comes out is typed, whole and frozen.
 */
import * as pulumi from "@pulumi/pulumi";

import { ProblemsError } from "../policies/problems.ts";
import type { Settings } from "./settings.ts";
import { reviewSettings, type SettingsInput } from "./settings/review.ts";
import { readStackFiles } from "./settings/stack-files.ts";

/** Throws once, with every problem of the stack file. */
export function readSettings(input: SettingsInput): Settings {
  const { settings, problems } = reviewSettings(input);
  if (settings === undefined || problems.length > 0) throw new ProblemsError(problems);
  return frozen(settings);
}

/** The settings of the stack that is running. Pulumi runs the program in the folder of the stack files. */
export function settingsFromPulumi(): Settings {
  const stack = pulumi.getStack();
  const files = readStackFiles(process.cwd());
  const own = files.find((file) => file.stack === stack);
  return readSettings({
    stack,
    config: pulumi.runtime.allConfig(),
    file: `Pulumi.${stack}.yaml`,
    siblings: files.filter((file) => file.stack !== stack),
    ...(own === undefined ? {} : { own }),
  });
}

/** Kubeconfig of a cluster somebody else made; {@link readSettings} has seen that it is there. */
export function existingKubeconfig(): pulumi.Output<string> {
  return new pulumi.Config("platform").requireSecret("kubeconfig");
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

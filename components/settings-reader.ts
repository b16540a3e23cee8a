/** settings-reader: the only reader of Pulumi config. What it reads is judged where a stack file is. */
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "./settings.ts";
import { readSettingsAmong } from "./settings/read.ts";

/** The settings of the stack that is running. Pulumi runs the program in the folder of the stack files. */
export function settingsFromPulumi(): Settings {
  return readSettingsAmong(process.cwd(), pulumi.getStack(), pulumi.runtime.allConfig());
}

/** Kubeconfig of a cluster somebody else made; the settings' reader has seen that it is there. */
export function existingKubeconfig(): pulumi.Output<string> {
  return new pulumi.Config("platform").requireSecret("kubeconfig");
}

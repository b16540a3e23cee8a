/**
 * readSettings: from what a stack's configuration says to settings, once, complete or not at all.
 *
 * Nobody checks a setting again: what comes out is typed, whole and frozen.
 */
import { ProblemsError } from "../../policies/problems.ts";
import { isMap } from "../helm-values.ts";
import type { Settings } from "../settings.ts";
import { reviewSettings, type SettingsInput } from "./review.ts";
import { readStackFiles } from "./stack-files.ts";

/** Throws once, with every problem of the stack file. */
export function readSettings(input: SettingsInput): Settings {
  const { settings, problems } = reviewSettings(input);
  if (settings === undefined || problems.length > 0) throw new ProblemsError(problems);
  return frozen(settings);
}

/** Every stack file of a folder beside one configuration; `config` is that of the stack itself, as Pulumi hands it over. */
export function readSettingsAmong(folder: string, stack: string, config: SettingsInput["config"]): Settings {
  const files = readStackFiles(folder);
  const own = files.find((file) => file.stack === stack);
  return readSettings({
    stack,
    config,
    file: `Pulumi.${stack}.yaml`,
    siblings: files.filter((file) => file.stack !== stack),
    ...(own === undefined ? {} : { own }),
  });
}

/**
 * The settings as the stack file says them, without Pulumi and whether or not the stack exists yet. Secrets stay what they
 * are: where one stands, a word stands in for it.
 */
export function settingsOfStackFile(folder: string, stack: string): Settings {
  const own = readStackFiles(folder).find((file) => file.stack === stack);
  const config = Object.entries(own?.values ?? {}).map(([key, value]): [string, string] => {
    const known = withoutSecrets(value);
    return [`platform:${key}`, typeof known === "string" ? known : JSON.stringify(known)];
  });
  return readSettingsAmong(folder, stack, Object.fromEntries(config));
}

/** Pulumi writes a secret as a block around its cipher text, wherever it stands. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isMap(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value["secure"] === "string") return standIn;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

const standIn = "secret";

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

/** Settings for tests: what a test says, every default beside it, read as a stack's own are read. */
import { type Settings } from "../../components/settings.ts";
import { readSettings } from "../../components/settings/read.ts";

/** Top-level keys as they stand in a stack file. Throws what a person would be told. */
export function settingsOf(written: Readonly<Record<string, unknown>>): Settings {
  const config = Object.entries({ target: "kind", ...written }).map(([key, value]): [string, string] => [
    `platform:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return readSettings({ stack: "test", config: Object.fromEntries(config), file: "Pulumi.test.yaml" });
}

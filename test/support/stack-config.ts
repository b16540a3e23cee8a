/** Stack files for tests, handed over the way Pulumi hands them over. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** Text as it is, everything else as JSON; a secret comes decrypted. */
export function asPulumiGives(config: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** The `config` of a file in test/fixtures/settings. */
export function fixtureConfig(name: string): Record<string, string> {
  const { config } = parse(fixtureText(`${name}.yaml`)) as { config: Record<string, unknown> };
  return asPulumiGives(config);
}

export function fixtureText(file: string): string {
  return readFileSync(join(import.meta.dirname, "../fixtures/settings", file), "utf8");
}

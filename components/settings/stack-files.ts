/**
 * Stack files: what the files of a folder say, before anybody judges it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

import { isMap } from "../helm-values.ts";

/** One stack: its name, its file and what the file says. */
export interface StackFile {
  readonly stack: string;
  readonly file: string;
  /** Values under `platform:`, by key. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Every stack file of a folder, by name. A file that is no YAML is left to Pulumi, which says so. */
export function readStackFiles(folder: string): readonly StackFile[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const stack = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
      if (stack === undefined) return [];
      const config = configIn(join(folder, file));
      if (config === undefined) return [];
      const values = Object.entries(config).flatMap(([key, value]) =>
        key.startsWith("platform:") ? [[key.slice("platform:".length), value] as const] : [],
      );
      return [{ stack, file, values: Object.fromEntries(values) }];
    });
}

function configIn(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = parse(readFileSync(path, "utf8"));
    const config = isMap(document) ? document["config"] : undefined;
    return isMap(config) ? config : undefined;
  } catch {
    return undefined;
  }
}

/** types: writes policies/types anew from the definitions of the pinned add-ons. Needs Go, which knows their modules. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { requiredVersion } from "./tools/build-input.ts";
import { findGo, type Go } from "./tools/go.ts";
import { downloadModule } from "./tools/go-module.ts";
import { kindSources, type KindSource } from "./types/kinds.ts";
import { policyTypesText } from "./types/policy-types.ts";

const root = join(import.meta.dirname, "..");

/** Exit code. */
export async function types(): Promise<number> {
  const go = findGo(kindSources.map(({ tool }) => tool));
  for (const source of kindSources) {
    const file = join(root, "policies/types", source.file);
    const text = await generatedTypes(source, go);
    const before = textOf(file);
    if (text !== before) writeFileSync(file, text);
    process.stdout.write(`policies/types/${source.file}: ${text === before ? "unchanged" : "written"}\n`);
  }
  return 0;
}

/** What the committed file must say. */
export async function generatedTypes(source: KindSource, go: Go): Promise<string> {
  const folder = join(root, "tools", source.tool);
  const version = requiredVersion(readFileSync(join(folder, "go.mod"), "utf8"), source.module);
  if (version === undefined) throw new Error(`tools/${source.tool}/go.mod does not require ${source.module}`);
  const module = await downloadModule(go, folder, source.module, version);
  return await policyTypesText(source, module, version);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

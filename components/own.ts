/** Own: the policies, workloads and promises that a stack brings itself, if it names a folder. */
import { nothingOwn } from "../policies/own.ts";
import type { ReadOwn } from "./own-policies.ts";
import type { Settings } from "./settings.ts";

/** `file` is the stack file. Throws a ProblemsError with everything that cannot be read. */
export async function ownPolicies({ policies: { folders } }: Settings, file: string): Promise<ReadOwn> {
  if (folders.length === 0) return { own: nothingOwn, warnings: [] };
  // Reading them takes code that most stacks need not load.
  return await (await import("./own-policies.ts")).readOwnPolicies(folders, file);
}

/** Words of a command as node:util reads them; what it cannot read is told without a stack trace. */
import { UserError } from "../policies/problems.ts";

export function words<T>(verb: string, usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new UserError(`${verb}: ${what}\n  expected ${usage}`);
  }
}

/** until: a condition that is asked again and again, and never for ever. */
import { setTimeout as pause } from "node:timers/promises";

import { UserError } from "../../policies/problems.ts";

/** `check` says what is still missing, or nothing. Throws with the last of it after the time. */
export async function until(
  what: string,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
  check: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const missing = await check();
    if (missing === undefined) return;
    if (Date.now() > deadline) throw new UserError(`${what} after ${String(seconds)} s: ${missing}`);
    await pause(250, undefined, { signal });
  }
}

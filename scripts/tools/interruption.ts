/** untilInterrupted: whoever ends us ends the processes we started too, and nothing half-done is left. */
import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Long enough for ended builds to remove their scratch folders. */
const tidyUpMs = 500;

/** Do work that starts processes; they are to be started with the signal that is handed in. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const handlers = signals.map((name) => {
    const handler = (): void => {
      interruption.abort();
      setTimeout(() => process.exit(128 + constants.signals[name]), tidyUpMs);
    };
    process.once(name, handler);
    return { name, handler };
  });
  try {
    return await work(interruption.signal);
  } finally {
    // After an interruption the process is on its way out: whoever awaits us must not report what it broke.
    if (interruption.signal.aborted) await new Promise(() => undefined);
    for (const { name, handler } of handlers) process.removeListener(name, handler);
  }
}

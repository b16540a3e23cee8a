/**
 * Interruption: everything by which a run is told to end before its command does: signals, the death of whoever typed it, and
 * the end of the time to live. The first one counts.
 */
import { constants } from "node:os";

import { ancestors } from "./process-stamp.ts";

export interface Reason {
  readonly kind: "signal" | "orphaned" | "time";
  /** For the person, behind "is removed: ". */
  readonly why: string;
  /** What the command is sent. */
  readonly signal: NodeJS.Signals;
  /** Exit code of the run if the command has none to give. */
  readonly code: number;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** As the command `timeout` ends. */
const codeOfTimeout = 124;

export class Interruption {
  #reason: Reason | undefined;
  /** `command`: it gets Ctrl-C as we do, what it makes of it is its own affair, and a shell goes on. */
  terminal: "ours" | "command" = "ours";
  readonly #listeners = new Set<(reason: Reason) => void>();
  readonly #timers: NodeJS.Timeout[] = [];

  /** Why the run is to end; undefined while it is not. */
  told(): Reason | undefined {
    return this.#reason;
  }

  /** From now on a signal ends the run and not the process. */
  listen(deadline: number): void {
    for (const signal of signals) {
      process.on(signal, () => {
        if (signal === "SIGINT" && process.stdin.isTTY && this.terminal === "command") return;
        this.#tell({
          kind: "signal",
          why: `it was interrupted (${signal})`,
          signal,
          code: 128 + constants.signals[signal],
        });
      });
    }
    const timeIsOver: Reason = {
      kind: "time",
      why: "its time to live is over",
      signal: "SIGTERM",
      code: codeOfTimeout,
    };
    this.#timers.push(
      setTimeout(() => {
        this.#tell(timeIsOver);
      }, deadline - Date.now()),
    );
    void this.#watchAncestors();
  }

  /** Called at once if it has happened already. Returns how to stop listening. */
  onReason(listener: (reason: Reason) => void): () => void {
    if (this.#reason !== undefined) listener(this.#reason);
    else this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Whoever removes things is not to be disturbed any more; signals still do not end the process. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.clear();
  }

  #tell(reason: Reason): void {
    this.#reason ??= reason;
    for (const listener of this.#listeners) listener(reason);
  }

  async #watchAncestors(): Promise<void> {
    const before = (await ancestors()).join();
    const look = async (): Promise<void> => {
      if ((await ancestors()).join() === before) return;
      this.#tell({ kind: "orphaned", why: "whoever started it has ended", signal: "SIGTERM", code: 143 });
    };
    this.#timers.push(setInterval(() => void look(), 500));
  }
}

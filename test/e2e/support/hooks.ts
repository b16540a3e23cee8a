/** What holds for every end-to-end test: its time, the time of all, and the end of whatever it started. */
import type { Context } from "mocha";

import { beginTest, busyness, endTest, hungCommands } from "./running.ts";

/** Three times what all of them take on two idle cores. */
const allMinutes = 40;

/** One may be bad luck; what hangs twice would hang in every test that is left. */
const hangsAtMost = 1;

const begin = Date.now();

export const mochaHooks = {
  beforeEach(this: Context): void {
    if (Date.now() - begin > allMinutes * 60_000 * busyness()) {
      throw new Error(`the end-to-end tests have used up their ${String(allMinutes)} minutes: the rest is not run`);
    }
    const hung = hungCommands();
    if (hung.length > hangsAtMost) throw new Error(`did not end in time: ${hung.join(", ")}; the rest is not run`);
    const milliseconds = this.timeout() * busyness();
    this.currentTest?.timeout(milliseconds);
    beginTest(milliseconds / 1000);
  },

  afterEach(this: Context): void {
    const left = endTest();
    const error = this.currentTest?.err;
    if (error !== undefined && left.length > 0) error.message = [error.message, ...left].join("\n");
  },
};

/** For a suite whose tests stand on each other: behind one that failed the rest is skipped, by name. */
export function inSequence(): void {
  let failed = false;
  beforeEach(function () {
    if (failed) this.skip();
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === "failed";
  });
}

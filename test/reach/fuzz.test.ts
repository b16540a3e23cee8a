/** A few seconds of fuzzing; test/reach/fuzz.ts runs as long as one likes. */
import assert from "node:assert/strict";

import { fuzz } from "./fuzz.ts";

describe("damaged manifests", function () {
  this.timeout(60_000);

  it("are answered or refused with problems, and soon", async () => {
    const { cases, answered, findings } = await fuzz(1, { seconds: 3, cases: 2000 });
    const told = findings.map(({ seed, what }) => `node test/reach/fuzz.ts --cases 1 --seed ${String(seed)}: ${what}`);
    assert.deepEqual(told, []);
    // A fuzzer that is always refused at the door sees nothing of the house.
    assert.ok(answered > cases / 10, `${String(answered)} of ${String(cases)}`);
  });
});

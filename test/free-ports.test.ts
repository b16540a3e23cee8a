/** Ports for local clusters: different, and free. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";

import { freePorts } from "../components/cluster/free-ports.ts";

describe("free ports", () => {
  it("are as many as were asked for, each another one, between 20000 and 29999", async () => {
    const ports = await freePorts(50);
    assert.equal(new Set(ports).size, 50);
    assert.deepEqual(
      ports.filter((port) => !Number.isInteger(port) || port < 20_000 || port > 29_999),
      [],
    );
  });

  it("can be listened on at once", async () => {
    const [port] = await freePorts(1);
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
  });

  it("are hardly the same for two who ask at the same time", async () => {
    const [one, other] = await Promise.all([freePorts(6), freePorts(6)]);
    assert.notDeepEqual(one, other);
  });
});

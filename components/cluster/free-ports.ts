/** Ports on the loopback interface for the processes of a local cluster. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Below what any system gives to connections that go out, and below Kubernetes' node ports, which kind maps to this machine. */
const first = 20_000;
const last = 29_999;

/**
 * So many different ports on which nobody listens at this moment. At random: who starts at the same time, or was stopped
 * and comes again, will hardly have taken the same ones.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    while (held.size < count) {
      const port = randomInt(first, last + 1);
      const server = held.has(port) ? undefined : await listen(port);
      if (server !== undefined) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map((server) => once(server.close(), "close")));
  }
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return server;
  } catch {
    // Taken.
    return undefined;
  }
}

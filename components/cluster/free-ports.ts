/** Ports on the loopback interface for the processes of a local cluster. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Ports to choose from, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Below what any system gives to connections that go out, and below Kubernetes' node ports, which kind maps to this machine. */
const ownPorts: PortRange = { first: 20_000, last: 29_999 };

/**
 * So many different ports on which nobody listens at this moment, none of them among `taken`. At random: who starts at the
 * same time, or was stopped and comes again, will hardly have taken the same ones.
 */
export async function freePorts(
  count: number,
  { range = ownPorts, taken = new Set() }: { readonly range?: PortRange; readonly taken?: ReadonlySet<number> } = {},
): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    while (held.size < count) {
      const port = randomInt(range.first, range.last + 1);
      const server = held.has(port) || taken.has(port) ? undefined : await listen(port);
      if (server !== undefined) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map((server) => once(server.close(), "close")));
  }
}

/** Whether nobody listens on a port at this moment. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await once(server.close(), "close");
  return true;
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

/**
 * A fake API server on the loopback interface: it has the objects a test gives it and remembers what was asked.
 *
 * Enough for a client that reads and deletes; it judges nothing and keeps nothing.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeApiServer {
  readonly kubeconfig: string;
  /** Path with its query → object; may be changed while it runs. */
  readonly objects: Map<string, object>;
  /** `GET /path?query`, in order. */
  readonly requests: string[];
  readonly close: () => Promise<void>;
}

export async function startFakeApiServer(given: Record<string, object> = {}): Promise<FakeApiServer> {
  const objects = new Map(Object.entries(given));
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(`${request.method ?? ""} ${path}`);
    const found = objects.get(path);
    if (request.method === "DELETE") objects.delete(path);
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { kind: "Status", status: "Failure", reason: "NotFound", code: 404 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    kubeconfig: kubeconfigOf(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`),
    objects,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** Without credentials: nobody asks for them. */
function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "fake", user: {} }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
    "current-context": "fake",
  });
}

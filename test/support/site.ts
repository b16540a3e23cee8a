/** A fake download site on the loopback interface: it serves what the test says and remembers what was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Path → body, or a handler of its own. */
export type Pages = Record<string, Buffer | string | ((request: IncomingMessage, response: ServerResponse) => void)>;

export interface Site {
  readonly url: string;
  readonly host: string;
  readonly pages: Pages;
  /** `GET /path`, with the range that was asked for. */
  readonly requests: string[];
  readonly close: () => Promise<void>;
}

/** Start a site; pages may be changed while it runs. */
export async function startSite(pages: Pages): Promise<Site> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(`${request.method ?? ""} ${path} ${request.headers.range ?? ""}`.trim());
    const page = pages[path];
    if (page === undefined) response.writeHead(404).end();
    else if (typeof page === "function") page(request, response);
    else sendRange(page, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `http://${host}`,
    host,
    pages,
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

/** Answer as download sites do: from the byte that was asked for. */
function sendRange(page: Buffer | string, request: IncomingMessage, response: ServerResponse): void {
  const body = Buffer.from(page);
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  if (from === undefined) response.writeHead(200).end(body);
  else if (Number(from) >= body.length) response.writeHead(416).end();
  else response.writeHead(206).end(body.subarray(Number(from)));
}

/** Send the first bytes of a body and then break the connection, as a bad line does. */
export function breaksAfter(bytes: number, body: Buffer): (request: IncomingMessage, response: ServerResponse) => void {
  return (_request, response) => {
    response.writeHead(200, { "content-length": String(body.length) });
    // Not at once: what is torn off in the same moment may never reach the reader.
    response.write(body.subarray(0, bytes), () => setTimeout(() => response.destroy(), 200));
  };
}

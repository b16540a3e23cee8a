/** Exec: a command in a container, to its end. That a connection broke is told apart from whatever the command says. */
import { Readable, Writable } from "node:stream";

import type { KubeConfig } from "@kubernetes/client-node";

export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface Executed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Socket {
  close(): void;
  on(event: "close", told: () => void): void;
  on(event: "error", told: (error: Error) => void): void;
}

/** The way to the container failed, and nothing can be said of what the command would have said. */
export class TransportError extends Error {}

/** Tried again where the way breaks: of a thousand, one does. */
export async function execIn(
  config: KubeConfig,
  where: Container,
  command: readonly string[],
  { stdin, seconds }: { readonly stdin?: string; readonly seconds: number },
): Promise<Executed> {
  const attempts = 3;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(config, where, command, { ...(stdin === undefined ? {} : { stdin }), seconds });
    } catch (error) {
      if (attempt === attempts || !(error instanceof TransportError)) throw error;
    }
  }
}

async function once(
  config: KubeConfig,
  { namespace, pod, container }: Container,
  command: readonly string[],
  { stdin, seconds }: { readonly stdin?: string; readonly seconds: number },
): Promise<Executed> {
  const { Exec } = await import("@kubernetes/client-node");
  const said = { stdout: "", stderr: "" };
  const into = (which: keyof typeof said): Writable => {
    const decoder = new TextDecoder();
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        said[which] += decoder.decode(chunk, { stream: true });
        done();
      },
    });
  };
  const place = `${namespace}/${pod}`;
  return await new Promise((resolve, reject) => {
    const broken = (why: string): void => {
      clearTimeout(timer);
      reject(new TransportError(`${place}: ${command.join(" ")}: ${why}`));
    };
    let close = (): void => undefined;
    const timer = setTimeout(() => {
      close();
      broken(`no end after ${String(seconds)} s`);
    }, seconds * 1000);
    new Exec(config)
      .exec(
        namespace,
        pod,
        container,
        [...command],
        into("stdout"),
        into("stderr"),
        // Its end cannot be told to the container: whoever reads it takes one line.
        stdin === undefined ? null : Readable.from([stdin]),
        false,
        ({ status, message, details }) => {
          clearTimeout(timer);
          const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
          if (status === "Success") resolve({ code: 0, ...said });
          else if (code === undefined) broken(message ?? "failed");
          else resolve({ code: Number(code), ...said });
        },
      )
      // The client's own type comes from a package that has none here.
      .then((connected: unknown) => {
        const socket = connected as Socket;
        close = () => {
          socket.close();
        };
        socket.on("close", () => {
          broken("the connection ended before the command did");
        });
        socket.on("error", (error) => {
          broken(error.message);
        });
      })
      .catch((error: unknown) => {
        broken(error instanceof Error ? error.message : String(error));
      });
  });
}

/**
 * Layout: Graphviz in a thread of its own, because a layout cannot be interrupted and may take minutes.
 *
 * The library is @viz-js/viz: Graphviz itself, compiled to WebAssembly in one file, without an installation, a native
 * module or a download; it knows clusters, and what it draws is what `dot` draws from our own dot text.
 */
import { isMainThread, parentPort, Worker } from "node:worker_threads";

import { instance } from "@viz-js/viz";

import type { Engine } from "./dot.ts";

/** What became of one attempt. */
export type Laid =
  | { readonly kind: "svg"; readonly svg: string }
  | { readonly kind: "too slow" }
  | { readonly kind: "failed"; readonly because: string };

interface Task {
  readonly dot: string;
  readonly engine: Engine;
}

/** Draw `dot`, but give up after that many milliseconds. */
export async function layOut(task: Task, patienceMs: number): Promise<Laid> {
  // Graphviz complains on standard error about what it then solves another way: that is nobody's business.
  const worker = new Worker(new URL(import.meta.url), { stderr: true, stdout: true });
  try {
    return await new Promise<Laid>((resolve) => {
      const timer = setTimeout(() => {
        resolve({ kind: "too slow" });
      }, patienceMs);
      const end = (laid: Laid): void => {
        clearTimeout(timer);
        resolve(laid);
      };
      worker.on("message", end);
      worker.on("error", (error) => {
        end({ kind: "failed", because: error instanceof Error ? error.message : String(error) });
      });
      worker.postMessage(task);
    });
  } finally {
    await worker.terminate();
  }
}

async function draw({ dot, engine }: Task): Promise<Laid> {
  const viz = await instance();
  const { status, output, errors } = viz.render(dot, { engine, format: "svg" });
  if (status === "success") return { kind: "svg", svg: output };
  return { kind: "failed", because: errors.map(({ message }) => message).join("; ") };
}

if (!isMainThread) {
  parentPort?.on("message", (task: Task) => {
    void draw(task).then((laid) => parentPort?.postMessage(laid));
  });
}

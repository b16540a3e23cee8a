/** What a person reads while tools are obtained: one line when a tool begins, now and then one, and one when it is there. */

/** Where lines go; a test collects them. */
export type Log = (line: string) => void;

/** What a build has done so far, from the lines of the Go command. */
export interface BuildCount {
  modules: number;
  packages: number;
}

/** How often a build that takes long says that it is alive. */
const heartbeatMs = 15_000;

/** `75` → `1 min 15 s`. */
export function elapsed(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${String(whole)} s` : `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
}

/** Count one line of `go build -v`; false for a line that is neither a download nor a package name. */
export function countLine(line: string, count: BuildCount): boolean {
  if (line.startsWith("go: downloading ")) count.modules += 1;
  else if (/^[\w.~-]+(\/[\w.~+!-]+)*$/.test(line)) count.packages += 1;
  else return false;
  return true;
}

/** `kubernetes 1.36.1: 32 modules downloaded, 815 packages compiled, 45 s`. */
export function progressLine(title: string, count: BuildCount, seconds: number): string {
  const parts: string[] = [];
  if (count.modules > 0) parts.push(`${String(count.modules)} modules downloaded`);
  if (count.packages > 0) parts.push(`${String(count.packages)} packages compiled`);
  return `${title}: ${[...parts, elapsed(seconds)].join(", ")}`;
}

/** Say `line()` every few seconds until `work` is done. */
export async function withHeartbeat<T>(
  log: Log,
  line: (seconds: number) => string,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const timer = setInterval(() => {
    log(line((performance.now() - start) / 1000));
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

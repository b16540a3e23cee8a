/** Which hosts answer: asked once, all at the same time, with little patience. */

/** Long enough for a slow line, short enough that a closed network costs nothing. */
const patienceMs = 2_500;

/** The hosts that answer an HTTPS request at all, whatever they say. */
export async function answeringHosts(
  hosts: readonly string[],
  ask: (url: string, signal: AbortSignal) => Promise<unknown> = askOnce,
): Promise<Set<string>> {
  const answers = await Promise.all(
    [...new Set(hosts)].map(async (host) => {
      try {
        await ask(`https://${host}/`, AbortSignal.timeout(patienceMs));
        return host;
      } catch {
        return undefined;
      }
    }),
  );
  return new Set(answers.filter((host) => host !== undefined));
}

async function askOnce(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
  // A proxy that refuses the site answers too, but not with what is wanted.
  if (response.status === 403 || response.status === 407 || response.status >= 500) throw new Error("refused");
}

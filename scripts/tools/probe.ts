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
  // A gateway that cannot reach the site says so in its name; anything else is the site's own answer.
  if (response.status >= 500) throw new Error(String(response.status));
}

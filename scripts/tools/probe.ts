/** Which hosts answer: asked once, all at the same time, with little patience. */

/** Long enough for a slow line, short enough that a closed network costs nothing. */
const patienceMs = 2_500;

/** The hosts of those sites that answer a request at all, whatever they say. A site is an origin. */
export async function answeringHosts(
  sites: readonly string[],
  ask: (url: string, signal: AbortSignal) => Promise<unknown> = askOnce,
): Promise<string[]> {
  const answers = await Promise.all(
    [...new Set(sites)].map(async (site) => {
      try {
        await ask(`${site}/`, AbortSignal.timeout(patienceMs));
        return new URL(site).host;
      } catch {
        return undefined;
      }
    }),
  );
  return answers.filter((host) => host !== undefined);
}

async function askOnce(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
  // A gateway that cannot reach the site says so in its name; anything else is the site's own answer.
  if (response.status >= 500) throw new Error(String(response.status));
}

/**
 * resolve: the value of an output, within a bounded time.
 *
 * An output of a resource that failed or was never registered stays open for ever; a test that awaits it bare would hang
 * without a word.
 */
import * as pulumi from "@pulumi/pulumi";

const patienceMs = 10_000;

/** The value; rejects when it does not come, or when it is unknown (in a preview). */
export function resolve<T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  const value = new Promise<pulumi.Unwrap<T>>((take) => {
    // Only known values reach an apply.
    pulumi.output(output).apply(take);
  });
  return within(value, "the value of an output");
}

/** Whether whoever prints the output sees it. */
export function isSecret(output: pulumi.Output<unknown>): Promise<boolean> {
  return within(pulumi.isSecret(output), "the secretness of an output");
}

/** The same promise, rejecting with the name of what was awaited when it takes too long. */
export async function within<T>(promise: Promise<T>, what: string, milliseconds = patienceMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} did not come within ${String(milliseconds / 1000)} s`));
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

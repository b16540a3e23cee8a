/**
 * Quantity: amounts as Kubernetes writes them.
 *
 * The API server keeps an amount in one form only and answers in that one: what is sent in another looks changed at every
 * refresh.
 */

const decimal = ["", "k", "M", "G", "T", "P"] as const;
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi"] as const;

/** `4`, `1.5`, `500m`. Kubernetes takes other suffixes as well, but nobody has gigabytes of cores. */
export const coresPattern = /^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$/;

/** `1Gi`, `1.5Gi`, `10G`, `1048576`. Kubernetes takes `512m` as well: half a byte, which nobody means. */
export const bytesPattern = /^[0-9]+(\.[0-9]{1,3})?([KMGTP]i|[kMGTP])?$/;

/** In thousandths: enough for every amount that the patterns let through. */
export function thousandths(quantity: string): bigint {
  const [, whole = "0", fraction = "", suffix = ""] = /^([0-9]+)(?:\.([0-9]{1,3}))?([A-Za-z]*)$/.exec(quantity) ?? [];
  const amount = BigInt(whole + fraction.padEnd(3, "0"));
  if (suffix === "m") return amount / 1000n;
  const exponent = [decimal, binary].map((suffixes) => suffixes.findIndex((each) => each === suffix));
  if (suffix.endsWith("i")) return amount * 1024n ** BigInt(exponent[1] ?? 0);
  return amount * 1000n ** BigInt(exponent[0] ?? 0);
}

/**
 * The form in which the API server keeps it: no fraction, and the largest suffix that leaves none.
 * {@link https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/}
 */
export function canonicalQuantity(quantity: string): string {
  const amount = thousandths(quantity);
  const bytes = (amount + 999n) / 1000n;
  if (quantity.endsWith("i") && bytes >= 1024n) return written(bytes, 1024n, binary);
  return amount % 1000n === 0n ? written(amount / 1000n, 1000n, decimal) : `${String(amount)}m`;
}

function written(amount: bigint, step: bigint, suffixes: readonly string[]): string {
  let [rest, exponent] = [amount, 0];
  while (rest !== 0n && rest % step === 0n && exponent < suffixes.length - 1) {
    rest /= step;
    exponent += 1;
  }
  return `${String(rest)}${suffixes[exponent] ?? ""}`;
}

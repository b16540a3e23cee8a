/** Remembered: what was worked out once for a key. */
export function remembered<K, V>(known: Map<K, V>, key: K, compute: () => V): V {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = compute()));
  return value;
}

/** Remembered: what was worked out once for a key. */
export function remembered<K, V>(
  known: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  compute: () => V,
): V {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = compute()));
  return value;
}

/** More than a large cluster asks; with so many different questions remembering has stopped to pay. */
const most = 200_000;

/** For what is remembered as long as the process lives: it forgets all rather than grow without end. */
export class Memory<V> extends Map<string, V> {
  override set(key: string, value: V): this {
    if (this.size >= most) this.clear();
    return super.set(key, value);
  }
}

/** Who holds a lock, and for how long nothing was heard of them. */
export interface LockState {
  /** Absent while the lock is being written. */
  readonly owner?: { readonly pid: number; readonly host: string } | undefined;
  readonly silentMs: number;
}

export function ownerIsGone(
  lock: LockState,
  here: { readonly host: string; readonly isAlive: (pid: number) => boolean },
): boolean;

export function withLock<T>(
  path: string,
  work: () => T | Promise<T>,
  options?: { readonly onWait?: (pid: number | undefined) => void; readonly pollMs?: number },
): Promise<T>;

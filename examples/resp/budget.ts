// How much memory a thread may use, for its data or for what arrives: bytes taken, and a limit.

/** What one key costs beside its bytes and its value's: the entry, two strings, its place in a table. */
export const KEY_COST = 128

/** Counts bytes. */
export class Budget {
  /** Bytes; may be infinite. */
  readonly limit: number
  used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Takes `bytes`, if they are left. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
  }
}

// Answering a message that the calling carrier has taken.

import { EINVAL } from '../kernel/errno.ts'
import { encode } from '../mem/codec.ts'
import { transferListOf } from '../pthread/transfer.ts'
import { Answer, empty, isInteger, refill, refillInteger, settle } from './message.ts'

/**
 * Answers message `n` with `value`; `root` names it in errors. Returns 0, or ENOMEM: it is not answered. Throws TypeError for what cannot travel.
 * `isWanted`: whether it is to be answered still, when getters of `value` have run.
 */
export function answer(n: number, status: number, value: unknown, root: string, isWanted = (): boolean => true): number {
  if (isInteger(value)) {
    refillInteger(n, value)
    settle(n, status)
    return 0
  }
  const transfer = transferListOf(value), message = encode(value, root, transfer)
  let errno = EINVAL
  try {
    if (!isWanted()) return 0
    errno = refill(n, message, transfer)
  } finally {
    if (errno !== 0) message.drop()
  }
  if (errno === 0) settle(n, status)
  return errno
}

/** Answers message `n`, whose body could not be read because of `error`. */
export function answerUnread(n: number, error: unknown): void {
  empty(n)
  try {
    if (answer(n, Answer.ABORTED, error, 'error') === 0) return
  } catch { /* the error cannot travel either */ }
  settle(n, Answer.UNSERVED)
}

// Signals by their POSIX names: sending, masks, pending sets.  POSIX.1-2024 kill, pthread_kill, raise, sigqueue,
// pthread_sigmask, sigprocmask, sigpending.  See kernel/signal.ts for how, deliver.ts for when handlers run.

import { peek, poke } from '#atomics'
import { EINVAL, ENOSYS, ESRCH } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { pendingOfCaller, send, setMask } from '../kernel/signal.ts'
import { SI_QUEUE, SI_TKILL, SI_USER } from '../kernel/signal-queue.ts'
import { isSignal } from '../kernel/signo.ts'
import { find } from '../kernel/thread.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { deliveryPoint } from './deliver.ts'
import { SigSet } from './sigset.ts'

export const SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2

/**
 * Sends a signal to the process `pid`. Our own: to a thread that does not block it; if all do, it is pending. Another
 * process, a group (0, negative): the operating system sends it. `signo` 0 only checks. EINVAL: no signal; ESRCH; EPERM;
 * EAGAIN: too many are queued.
 */
export function kill(pid: number, signo: number): number {
  if (signo !== 0 && !isSignal(signo)) return EINVAL
  if (pid !== host.pid()) return host.kill(pid, signo)
  return signo === 0 ? 0 : sent(send(0, 0, signo, SI_USER))
}

/** Sends a signal to a thread. 0 and no effect if it has ended and was not yet joined. EINVAL; ESRCH: no such thread; EAGAIN. */
export function pthread_kill(thread: number, signo: number): number {
  const slot = find(thread)
  if (signo !== 0 && !isSignal(signo)) return EINVAL
  if (slot === 0) return ESRCH
  return signo === 0 ? 0 : sent(send(slot, peek(kernel, record(slot) + ThreadRecord.serial), signo, SI_TKILL))
}

/** Sends a signal to the calling thread; its handler has run when this returns. EINVAL; EAGAIN. */
export function raise(signo: number): number {
  return isSignal(signo) ? pthread_kill(self.tid, signo) : EINVAL
}

/** Sends a signal with a number to the process. Real-time signals queue. EAGAIN: too many are queued; ENOSYS: another process. */
export function sigqueue(pid: number, signo: number, value: number): number {
  if (signo !== 0 && !isSignal(signo)) return EINVAL
  if (pid !== host.pid()) {
    const errno = host.kill(pid, 0)
    return errno === 0 && signo !== 0 ? ENOSYS : errno
  }
  return signo === 0 ? 0 : sent(send(0, 0, signo, SI_QUEUE, value))
}

/** {@link sigqueue} to a thread. */
export function pthread_sigqueue(thread: number, signo: number, value: number): number {
  const slot = find(thread)
  if (signo !== 0 && !isSignal(signo)) return EINVAL
  if (slot === 0) return ESRCH
  return signo === 0 ? 0 : sent(send(slot, peek(kernel, record(slot) + ThreadRecord.serial), signo, SI_QUEUE, value))
}

function sent(errno: number): number {
  deliveryPoint()
  return errno
}

/**
 * Changes the calling thread's mask by the set at `set` (0: not at all), after storing it at `oset` (0: not). Pending
 * signals that it unblocks are delivered before it returns. EINVAL for a `how` that is none.
 */
export function pthread_sigmask(m: Memory, how: number, set: Address, oset: Address = 0): number {
  if (set !== 0 && ((how !== SIG_BLOCK && how !== SIG_UNBLOCK && how !== SIG_SETMASK) || !fits(m, set, SigSet.size))) return EINVAL
  if (oset !== 0 && !fits(m, oset, SigSet.size)) return EINVAL
  const t = record(self.slot)
  const mask0 = peek(kernel, t + ThreadRecord.mask0), mask1 = peek(kernel, t + ThreadRecord.mask1)
  const set0 = set === 0 ? 0 : peek(m, set), set1 = set === 0 ? 0 : peek(m, set + 4)
  if (oset !== 0) {
    poke(m, oset, mask0)
    poke(m, oset + 4, mask1)
  }
  if (set === 0) return 0
  if (how === SIG_BLOCK) setMask(mask0 | set0, mask1 | set1)
  else if (how === SIG_UNBLOCK) setMask(mask0 & ~set0, mask1 & ~set1)
  else setMask(set0, set1)
  deliveryPoint()
  return 0
}

/** {@link pthread_sigmask}. */
export function sigprocmask(m: Memory, how: number, set: Address, oset: Address = 0): number {
  return pthread_sigmask(m, how, set, oset)
}

/** Stores at `set` which signals are blocked and pending, for the thread or the process. EINVAL if no set can be there. */
export function sigpending(m: Memory, set: Address): number {
  if (!fits(m, set, SigSet.size)) return EINVAL
  const [pending0, pending1] = pendingOfCaller()
  const t = record(self.slot)
  poke(m, set, pending0 & peek(kernel, t + ThreadRecord.mask0))
  poke(m, set + 4, pending1 & peek(kernel, t + ThreadRecord.mask1))
  return 0
}

// The imports of module `pthreads` that concern signals: handlers are callbacks of C, which every heap of the program can run.

import { peek, poke } from '#atomics'
import { host } from '../kernel/host.ts'
import type { Address } from '../mem/memory.ts'
import * as posix from '../pthread/index.ts'
import { sourceOf, type Entry } from '../pthread/entry.ts'
import type { SigAction } from '../pthread/sigaction.ts'
import { toWasi } from './errno.ts'
import { installInfo, type Guest } from './guest.ts'
import { then } from './stacks.ts'
import { putInfo, timespec } from './struct-c.ts'

// SIG_IGN, as signal.h has it: no index of a table.
const SIG_IGN_OF_C = -2

installInfo(putInfo)

// A program's own process is all that it can reach; it is alone in its process group, 0.
function isAlone(pid: number): boolean {
  return pid === 0 || Math.abs(pid) === host.pid()
}

/** The imports. */
export function signalImports(guest: Guest): Record<string, unknown> {
  const { memory: m } = guest
  const fromC = (handler: number): NonNullable<SigAction['sa_handler']> =>
    handler === 0 ? posix.SIG_DFL : handler === SIG_IGN_OF_C ? posix.SIG_IGN : guest.handler(handler)
  const toC = (handler: SigAction['sa_handler']): number => {
    if (handler === posix.SIG_DFL || handler === undefined) return 0
    if (handler === posix.SIG_IGN) return SIG_IGN_OF_C
    const source = sourceOf(handler as Entry)
    return source?.startsWith(`w${m.id}\n`) === true ? Number(source.slice(source.indexOf('\n') + 1)) : 0
  }
  const told = (errno: number, at: Address, info: object): number => {
    if (errno === 0) putInfo(m, at, info as posix.SigInfo)
    return toWasi(errno)
  }
  return {
    kill: (pid: number, signo: number) => toWasi(isAlone(pid) ? posix.kill(host.pid(), signo) : posix.ESRCH),
    raise: (signo: number) => toWasi(posix.raise(signo)),
    sigqueue: (pid: number, signo: number, value: number) => toWasi(pid === host.pid() ? posix.sigqueue(pid, signo, value) : posix.ESRCH),
    siginterrupt: (signo: number, flag: number) => toWasi(posix.siginterrupt(signo, flag)),
    pause: () => then(posix.pause(), toWasi),
    alarm: (seconds: number) => posix.alarm(seconds >>> 0),
    // struct sigaction: handler, flags, mask.
    sigaction: (signo: number, act: Address, old: Address) => {
      const before: SigAction | undefined = old === 0 ? undefined : { sa_mask: old + 8 }
      const errno = posix.sigaction(m, signo, act === 0 ? null : { sa_handler: fromC(peek(m, act)), sa_flags: peek(m, act + 4), sa_mask: act + 8 }, before)
      if (errno === 0 && before !== undefined) {
        poke(m, old, toC(before.sa_handler))
        poke(m, old + 4, before.sa_flags ?? 0)
      }
      return toWasi(errno)
    },
    sigwaitinfo: (set: Address, at: Address) => {
      const info = {}
      return then(posix.sigwaitinfo(m, set, info), errno => told(errno, at, info))
    },
    sigtimedwait: (set: Address, at: Address, timeout: Address) => {
      const info = {}
      return then(posix.sigtimedwait(m, set, info, timespec(m, timeout)), errno => told(errno, at, info))
    },
  }
}

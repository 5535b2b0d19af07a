// The signals: Linux's numbers, and what they do by default.  Sets are two words: signals 1 to 32, and 33 to 64.

export const SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10,
  SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGSTKFLT = 16, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19,
  SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXCPU = 24, SIGXFSZ = 25, SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28,
  SIGPOLL = 29, SIGPWR = 30, SIGSYS = 31
/** Real-time signals: queued, with values, lowest number first. */
export const SIGRTMIN = 34, SIGRTMAX = 64

/** Whether it is the number of a signal. 32 and 33 are the C library's on Linux, and none here. */
export function isSignal(signo: number): boolean {
  return Number.isInteger(signo) && signo > 0 && signo <= SIGRTMAX && signo !== 32 && signo !== 33
}

/** The word of a set in which `signo` is: 0 or 1. */
export function wordOf(signo: number): number {
  return signo - 1 >>> 5
}

/** Its bit there. */
export function bitOf(signo: number): number {
  return 1 << (signo - 1 & 31)
}

/** The lowest signal of a set; 0 if it is empty. */
export function lowest(set0: number, set1: number): number {
  if (set0 !== 0) return 32 - Math.clz32(set0 & -set0)
  return set1 === 0 ? 0 : 64 - Math.clz32(set1 & -set1)
}

const IGNORED = bitOf(SIGCHLD) | bitOf(SIGURG) | bitOf(SIGWINCH) | bitOf(SIGCONT)
/** What nobody can catch, block or ignore. */
export const UNSTOPPABLE = bitOf(SIGKILL) | bitOf(SIGSTOP)

/** Whether the default is to do nothing. All others end the process or stop it. */
export function ignoredByDefault(signo: number): boolean {
  return signo <= 32 && (IGNORED & bitOf(signo)) !== 0
}

/** Whether the default is to stop the process. */
export function stopsByDefault(signo: number): boolean {
  return signo >= SIGSTOP && signo <= SIGTTOU
}

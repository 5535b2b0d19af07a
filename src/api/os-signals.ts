// Signals of the operating system enter the process: from the first heap's event loop, as signals of the process.
//
// A signal for which the program has an action, a thread in sigwait, or that all threads block, is the program's; for
// others `otherwise` does what would be done without us.  SIGUSR1 is not here: it starts Node's debugger.

import { load } from '#atomics'
import { host, onSignal } from '#host'
import { kernel } from '../kernel/process.ts'
import { PROCESS, Process } from '../kernel/records.ts'
import { isWanted, send } from '../kernel/signal.ts'
import { SI_USER } from '../kernel/signal-queue.ts'
import { SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGUSR2, SIGWINCH } from '../kernel/signo.ts'
import { react } from '../pthread/start.ts'

const FORWARDED = [SIGHUP, SIGINT, SIGUSR2, SIGTERM, SIGCONT, SIGWINCH]

/** Forwards signals from now on; returns what ends that. `otherwise` returns false for a signal whose default action shall be taken. */
export function forwardSignals(otherwise: (signo: number) => boolean = () => false): () => void {
  const stops = new Map<number, () => void>()
  for (const signo of FORWARDED) {
    stops.set(signo, onSignal(signo, () => {
      const fatal = load(kernel, PROCESS + Process.fatal) !== 0           // a default action is due, and this is how it comes
      if (!fatal && isWanted(signo)) {
        send(0, 0, signo, SI_USER)
        react()
      } else if (fatal || !otherwise(signo)) {
        stops.get(signo)?.()
        host.kill(host.pid(), signo)
      }
    }))
  }
  return () => { for (const stop of stops.values()) stop() }
}

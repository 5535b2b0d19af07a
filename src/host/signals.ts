// Node: signals of the operating system, as the first heap's event loop hears them.

import { constants } from 'node:os'

/** Calls `heard` when the process gets the signal, instead of its default action; returns what ends that. */
export function onSignal(signo: number, heard: () => void): () => void {
  const name = Object.entries(constants.signals).find(([, n]) => n === signo)?.[0]
  if (name === undefined) return () => undefined
  process.on(name as NodeJS.Signals, heard)
  return () => { process.removeListener(name, heard) }
}

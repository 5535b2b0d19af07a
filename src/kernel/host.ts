// What the kernel asks of the host: the verbs that only Node or a browser can provide (src/host).

import type { Buffers } from './process.ts'

/** One end of a MessageChannel, as far as the kernel cares. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly object[]): void
  close(): void
}

/** A new channel: its two ends. */
export function channel(): [Port, Port] {
  const { port1, port2 } = new MessageChannel()
  return [port1 as unknown as Port, port2 as unknown as Port]
}

/** What a new heap is told. */
export interface Birth extends Buffers {
  role: 'spawner' | 'carrier'
  carrier: number
  /** The heap's line to the spawner; for the spawner, its line to the first heap. */
  port: Port
  /** A module that replaces the host's verbs, for tests. */
  hostModule?: string | undefined
}

/** How a Worker came to its end, as far as its parent can tell. */
export interface Ending { code: number, error?: unknown }

/** Limits of a Worker's heap (MiB) and stack (KiB); 0: the host's default. */
export interface CarrierClass { heap: number, stack: number }

/** What a thread of the operating system has used. */
export interface Usage { cpuTime: number, voluntary: number, involuntary: number }

export interface Host {
  /** The operating system's id of this process. */
  pid(): number
  /** ms, never goes back, same origin in all threads. */
  monotonic(): number
  /** Processor time of the calling carrier in ms; NaN where the host cannot tell. */
  cpuTime(): number
  /** Sends a signal of the operating system; returns 0 or the errno. */
  kill(pid: number, signo: number): number
  /** Ends or stops this process by the default action of a signal. Returns if the program has a handler of its own for it. */
  die(signo: number): void
  /** The operating system's number for the calling thread; 0 where there is none. */
  osThread(): number
  /** Processor time in ms, and switches so far, of the thread with that number; NaN where the host cannot tell. */
  usageOf(osThread: number): Usage
  /** Processor time of the whole process in ms: programs read it in loops. */
  processTime(): number
  /** What the whole process has used, ms of processor time and bytes, and its parent's id. */
  usage(): { cpuTime: number, resident: number, parent: number }
  /** Number of processors the process may use. */
  processors(): number
  /** Threads will be created soon: the spawner's Worker may start already. Does nothing in a Worker. */
  expectSpawner(): void
  /** Starts the spawner; called once per process. The Worker does not keep the process alive. */
  startSpawner(birth: Birth): void
  /** Starts a carrier; called in the spawner only. Throws if the host refuses. `gone` is called once, after the Worker's end. */
  startCarrier(birth: Birth, limits: CarrierClass, gone: (ending: Ending) => void): { terminate(): void }
  /** Takes the next message from a port without an event loop; undefined when there is none. */
  receive(port: Port): { message: unknown } | undefined
  /** Calls `handler` for every message of a port; the port then keeps the event loop alive. */
  listen(port: Port, handler: (message: unknown) => void, closed: () => void): void
  /** Runs `task` in a later turn of the event loop. */
  nextTurn(task: () => void): void
  /** Things that keep this heap's event loop alive or may still call back into it. */
  active(): number
  /** Frees what is dead of the youngest objects in this heap, and the buffers that only these had. Does nothing where the host cannot. */
  collectYoung(): void
  /** Writes text to the standard error stream, whole, from any thread. */
  writeError(text: string): void
  /** Calls `report` when this process is about to end; if it returns a number above 0, that is the exit code of a process that would have succeeded. */
  atExit(report: () => number): void
  /** Throws TypeError unless `worker` is a Worker. */
  check(worker: unknown): void
  /** Hands `birth` to a Worker that a user's factory made. */
  adopt(worker: unknown, birth: Birth): void
  /** In such a Worker, and in the spawner's: calls `born` when the birth arrives. */
  awaitBirth(born: (birth: Birth) => void): void
  /** Ends this Worker. */
  quit(): never
}

/** The host of this heap; installed by boot.ts or by the face before anything else runs. */
export let host: Host

export function installHost(h: Host): void {
  host = h
}

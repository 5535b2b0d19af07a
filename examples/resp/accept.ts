// How a connection comes to its thread where only one thread can listen: before Node 22.12, or where the system does not let several sockets
// listen at one port. This thread accepts, and sends the number of the descriptor; the other thread makes its own socket of it, and
// only that one reads and writes.
//
// Node cannot give a descriptor away: our handle knows the number too, and would close it. The thread that serves the connection closes it
// when it ends, and the system gives the number to the next who opens anything. So:
//
// A1  Our handle of a number is never read, written, or closed, unless A2.
// A2  It is closed while the number is ours for certain: `claim` opens /dev/null until it gets that very number, for the system gives the
//     lowest that is free. Then closing the handle closes what `claim` opened, and nothing else.
// A3  If the number is somebody else's already (mostly our next connection's: clients that come and go), the handle is kept
//     until the number is free when we look, which is each time that a connection with this number ends. Then all that were kept go.
//
// Rejected: to keep the handles for ever (a connection would cost memory for good); one thread that reads and writes for all (public API only,
// but the system calls are most of the work, and it would do all of them); server.listen({ fd }) in each thread (whoever wakes first takes
// them all, and the death of one closes the port for everybody).

import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Whether each thread can listen by itself. */
export const EACH_LISTENS = process.platform === 'linux' && atLeast(22, 12)

function atLeast(major: number, minor: number): boolean {
  const [a, b] = process.versions.node.split('.').map(Number)
  return a > major || a === major && b >= minor
}

/** A handle of Node's, of which we need the number. */
interface Numbered { readonly _handle?: { readonly fd: number } | null }

/** Accepts connections for other threads. */
export class Acceptor {
  readonly #server: Server
  readonly #hand: (descriptor: number) => Promise<boolean>
  /** Our handles, by number: those whose connection has ended, and the one whose connection has not. */
  readonly #handles = new Map<number, Socket[]>()

  /** `hand` gives the number to a thread; false: nobody has taken it. */
  constructor(hand: (descriptor: number) => Promise<boolean>) {
    this.#hand = hand
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => { void this.#accepted(socket) })
  }

  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** How many handles are kept. */
  get kept(): number {
    let n = 0
    for (const handles of this.#handles.values()) n += handles.length
    return n
  }

  /** The thread that had the number has closed it. */
  ended(descriptor: number): void {
    const handles = this.#handles.get(descriptor) ?? []
    while (handles.length > 0 && claim(descriptor)) handles.pop()!.destroy()
    if (handles.length === 0) this.#handles.delete(descriptor)
  }

  /** A thread has ended, and with it all that it had. */
  threadEnded(): void {
    for (const descriptor of this.#handles.keys()) this.ended(descriptor)
  }

  /** Accepts no more. All threads have closed what they had. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.threadEnded()
    if (this.kept === 0) await closed                                      // else a number is somebody else's now: the end of the process is theirs too
  }

  async #accepted(socket: Socket): Promise<void> {
    const descriptor = (socket as Numbered)._handle?.fd ?? -1
    const handles = this.#handles.get(descriptor)
    if (handles === undefined) this.#handles.set(descriptor, [socket])
    else handles.push(socket)
    if (descriptor < 0 || !await this.#hand(descriptor)) this.#refuse(descriptor, socket)
  }

  // Nobody else has touched it: the number is that of this connection.
  #refuse(descriptor: number, socket: Socket): void {
    const handles = this.#handles.get(descriptor)!
    handles.splice(handles.indexOf(socket), 1)
    socket.destroy()
    this.ended(descriptor)
  }
}

// Makes the number ours; false if it is in use, or no number is left.
function claim(descriptor: number): boolean {
  const lower: number[] = []
  try {
    let mine = openSync('/dev/null', 'r')
    for (; mine < descriptor; mine = openSync('/dev/null', 'r')) lower.push(mine)
    if (mine !== descriptor) closeSync(mine)
    return mine === descriptor
  } catch {
    return false
  } finally {
    for (const other of lower) closeSync(other)
  }
}

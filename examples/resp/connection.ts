// A client. Answers leave in the order of the requests, also when some of them come from other threads: a request whose answer has yet
// to come takes a place in a queue, and what is answered behind it waits there.
//
// Nothing grows without a bound: a client that does not read its answers is not read from either, nor one that has much still to be answered.
// How large the answers are that it has asked for already nobody can know; the thread closes the worst if they are too many (service.ts).

import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Budget } from './budget.ts'
import { Parser, ProtocolError, type Arg } from './parser.ts'
import { failure, sizeOf, type Reply } from './reply.ts'

/** How many answers may still have to come, to how many bytes of requests, and how many characters are put together before they are written. */
const MOST = 1024, MOST_BYTES = 2 ** 20, PART = 65536
/** How long a connection with nothing left to write waits for the client to end it too, ms. */
const LINGER = 1000

/** The place of an answer that is still to come, or has come and waits for those before it. */
export class Place {
  reply: Reply | undefined
  /** Of its request. */
  readonly bytes: number
  readonly #take: (reply: Reply) => void

  constructor(bytes: number, take: (reply: Reply) => void) {
    this.bytes = bytes
    this.#take = take
  }

  /** The answer has come. */
  take(reply: Reply): void {
    this.reply = reply
    this.#take(reply)
  }
}

/** What a connection needs of who serves it. */
export interface Server {
  /** Does a request: calls `answer` at once, or takes a `place` that gets the answer later. */
  execute(args: Arg[], connection: Connection): void
  /** A place has got its answer: `flush` is to be called soon. */
  answered(connection: Connection): void
}

/** The bytes of one client, and the order of its answers. */
export class Connection {
  readonly #socket: Socket
  readonly #parser: Parser
  readonly #server: Server
  readonly #awaited: Place[] = []
  /** Of the requests that have a place in it. */
  #bytes = 0
  /** Of the answers that have come and wait for those before them. */
  #waiting = 0
  #text = ''
  #parts: Arg[] = []
  /** The socket holds all that it should. */
  #full = false
  /** No more requests are taken: the client has said that it has no more, or what it said makes no sense, or it asked for the end. */
  #ending = false
  /** The client has sent all that it will send. */
  #heard = false
  /** What it calls itself. */
  name = ''

  constructor(socket: Socket, budget: Budget, server: Server) {
    this.#socket = socket
    this.#parser = new Parser(budget)
    this.#server = server
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      if (this.#ending) return
      this.#parser.push(chunk as Buffer)
      this.#work()
    })
    socket.on('drain', () => {
      this.#full = false
      this.#work()
    })
    socket.on('end', () => {
      this.#heard = true
      this.#work()
    })
    socket.on('error', () => undefined)                                    // a client that is gone; 'close' follows
    socket.on('close', () => {
      this.#ending = true
      this.#parser.close()
    })
  }

  /** Answers the request that is being done. */
  answer(reply: Reply): void {
    if (this.#awaited.length === 0) this.#put(reply)
    else this.place([]).take(reply)
  }

  /** A place for the answer of the request that is being done, which is `args`. */
  place(args: readonly Arg[]): Place {
    const place = new Place(sizeOf(args), this.#took)
    this.#awaited.push(place)
    this.#bytes += place.bytes
    return place
  }

  readonly #took = (reply: Reply): void => {
    this.#waiting += sizeOf(reply)
    this.#server.answered(this)
  }

  /** Bytes of answers that the client has not read. */
  get unread(): number {
    return this.#waiting + this.#socket.writableLength
  }

  /** Sends what can be sent; goes on reading if that made room. */
  flush(): void {
    this.#settle()
    this.#work()
  }

  /** Takes no more requests; closes the connection when all answers are sent. */
  end(): void {
    this.#ending = true
  }

  /** Closes the connection at once; the promise settles when it is closed. */
  async destroy(): Promise<void> {
    if (this.#socket.closed) return
    const closed = once(this.#socket, 'close')
    this.#socket.destroy()
    await closed
  }

  #work(): void {
    try {
      while (!this.#ending && !this.#full && !this.#waits()) {
        const args = this.#parser.next()
        if (args === undefined) {
          this.#ending = this.#heard
          break
        }
        this.#server.execute(args, this)
        if (this.#text.length > PART || this.#parts.length > 0) this.#write()
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.answer(failure(`ERR Protocol error: ${error.message}`))
      this.end()
    }
    this.#write()
    if (this.#ending) return
    const wait = this.#full || this.#waits()
    if (wait !== this.#socket.isPaused()) this.#socket[wait ? 'pause' : 'resume']()
  }

  #waits(): boolean {
    return this.#awaited.length >= MOST || this.#bytes >= MOST_BYTES
  }

  #settle(): void {
    const awaited = this.#awaited
    let n = 0
    for (; n < awaited.length && awaited[n].reply !== undefined; n++) {
      this.#put(awaited[n].reply!)
      this.#bytes -= awaited[n].bytes
      this.#waiting -= sizeOf(awaited[n].reply!)
    }
    if (n > 0) awaited.splice(0, n)
  }

  #put(reply: Reply): void {
    if (typeof reply === 'string') {
      this.#text += reply
      return
    }
    this.#parts.push(this.#text, ...reply)
    this.#text = ''
  }

  #write(): void {
    const socket = this.#socket
    if (socket.writable) {
      if (this.#parts.length > 0) this.#writeParts()
      else if (this.#text !== '') this.#full = !socket.write(this.#text, 'latin1')
      if (this.#ending && this.#awaited.length === 0) this.#finish()
    }
    this.#text = ''
    this.#parts = []
  }

  #writeParts(): void {
    const socket = this.#socket
    socket.cork()
    for (const part of [...this.#parts, this.#text]) {
      if (typeof part === 'string') this.#full = part !== '' && !socket.write(part, 'latin1') || this.#full
      else this.#full = !socket.write(part) || this.#full
    }
    socket.uncork()
    this.#full = socket.writableNeedDrain
  }

  // What the client still sends is read and thrown away for a while, or the system would reset the connection and the last answer be lost.
  #finish(): void {
    const socket = this.#socket
    if (socket.writableEnded) return
    socket.end(() => {                                                     // all is written
      const timer = setTimeout(() => { socket.destroy() }, LINGER)
      socket.on('close', () => { clearTimeout(timer) })
    })
    socket.resume()
  }
}

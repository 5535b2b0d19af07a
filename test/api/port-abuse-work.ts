// The threads of port-abuse.test.ts.

import { type Message, type Port, type Semaphore, transfer } from 'pthreads'

/** Answers with the sum of the bytes, until the port is closed. */
export function sums(port: Port<Uint8Array, number>): void {
  for (const message of port) message.answer(bytes => bytes.byteLength + bytes[0] + bytes[bytes.length - 1])
}

/** Answers with what it got: a copy, or the buffer itself. */
export function returns(port: Port<Uint8Array, Uint8Array>, moves: boolean): void {
  for (const message of port) message.reply(moves ? transfer(message.body, [message.body.buffer as ArrayBuffer]) : message.body)
}

/** Answers with more bytes than there is memory, then with what came of that. */
export function repliesTooMuch(port: Port<number, unknown>): void {
  for (const message of port) {
    try {
      message.reply(new Uint8Array(message.body))
    } catch (error) {
      message.reply((error as Error).message)
    }
  }
}

/** Asks; returns the answer, or the error's message. */
export function asks(port: Port<number, number>, body: number): string {
  try {
    return String(port.do(body))
  } catch (error) {
    if (!(error instanceof Error)) throw error                            // it is canceled
    return error.message
  }
}

/** Forwards its first message to a port that is full, without waiting, and ends when it may. */
export function forwardsAndEnds(from: Port<number, number>, to: Port<number, number>, begun: Semaphore, go: Semaphore): void {
  const message: Message<number, number> = from.wait()
  void message.forwardAsync(to)
  begun.post()
  go.wait()
}

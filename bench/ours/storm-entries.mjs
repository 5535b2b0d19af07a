// The threads of port-storm.mjs: each form of sending and of taking.

import { fiber } from '../../dist/api/index.js'

const LONG = 'x'.repeat(600)

/** Message `i` of sender `who`: an integer, or of any sort. */
function body(what, who, i, seed) {
  if (what === 'integers') return who << 24 | i
  if (what === 'objects') return { who, i, text: 'some text' }
  const random = Math.imul(i ^ seed, 0x9e3779b1) >>> 16
  if (random % 64 === 0) return { who, i, text: LONG }               // too long for a run
  return [who << 24 | i, { who, i }, [who, i], `${who} ${i}`, (who << 24 | i) + 0.5][random % 5]
}

/** Whose message it is, and which. */
function parse(body) {
  if (typeof body === 'number') return [body >> 24, Math.floor(body) & 0xffffff]
  if (typeof body === 'string') return body.split(' ').map(Number)
  return Array.isArray(body) ? body : [body.who, body.i]
}

export function send(port, who, count, what, seed) {
  for (let i = 0; i < count; i++) port.send(body(what, who, i, seed))
}

export async function sendAsync(port, who, count, what, seed) {
  for (let i = 0; i < count; i++) await port.sendAsync(body(what, who, i, seed))
}

export function* sendFiber(port, who, count, what, seed) {
  for (let i = 0; i < count; i++) yield* fiber.send(port, body(what, who, i, seed))
}

// Marks what is taken. `count`: how many were taken, -1 if those of a sender came out of order.
class Ledger {
  #last
  #seen
  #each
  count = 0

  constructor(seen, each, senders) {
    this.#seen = seen
    this.#each = each
    this.#last = new Int32Array(senders).fill(-1)
  }

  note(body) {
    const [who, i] = parse(body)
    if (i <= this.#last[who]) this.count = -Infinity
    this.#last[who] = i
    Atomics.add(this.#seen, who * this.#each + i, 1)
    this.count++
  }
}

export function take(port, ...where) {
  const ledger = new Ledger(...where)
  for (const message of port) ledger.note(message.body)
  return ledger.count
}

export async function takeAsync(port, ...where) {
  const ledger = new Ledger(...where)
  for await (const message of port) ledger.note(message.body)
  return ledger.count
}

export function* takeFiber(port, ...where) {
  const ledger = new Ledger(...where)
  for (;;) {
    try {
      ledger.note((yield* fiber.receive(port)).body)
    } catch (error) {
      if (error.code !== 'EPIPE') throw error
      return ledger.count
    }
  }
}

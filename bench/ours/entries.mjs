// The threads that our contestants create.

import { milliseconds, perOperation } from '../timing.mjs'
import { pinWorker, threadNumber } from '../placement.mjs'
import { bodies } from '../port-bodies.mjs'

export function echo(n) {
  return n
}

/** Pins the Worker that runs this thread, and says which it is. */
export function settle(worker) {
  pinWorker(worker)
  return threadNumber()
}

export function whereAmI() {
  return threadNumber()
}

/** Fights for `mutex` until shared[1] is set; shared[0] is the counter it guards, shared[2] the starting line. */
export function fight(worker, mutex, shared) {
  pinWorker(worker)
  for (let i = 0; i < 20_000; i++) {                       // warm: alone with a counter of nobody
    mutex.lock()
    mutex.unlock()
  }
  Atomics.add(shared, 2, 1)
  while (Atomics.load(shared, 3) === 0) Atomics.wait(shared, 3, 0)
  let done = 0
  while (Atomics.load(shared, 1) === 0) {
    mutex.lock()
    shared[0]++
    mutex.unlock()
    done++
  }
  return done
}

const PING = 0, PONG = 1, END = 2

/** Plays the first half of condition ping-pong; returns microseconds a round trip, and the rounds played. */
export function conditionPing(mutex, condition, turn) {
  pinWorker(0)
  let rounds = 0
  const ns = perOperation(64, () => {
    for (let i = 0; i < 64; i++) {
      mutex.lock()
      while (turn[0] !== PING) condition.wait(mutex)
      turn[0] = PONG
      condition.signal()
      mutex.unlock()
    }
    rounds += 64
  })
  mutex.lock()
  while (turn[0] !== PING) condition.wait(mutex)
  turn[0] = END
  condition.signal()
  mutex.unlock()
  return [ns / 1e3, rounds]
}

/** Plays the second half; returns the rounds answered. */
export function conditionPong(mutex, condition, turn) {
  pinWorker(1)
  let answered = 0
  for (;;) {
    mutex.lock()
    while (turn[0] === PING) condition.wait(mutex)
    const last = turn[0] === END
    if (!last) {
      turn[0] = PING
      answered++
      condition.signal()
    }
    mutex.unlock()
    if (last) return answered
  }
}

/** Plays the first half of semaphore ping-pong: post the other's, wait for mine. */
export function semaphorePing(toPong, toPing, end) {
  pinWorker(0)
  let rounds = 0
  const ns = perOperation(64, () => {
    for (let i = 0; i < 64; i++) {
      toPong.post()
      toPing.wait()
    }
    rounds += 64
  })
  end[0] = 1
  toPong.post()
  return [ns / 1e3, rounds]
}

export function semaphorePong(toPong, toPing, end) {
  pinWorker(1)
  let answered = 0
  for (;;) {
    toPong.wait()
    if (end[0] === 1) return answered
    answered++
    toPing.post()
  }
}

/** Sleeps until `gate` opens: a thread that is there and does nothing. */
export function idle(arrived, gate) {
  arrived.post()
  gate.wait()
  return milliseconds
}

/** Sends small messages; returns millions a second, and how many. */
export function portSender(port, how) {
  pinWorker(0)
  let sent = 0
  const { of } = bodies[how]
  const ns = perOperation(1024, () => {
    for (let i = 0; i < 1024; i++) port.send(of(sent++))
  })
  port.close()
  return [1e3 / ns, sent]
}

/** Takes messages; returns how many came, in order. */
export function portTaker(port, how) {
  pinWorker(1)
  const { is } = bodies[how]
  let taken = 0
  for (const { body } of port) {
    if (!is(body, taken)) return -1
    taken++
  }
  return taken
}

/** Asks; returns microseconds a round trip, and how many there were. */
export function portClient(port) {
  pinWorker(0)
  let rounds = 0, wrong = 0
  const ns = perOperation(64, () => {
    for (let i = 0; i < 64; i++, rounds++) if (port.do(rounds) !== rounds + 1) wrong++
  })
  port.close()
  return [ns / 1e3, rounds - wrong]
}

export function portServer(port) {
  pinWorker(1)
  let answered = 0
  for (const message of port) {
    message.reply(message.body + 1)
    answered++
  }
  return answered
}

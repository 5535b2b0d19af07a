// Accounts without a lock. Each branch is a thread that owns its accounts: nobody else can see them, so nothing has to be
// guarded. Whoever wants something of an account asks its branch, by a message. A transfer between two branches is forwarded: the
// first one takes the money and passes the message on, the second one puts it in and answers to the customer.
//
//   pthreads run build/examples/bank/main.js -- [branches] [customers] [transfers of each]

import { Port, Thread, fiber, thread } from 'pthreads'

type Steps<T> = Generator<unknown, T>

/** What a branch can be asked. Account `a` is at branch `a % branches`. */
type Request =
  | { verb: 'transfer', from: number, to: number, amount: number }
  | { verb: 'total' }
/** What it answers: money that was moved, or is there. */
type Branch = Port<Request, number>

const ACCOUNTS = 10, MONEY = 100

function* branch(mine: Branch, number: number, branches: Branch[]): Steps<number> {
  const accounts = new Map<number, number>()
  for (let i = 0; i < ACCOUNTS; i++) accounts.set(number + i * branches.length, MONEY)
  const put = (account: number, amount: number): number => {
    accounts.set(account, accounts.get(account)! + amount)
    return amount
  }
  let served = 0
  for (;; served++) {
    const message = yield* fiber.receive(mine)
    const { body } = message
    if (body.verb === 'total') {
      message.reply([...accounts.values()].reduce((a, b) => a + b, 0))
      return served
    }
    if (body.from % branches.length !== number) {
      message.reply(put(body.to, body.amount))                            // another branch has taken it from there
    } else if (accounts.get(body.from)! < body.amount) {
      message.abort(new RangeError(`account ${body.from} has not got that much`))
    } else {
      put(body.from, -body.amount)
      const there = body.to % branches.length
      if (there === number) message.reply(put(body.to, body.amount))
      else yield* fiber.forward(message, branches[there])
    }
  }
}

const branchThread = thread(import.meta, branch)

/** Moves money at random; returns how often there was enough. */
function* customer(branches: Branch[], seed: number, transfers: number): Steps<number> {
  let state = seed, moved = 0
  const random = (below: number): number => (state = Math.imul(state, 1103515245) + 12345 >>> 1) % below
  const all = ACCOUNTS * branches.length
  for (let i = 0; i < transfers; i++) {
    const from = random(all), to = random(all)
    try {
      yield* fiber.do(branches[from % branches.length], { verb: 'transfer', from, to, amount: 1 + random(MONEY) })
      moved++
    } catch (error) {
      if (!(error instanceof RangeError)) throw error                     // what the branch has aborted the message with
    }
  }
  return moved
}

const customerThread = thread(import.meta, customer)

/** Runs the program; returns its exit code. */
export function* main([branchCount = '2', customerCount = '4', each = '500']: string[]): Steps<number> {
  const [count, customers, transfers] = [branchCount, customerCount, each].map(Number)
  if (![count, customers, transfers].every(n => Number.isInteger(n) && n > 0 && n <= 100_000) || count * ACCOUNTS > 1000) {
    console.error('bank: three numbers above 0: branches (100 at most), customers, transfers of each')
    return 2
  }
  const branches = Array.from({ length: count }, (_, i) => new Port<Request, number>({ name: `branch ${i}` }))
  const threads = branches.map((mine, i) => Thread.create({ name: `branch ${i}` }, branchThread, mine, i, branches))
  const people = Array.from({ length: customers }, (_, i) => Thread.create({ name: `customer ${i}` }, customerThread, branches, i + 1, transfers))
  let moved = 0, money = 0, served = 0
  for (const person of people) moved += yield* fiber.join(person)
  for (const mine of branches) money += yield* fiber.do(mine, { verb: 'total' })
  for (const each of threads) served += yield* fiber.join(each)
  console.log(`${customers * transfers} transfers were asked for, ${moved} had enough money; the branches took ${served} messages`)
  console.log(`money in all accounts: ${money}`)
  return money === count * ACCOUNTS * MONEY ? 0 : 1
}

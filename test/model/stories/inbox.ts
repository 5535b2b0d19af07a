// Stories of a list with a bell: two who push, and one whose event loop takes.

import assert from 'node:assert/strict'
import { peek, poke } from '#atomics'
import { Inbox } from '#internal/mem/inbox.js'
import type { Story } from '#internal/lab/index.js'
import { malloc, memory } from 'pthreads/posix'

// An item: its link, who pushed it, and which of its items it is.
const LINK = 0, WHO = 4, NUMBER = 8, SIZE = 12
interface Objects { head: number, bell: number, items: number }

const inboxOf = ({ head, bell }: Objects): Inbox => new Inbox(memory(), head, bell, LINK)

function setup(): Objects {
  const words = malloc(8)
  poke(memory(), words, 0)
  poke(memory(), words + 4, 0)
  return { head: words, bell: words + 4, items: malloc(4 * SIZE) }
}

function push(objects: Objects, place: number, who: number, number: number): void {
  const m = memory(), item = objects.items + place * SIZE
  poke(m, item + WHO, who)
  poke(m, item + NUMBER, number)
  inboxOf(objects).push(item)
}

function first(objects: Objects): void {
  push(objects, 0, 1, 1)
  push(objects, 1, 1, 2)
}
function second(objects: Objects): void { push(objects, 2, 2, 1) }

async function receives(objects: Objects): Promise<void> {
  const m = memory(), inbox = inboxOf(objects), last = [0, 0, 0]
  let count = 0
  await inbox.listen(() => count === 3, () => {
    for (const item of inbox.take()) {
      const who = peek(m, item + WHO), number = peek(m, item + NUMBER)
      assert.equal(number, last[who] + 1, `of ${who}: ${number} after ${last[who]}`)
      last[who] = number
      count++
    }
    if (count === 3) inbox.ring()
  })
}

export const inbox: Story<Objects> = { setup, threads: [receives, first, second] }

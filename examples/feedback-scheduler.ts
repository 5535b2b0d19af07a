// A scheduler of one's own: multi-level feedback.  Whoever uses up its slice sinks a level and gets a longer slice there; whoever
// sleeps before comes back to the top.  So those that wait for something answer fast, and those that compute are disturbed rarely.
//
//   npx pthreads sim bursty-io --model m:n --scheduler examples/feedback-scheduler.ts
//
// `key` of a task is its level, `next` its link in the level's list: a scheduler needs no memory of its own for a task.

import type { Scheduler, Task } from 'pthreads'

const SLICES = [1, 4, 16]                                                 // ms, of the levels from the top

export default function feedback(): Scheduler {
  const heads: (Task | null)[] = SLICES.map(() => null)
  const tails: (Task | null)[] = SLICES.map(() => null)
  let runnable = 0

  return {
    name: 'feedback',
    get runnable() {
      return runnable
    },

    enqueue(task) {
      const tail = tails[task.key]
      if (tail === null) heads[task.key] = task
      else tail.next = task
      tails[task.key] = task
      runnable++
    },

    pick() {
      for (let level = 0; level < SLICES.length; level++) {
        const task = heads[level]
        if (task === null) continue
        heads[level] = task.next
        if (task.next === null) tails[level] = null
        task.next = null
        runnable--
        return task
      }
      return null
    },

    remove(task) {
      let before: Task | null = null
      for (let at = heads[task.key]; at !== null; before = at, at = at.next) {
        if (at !== task) continue
        if (before === null) heads[task.key] = task.next
        else before.next = task.next
        if (task.next === null) tails[task.key] = before
        task.next = null
        runnable--
        return
      }
    },

    slice: task => SLICES[task.key],
    preempts: (woken, running) => woken.key < running.key,

    expired(task) {
      task.key = Math.min(task.key + 1, SLICES.length - 1)
    },
    unblocked(task) {
      task.key = 0
    },
  }
}

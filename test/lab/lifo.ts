// A scheduler of a user's: the last one first.

import type { Scheduler, Task } from 'pthreads'

export default function lifo(): Scheduler {
  const stack: Task[] = []
  return {
    name: 'lifo',
    get runnable() { return stack.length },
    enqueue(task) { stack.push(task) },
    pick: () => stack.pop() ?? null,
    remove(task) { if (stack.includes(task)) stack.splice(stack.indexOf(task), 1) },
    slice: () => 10,
    preempts: () => false,
  }
}

// Two threads that lock and unlock a mutex, for the lab: `once`, and `often`, where steps are what takes the time and not
// the beginnings of schedules.

import { malloc, memory, Mutex, pthread_mutex_lock, pthread_mutex_unlock } from '../../dist/api/posix.js'

const setup = () => malloc(Mutex.size)

function locks(mutex) {
  pthread_mutex_lock(memory(), mutex)
  pthread_mutex_unlock(memory(), mutex)
}

function locksOften(mutex) {
  for (let i = 0; i < 30; i++) locks(mutex)
}

export const once = { setup, threads: [locks, locks], clock: false }
export const often = { setup, threads: [locksOften, locksOften], clock: false }

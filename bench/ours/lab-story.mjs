// Two threads that lock and unlock a mutex, for the lab.

import { malloc, memory, Mutex, pthread_mutex_lock, pthread_mutex_unlock } from '../../dist/api/posix.js'

export const clock = false

export const setup = () => malloc(Mutex.size)

function locks(mutex) {
  pthread_mutex_lock(memory(), mutex)
  pthread_mutex_unlock(memory(), mutex)
}

export const threads = [locks, locks]

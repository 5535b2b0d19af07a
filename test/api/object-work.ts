// What the threads of the tests of RwLock, Barrier and SpinLock do.

import type { Barrier, RwLock, Semaphore, SpinLock } from 'pthreads'

const codeOf = (f: () => unknown): string => {
  try {
    f()
    return ''
  } catch (error) {
    return (error as { code: string }).code
  }
}

export function tryBoth(lock: RwLock): [boolean, boolean] {
  const read = lock.tryRead() !== null
  if (read) lock.unlock()
  const write = lock.tryWrite() !== null
  if (write) lock.unlock()
  return [read, write]
}

export function hold(lock: RwLock, mode: 'read' | 'write', held: Semaphore, release: Semaphore): void {
  lock[mode]()
  held.post()
  release.wait()
  lock.unlock()
}

export function noteInside(lock: RwLock, mode: 'read' | 'write', order: Int32Array, id: number): void {
  lock[mode]()
  order[Atomics.add(order, 0, 1) + 1] = id
  lock.unlock()
}

export function countRw(lock: RwLock, counter: Int32Array, times: number): number {
  let torn = 0
  for (let i = 0; i < times; i++) {
    lock.withWrite(() => {
      counter[0]++
      counter[1]++
    })
    lock.withRead(() => { if (counter[0] !== counter[1]) torn++ })
  }
  return torn
}

export async function countRwAsync(lock: RwLock, counter: Int32Array, times: number): Promise<number> {
  let torn = 0
  for (let i = 0; i < times; i++) {
    await lock.withWriteAsync(async () => {
      counter[0]++
      await Promise.resolve()
      counter[1]++
    })
    await lock.withReadAsync(() => { if (counter[0] !== counter[1]) torn++ })
  }
  return torn
}

export function unlockCode(lock: RwLock | SpinLock): string {
  return codeOf(() => { lock.unlock() })
}

export function relock(lock: RwLock): string[] {
  lock.write()
  const codes = [codeOf(() => lock.read()), codeOf(() => lock.write()), codeOf(() => lock.read(5)), codeOf(() => lock.write(5))]
  lock.unlock()
  return codes
}

export function leaveRead(lock: RwLock): void {
  lock.read()
}

export async function leaveAsync(lock: RwLock, mode: 'read' | 'write'): Promise<void> {
  await (mode === 'read' ? lock.readAsync() : lock.writeAsync())
}

export function meet(barrier: Barrier, ms?: number): boolean {
  return barrier.wait(ms)
}

export function meetCode(barrier: Barrier, ms: number): string {
  return codeOf(() => barrier.wait(ms))
}

export function meetOften(barrier: Barrier, counter: Int32Array, rounds: number): number[] {
  const seen: number[] = []
  for (let i = 0; i < rounds; i++) {
    Atomics.add(counter, 0, 1)
    barrier.wait()
    seen.push(Atomics.load(counter, 0))
    barrier.wait()
  }
  return seen
}

export async function meetAsync(barrier: Barrier): Promise<boolean> {
  return await barrier.waitAsync()
}

export function countSpinning(lock: SpinLock, counter: Int32Array, times: number): void {
  for (let i = 0; i < times; i++) lock.with(() => { counter[0]++ })
}

export function trySpin(lock: SpinLock): boolean {
  const got = lock.tryLock() !== null
  if (got) lock.unlock()
  return got
}

export function holdSpin(lock: SpinLock, held: Semaphore, release: Semaphore): void {
  using _ = lock.lock()
  held.post()
  release.wait()
}

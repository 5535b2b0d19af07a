// Threads that die in the middle of the kernel, and the survivors.

import test from 'node:test'
import { plays } from '../program.ts'

const file = new URL('./fixtures/wounded.js', import.meta.url)
const scene = (name: string, ...args: string[]): Promise<void> => plays(file, name, { args, timeout: 60_000 })

for (const lock of ['tableLock', 'internLock', 'heapLock', 'handleLock', 'signalLock', 'nameLock']) test(`a thread that dies with ${lock} leaves it free`, () => scene('a lock', lock))
for (const lock of ['tableLock', 'handleLock', 'signalLock', 'bucket']) test(`a thread may die with ${lock} locked while the reaper needs it for another one`, () => scene('two deaths', lock))
for (const lock of ['tableLock', 'handleLock']) test(`a thread that dies with ${lock} in the middle of a change leaves whole tables`, () => scene('a lock', lock, 'spoil'))

test('a thread that dies with signalLock in the middle of sending leaves all that was sent before, in order, and no more', () => scene('signals'))

test('a thread that dies with the lock of a queue leaves all sleepers in it', () => scene('a bucket'))
test('a thread that dies between freeing a mutex and waking leaves nobody asleep', () => scene('unlock'))
test('a thread that dies between posting a semaphore and waking leaves nobody asleep', () => scene('post'))
test('a thread that dies between its exit and waking leaves nobody asleep in join', () => scene('exit'))
test('a thread that dies in its exit is joined', () => scene('in exit'))
test('a thread that dies between freeing the output and waking leaves nobody asleep', () => scene('output'))
test('a thread that dies between clone and start leaves no embryo', () => scene('clone'))
test('a thread that dies in clone leaves no embryo and no lost carrier', () => scene('in clone'))
test('threads that are terminated while they create others leave nothing', () => scene('creators'))

// Threads, Workers and memory come to an end; the program does not.

import test from 'node:test'
import { plays } from '../program.ts'

const file = new URL('./fixtures/limits.js', import.meta.url)

test('the thread that is one too many gets EAGAIN, and breaks nothing', () => plays(file, 'capacity', { args: ['40'], timeout: 60_000 }))
test('threads that nobody has joined count, until they are joined or detached', () => plays(file, 'zombies count'))
test('without a cache, threads come and go', () => plays(file, 'no cache'))
test('Workers of classes that find no room in the cache come and go', () => plays(file, 'a class of its own'))
test('a host that refuses a fifth Worker makes create throw EAGAIN', () => plays(file, 'a host that refuses', { args: ['4'], env: { LIMIT: '4' } }))
test('a host that refuses every Worker makes create throw EAGAIN', () => plays(file, 'a host that refuses', { args: ['0'], env: { LIMIT: '0' } }))
test('threads create threads, four levels deep, while main is blocked', () => plays(file, 'a tree', { timeout: 60_000 }))
test('256 threads live at once', () => plays(file, 'at once', { args: ['256'], timeout: 100_000 }))
test('100,000 threads one after the other take no memory', () => plays(file, 'memory is flat', { args: ['100000'], timeout: 60_000 }))
test('a full user memory is ENOMEM, and has room again when objects go', () => plays(file, 'user memory'))

// Deaths between any two stores of a robust mutex.

import test from 'node:test'
import { plays } from '../program.ts'

const file = new URL('./fixtures/robust-wounded.js', import.meta.url)
const scene = (name: string): Promise<void> => plays(file, name)

test('a thread that dies between two stores of lock leaves a robust mutex free, or tells the next holder, once', () => scene('lock'))
test('a thread that dies between two stores of unlock does, and leaves those that it held beside it', () => scene('unlock'))
test('a thread that dies while it gives up what it holds does', () => scene('funeral'))
test('a thread that dies between freeing a robust mutex and waking leaves nobody asleep', () => scene('wake'))

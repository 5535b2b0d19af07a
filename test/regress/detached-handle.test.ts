// The handle that create returns for a detached thread was made after the thread had begun. A thread that had ended by
// then, and whose record was another's, was mistaken for that one: detach and terminate met a stranger.

import test from 'node:test'
import { plays } from '../program.ts'

test('the handle of a detached thread never names another thread', () => plays(new URL('./fixtures/detached-handles.js', import.meta.url), 'handles'))

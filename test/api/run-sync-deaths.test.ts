// The death of the I/O thread: its calls end with it, others do not notice.

import test from 'node:test'
import { plays } from '../program.ts'

const file = new URL('./run-sync-program.js', import.meta.url)

test('a call that ends the I/O thread with process.exit says so, and so do the calls under way beside it', () => plays(file, 'exit'))
test('a call that throws in a callback ends the I/O thread, with the error as the cause', () => plays(file, 'uncaught'))
test('an I/O thread that runs out of memory says so', () => plays(file, 'memory', { node: ['--max-old-space-size=64'], timeout: 120_000 }))
test('an I/O thread that is terminated ends its calls, those of the first thread, too', () => plays(file, 'terminated'))
test('calls that had not begun when the I/O thread died are run by the next one', () => plays(file, 'survivors'))
test('arguments beside the bytes survive the death of an I/O thread that has not begun with them', () => plays(file, 'ports survive'))
test('an I/O thread whose Worker cannot start is EAGAIN, and no call hangs', () => plays(file, 'refused'))
test('a process ends while the I/O thread has a server open and calls that nobody waits for', () => plays(file, 'holds no process'))
test('the first call of a process may bring a port', () => plays(file, 'ports first'))
test('fifty deaths of the I/O thread leave nothing behind', () => plays(file, 'many deaths', { timeout: 120_000 }))

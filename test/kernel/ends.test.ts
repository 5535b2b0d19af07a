// A program ends when all its threads have, and its exit code tells whether one failed unheard.

import test from 'node:test'
import assert from 'node:assert/strict'
import { runProgram } from '../program.ts'

const file = new URL('./fixtures/ends.js', import.meta.url)

interface Expected { code?: number, out?: RegExp, err?: RegExp }

function ends(name: string, scene: string, { code = 0, out = /^/, err }: Expected = {}): void {
  test(name, async () => {
    const ended = await runProgram(file, { args: [scene], timeout: 60_000 })
    assert.ok(!ended.timedOut, `it does not end by itself\n${ended.stdout}${ended.stderr}`)
    assert.equal(ended.code, code, ended.stderr)
    assert.match(ended.stdout, out)
    if (err === undefined) assert.equal(ended.stderr, '')
    else assert.match(ended.stderr, err)
  })
}

ends('a thread may outlive main', 'main returns first', { out: /played\n(.*\n)*the thread outlived main/ })
ends('parked Workers do not hold the process', 'parked workers', { out: /played/ })
ends('threads that nobody joins do not hold the process once they have ended', 'threads nobody joins', { out: /played/ })
ends('a detached thread that was created by a detached thread holds the process', 'a chain', { out: /the end of the chain/ })
ends('a program that never blocks ends when its promises have settled', 'async only', { out: /result 5\n.*ETIMEDOUT\nplayed/ })
ends('a promise that waits holds the process', 'a pending waitAsync', { out: /was posted/ })
ends('detached threads hold the process until they have ended', 'detached', { out: /detached (one|two)\ndetached (one|two)\n/ })

ends('a detached thread that fails is printed and makes the exit code 1', 'detached fails', { code: 1, err: /^thread \d+ "loner" failed and nobody joins it:\n +RangeError: thrown\n +at / })
ends('a detached thread that calls process.exit is printed and makes the exit code 1', 'detached dies', { code: 1, err: /^thread \d+ "loner" .*\n +called process\.exit\(3\)\n$/ })
ends('a detached thread whose timer throws is printed and makes the exit code 1', 'detached in a timer', { code: 1, err: /^thread \d+ "loner" .*\n +RangeError: from a timer/ })
ends('a detached thread that runs out of memory is printed and makes the exit code 1', 'detached runs out of memory', { code: 1, err: /thread \d+ "loner" .*\n.*(memory|heap)/ })
ends('a failed thread that nobody joins is printed and makes the exit code 1', 'failed and nobody joins', { code: 1, err: /^thread \d+ "unheard" failed and nobody joins it:\n +RangeError: thrown/ })
ends('a dead thread that nobody joins is printed with its cause and makes the exit code 1', 'died and nobody joins', { code: 1, err: /^thread \d+ "unheard" failed and nobody joins it:\n +called process\.exit\(3\)/ })
ends('a failed thread that is detached afterwards is printed and makes the exit code 1', 'failed, then detached', { code: 1, err: /^thread \d+ "unheard" failed and nobody joins it:\n +RangeError: thrown/ })
ends('a failed thread that was joined is not printed', 'failed and joined', { out: /joined\nplayed/ })

ends('process.exit in main ends all threads', 'process.exit in main', { code: 4 })
ends('main\'s own exit code goes before that of a failed thread', 'exitCode in main', { code: 7, err: /thrown/ })
ends('an error that main does not catch ends the process', 'uncaught in main', { code: 1, err: /main does not catch/ })
ends('an error of a joined thread that main does not catch ends the process', 'uncaught join in main', { code: 1, err: /RangeError: thrown/ })
ends('an error in a callback of main ends the process while threads sleep', 'uncaught later in main', { code: 1, err: /main does not catch/ })

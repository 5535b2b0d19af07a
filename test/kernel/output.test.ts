// What threads print arrives whole, in each thread's order, without a turn of main's event loop.

import test from 'node:test'
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { runProgram } from '../program.ts'

const file = new URL('./fixtures/output.js', import.meta.url)
const THREADS = 8, BYTES = 2 ** 20

// Reads 64 KiB a time, and lets the pipe fill in between.
function readSlowly(stream: Readable, got: (text: string) => void): void {
  stream.setEncoding('latin1')
  const read = (): void => {
    const chunk = stream.read(65536) as string | null ?? stream.read() as string | null
    if (chunk !== null) got(chunk)
    setTimeout(read, 1).unref()
  }
  stream.once('readable', read)
}

function checkLines(text: string): number[] {
  const next = new Array<number>(THREADS).fill(0)
  for (const line of text.split('\n')) {
    if (line === '' || line === 'played') continue
    const parts = /^(\d) (\d+) (\.+)$/.exec(line)
    assert.ok(parts !== null, `a torn line: ${line.slice(0, 300)}`)
    const who = Number(parts[1]), n = Number(parts[2])
    assert.equal(n, next[who], `thread ${who}: line ${n} instead of ${next[who]}`)
    assert.equal(parts[3].length, 20 + (n * 37 + who) % 180)
    next[who]++
  }
  return next
}

test('eight threads print 1 MiB each through a slow reader, whole and in order', async () => {
  let stdout = ''
  const { code, stderr, timedOut } = await runProgram(file, {
    args: ['much', String(THREADS), String(BYTES), 'both'], ownStdout: true,
    started: (child: ChildProcess) => { readSlowly(child.stdout!, text => { stdout += text }) },
  })
  assert.ok(!timedOut, 'it hangs')
  assert.equal(code, 0, stderr)
  assert.deepEqual(checkLines(stdout).join(' '), /lines (.*)/.exec(stderr)![1])
})

test('what threads print on stderr is whole and in order', async () => {
  const { code, stderr } = await runProgram(file, { args: ['much', String(THREADS), String(BYTES / 8), 'stderr'] })
  assert.equal(code, 0)
  const [lines, counts] = stderr.split('\nlines ')
  assert.equal(checkLines(lines).join(' '), counts.trim())
})

test('chunks larger than any pipe are not mixed', async () => {
  const { code, stdout } = await runProgram(file, { args: ['chunks', '6', '500000'] })
  assert.equal(code, 0)
  const lines = stdout.trim().split('\n').filter(line => line !== 'played')
  assert.deepEqual(lines.sort().map(line => `${line[0]} ${line.length} ${new Set(line).size}`), [0, 1, 2, 3, 4, 5].map(who => `${who} 500000 1`))
})

test('a reader that goes away does not hang the threads', async () => {
  const { code, stderr, timedOut } = await runProgram(file, {
    args: ['nobody reads', '4'], ownStdout: true,
    started: (child: ChildProcess) => { child.stdout!.once('data', () => { child.stdout!.destroy() }) },
  })
  assert.ok(!timedOut, `it hangs\n${stderr}`)
  assert.notEqual(code, null)
  assert.match(stderr, /all have ended/)
})

test('bytes, encodings, corked writes and callbacks work in threads', async () => {
  const { code, stdout, stderr } = await runProgram(file, { args: ['all kinds'] })
  assert.equal(code, 0, stderr)
  assert.equal(stdout, 'bytes, für\nmore\none two\ncalled back\nplayed\n')
  assert.equal(stderr, 'and an error\n')
})

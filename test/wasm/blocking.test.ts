// Calls that only the host can end, reads of standard input and of files, and poll, suspend one thread: the others on its carrier go on.
// That is seen without a clock: the input is given when main, which shares the carrier, says that it goes on.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { examples, run } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-blocking-'))
after(() => { rmSync(folder, { recursive: true }) })
const how = { env: { XDG_CACHE_HOME: folder }, timeout: 110_000, stdin: true }
const blocking = fileURLToPath(new URL('./c/wasm/blocking.wasm', import.meta.url))
const noFifo = process.platform === 'win32' ? 'Windows has no named pipes in its file system' : false

for (const model of [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '1'], ['--model', 'm:n', '--carriers', '2']]) {
  const name = model.join(' ').replaceAll('--', '')
  type Started = (child: ChildProcess) => void
  const ends = async (args: readonly string[], options: readonly string[], started: Started, code: number, stdout: string): Promise<void> => {
    const ended = await run(blocking, args, [...model, ...options], { ...how, started })
    assert.deepEqual({ code: ended.code, stdout: ended.stdout, timedOut: ended.timedOut }, { code, stdout, timedOut: false }, ended.stderr)
  }

  test(`a read of standard input (${name})`, () =>
    ends(['input'], [], child => child.stdout!.once('data', () => child.stdin!.end('what was awaited\n')), 0, 'main goes on\nread what was awaited\n'))

  // Windows: for the reason beside noFifo.
  test(`a file that has nothing to read yet (${name})`, { skip: noFifo }, async () => {
    const fifo = join(folder, `fifo ${name}`)
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0)
    let written = Promise.resolve()
    await ends(['file', `here/fifo ${name}`], ['--dir', `here=${folder}`], (child) => {
      child.stdin!.end()
      child.stdout!.once('data', () => { written = writeFile(fifo, 'from a pipe\n') })
    }, 0, 'main goes on\nread from a pipe\n')
    await written
  })

  test(`poll (${name})`, () => ends(['poll'], [], child => child.stdin!.end(), 5, 'main goes on\n'))

  test(`a server answers each line while it waits for the next (${name})`, async () => {
    const lines = ['a add 1', 'b add 10', 'a add 2', 'b close', 'a close'], answers: string[] = []
    const { code, timedOut } = await run(join(examples, 'wasm/line-server.wasm'), [], model, {
      ...how,
      started: (child) => {
        let rest = ''
        const send = (): void => {
          const line = lines.shift()
          if (line === undefined) child.stdin!.end()
          else child.stdin!.write(`${line}\n`)
        }
        child.stdout!.on('data', (text: string) => {
          const got = (rest + text).split('\n')
          rest = got.pop()!
          for (const answer of got) {
            answers.push(answer)
            send()
          }
        })
        send()
      },
    })
    assert.deepEqual({ code, timedOut, answers }, { code: 0, timedOut: false, answers: ['a: 1', 'b: 10', 'a: 3', 'b: closed after 1 lines', 'a: closed after 2 lines'] })
  })
}

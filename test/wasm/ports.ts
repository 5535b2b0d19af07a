// Ports of C threads: messages between them and TypeScript. The same under every model.

import test from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Port, Thread, ThreadDeathError, type ErrnoError } from 'pthreads'
import { Program, type Exit } from 'pthreads/wasm'
import { nothingLeft } from '../leftovers.ts'

const file = fileURLToPath(new URL('./c/wasm/ports.wasm', import.meta.url))
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
type Bytes = Port<unknown, Uint8Array>

/** Declares the tests. */
export function testPorts(model: '1:1' | 'm:1' | 'm:n'): void {
  const program = Program.load(file, { model })

  interface Run { readonly ended: Promise<Exit>, readonly printed: () => string }

  /** Runs `f` beside the program that has the ports `in` and `out`; returns its exit code. Nothing is left then. */
  async function beside(args: readonly string[], f: (into: Bytes, out: Bytes, run: Run) => Promise<void>, capacity = 64): Promise<number> {
    const into = new Port<unknown, Uint8Array>({ name: 'in', capacity }), out = new Port<unknown, Uint8Array>({ name: 'out', capacity })
    let printed = ''
    const take = (bytes: Uint8Array): void => { printed += text(bytes) }
    const { ended } = (await program).start({ args, ports: { in: into, out }, stdout: take, stderr: take })
    await f(into, out, { ended, printed: () => printed })
    const { code } = await ended
    for (const port of [into, out]) port[Symbol.dispose]()
    await nothingLeft()
    return code
  }

  test(`TypeScript asks threads of C, which answer with bytes (${model})`, async () => {
    const code = await beside(['serve', '1'], async (into, _, { ended, printed }) => {
      assert.equal(text(await into.doAsync('lock')), 'kcol')
      assert.equal(text(await into.doAsync(new TextEncoder().encode('näh'))), text(new TextEncoder().encode('näh').reverse()))
      assert.deepEqual(await into.doAsync(new Uint16Array([0x0102, 0x0304])), new Uint8Array([3, 4, 1, 2]))
      assert.deepEqual(await into.doAsync(new ArrayBuffer(0)), new Uint8Array(0))
      const large = crypto.getRandomValues(new Uint8Array(60_000))
      assert.deepEqual(await into.doAsync(large), large.slice().reverse())
      into.send('nobody answers')
      into.close()
      await ended
      assert.equal(printed(), '6\n')
    })
    assert.equal(code, 0)
  })

  test(`many ask many threads of C at once: each gets its own answer (${model})`, async () => {
    const code = await beside(['serve', '5'], async (into, _, { ended, printed }) => {
      const all = Array.from({ length: 500 }, (_, i) => into.doAsync(`<${i}>`))
      for (const [i, answer] of all.entries()) assert.equal(text(await answer), [...`<${i}>`].reverse().join(''))
      into.close()
      await ended
      assert.equal(printed(), '500\n')
    })
    assert.equal(code, 0)
  })

  test(`threads of C that yield have what they took until they answer it (${model})`, async () => {
    const code = await beside(['serve', '40', '300'], async (into) => {
      const all = Array.from({ length: 200 }, (_, i) => into.doAsync(`<${i}>`))
      for (const [i, answer] of all.entries()) assert.equal(text(await answer), [...`<${i}>`].reverse().join(''))
      into.close()
    })
    assert.equal(code, 0)
  })

  test(`threads of C send to TypeScript: nothing is lost, and each one's messages come in order (${model})`, async () => {
    const code = await beside(['send', '4', '500'], async (_, out) => {
      const next = [0, 0, 0, 0]
      for (let i = 0; i < 2000; i++) {
        const { body } = await out.waitAsync()
        const [sender, n] = new Int32Array((body as Uint8Array).slice().buffer)
        assert.equal(n, next[sender]++)
      }
      assert.deepEqual(next, [500, 500, 500, 500])
    }, 8)
    assert.equal(code, 0)
  })

  test(`C asks TypeScript: answers, errors, and what is no bytes (${model})`, async () => {
    const code = await beside(['ask', 'a', 'b', 'c', 'd', 'e'], async (_, out, { ended, printed }) => {
      const asked = out as Port
      ;(await asked.waitAsync()).reply(new Uint8Array([72, 105]))
      ;(await asked.waitAsync()).abort(new RangeError('no such thing'))
      for (const answer of [{ no: 'bytes' }, 'x'.repeat(40), undefined]) (await asked.waitAsync()).reply(answer)
      await ended
      const lines = printed().split('\n')
      assert.equal(lines[0], 'a: 0, 2: Hi')
      assert.match(lines[1], /^b: .*abort.*, 25: RangeError: no such thing$/i)
      assert.match(lines[2], /^c: Bad message, 32: /)
      assert.match(lines[3], /^d: Message (too large|too long), 40: x{32}$/)
      assert.equal(lines[4], 'e: 0, 0: ')
    })
    assert.equal(code, 0)
  })

  test(`errors have the numbers that the header says, whatever C gives (${model})`, async () => {
    const code = await beside(['errors'], async (_, __, { ended, printed }) => {
      await ended
      assert.equal(printed(), '')
    }, 2)
    assert.equal(code, 0)
  })

  test(`what is no bytes is refused where it was sent, and C goes on (${model})`, async () => {
    const code = await beside(['serve', '1'], async (into, _, { ended, printed }) => {
      await assert.rejects(into.doAsync({ a: 1 }), { name: 'TypeError', message: /thread of C, to which a body is bytes or text, not object/ })
      into.send(7)
      assert.equal(text(await into.doAsync('on')), 'no')
      into.close()
      await ended
      assert.match(printed(), /^wait: Bad message/)
    })
    assert.equal(code, 0)
  })

  test(`C aborts, sends on, and answers only what it has taken itself (${model})`, async () => {
    assert.equal(await beside(['one', 'abort'], async (into) => {
      await assert.rejects(into.doAsync('now'), { name: 'Error', message: 'not today' })
    }), 0)
    assert.equal(await beside(['one', 'forward'], async (into, out) => {
      const asked = into.doAsync('far')
      const message = await out.waitAsync()
      assert.deepEqual([text(message.body as Uint8Array), message.sender, message.awaited], ['far', Thread.current.tid, true])
      message.reply(new Uint8Array([1]))
      assert.deepEqual(await asked, new Uint8Array([1]))
    }), 0)
    assert.equal(await beside(['one', 'other'], async (into) => {
      assert.equal(text(await into.doAsync('who')), 'y')
    }), 0)
  })

  test(`who asks is told when the program ends without an answer, by exit or by a trap (${model})`, async () => {
    for (const [how, expected] of [['exit', 3], ['trap', 132], ['return', 0]] as const) {
      const code = await beside(['one', how], async (into) => {
        await assert.rejects(into.doAsync('hello'), (error: unknown) => (error as ErrnoError).code === 'EPIPE' || error instanceof ThreadDeathError)
      })
      assert.equal(code, expected)
    }
  })

  test(`a thread of C is canceled while it waits at a port (${model})`, async () => {
    assert.equal(await beside(['canceled'], () => Promise.resolve()), 0)
  })

  test(`what a program is given as a port must be one (${model})`, async () => {
    const loaded = await program, gone = new Port()
    gone[Symbol.dispose]()
    assert.throws(() => loaded.start({ ports: { in: 7 as never } }), { name: 'TypeError', message: 'Program.start: ports: in is of type number, not a Port' })
    assert.throws(() => loaded.start({ ports: { in: gone } }), { name: 'TypeError', message: /disposed/ })
    await nothingLeft()
  })
}

// The example resp as a process, and a client that says any bytes and understands the answers by itself.

import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EACH_LISTENS } from '../../examples/resp/accept.ts'

const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))

/** The ways to serve that can be had on this Node, by name. */
export const WAYS: Readonly<Record<string, readonly string[]>> = {
  'one thread': ['--threads', '1'],
  'two threads, a third accepts': ['--threads', '2', '--accept', 'one'],
  ...EACH_LISTENS && { 'two threads, each listens': ['--threads', '2', '--accept', 'each'] },
  'three threads, one table and a lock': ['--threads', '3', '--shared', '--maxmemory', '64'],
}

/** A server. */
export interface Server {
  readonly port: number
  /** What it has written to stderr so far. */
  readonly said: () => string
  /** Sends it a signal, and resolves to its exit code, or the signal that ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | string | null>
}

const running = new Set<ChildProcess>()
after(() => { for (const child of running) child.kill('SIGKILL') })       // those of tests that have failed

/** Starts a server; resolves when it listens. */
export async function serve(...options: string[]): Promise<Server> {
  const args = [join(root, 'dist/cli/main.js'), 'run', join(root, 'build/examples/resp/main.js'), '--', '--port', '0', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const ended = once(child, 'close').then(() => {
    running.delete(child)
    return child.exitCode ?? child.signalCode
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  const lines = createInterface(child.stdout)
  const [line] = await Promise.race([once(lines, 'line') as Promise<[string]>, ended.then(code => [`it ended: ${code}: ${said}`])])
  const port = Number(/^resp: listening on 127\.0\.0\.1:(\d+), /.exec(line)?.[1])
  assert.ok(port > 0, line)
  return {
    port, said: () => said,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** An answer: an error is an Error, what is not there null. */
export type Answer = string | number | null | Error | Answer[]

/** A client of `port`. */
export class Client {
  readonly socket: Socket
  #text = ''
  #waiting: (() => void) | undefined
  #over = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      this.#waiting?.()
    })
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#over = true
        this.#waiting?.()
      })
    }
    socket.on('error', () => undefined)
  }

  static async to(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return new Client(socket)
  }

  /** Says these bytes, a character each. */
  say(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** The next answer; undefined when the server has closed the connection. */
  async answer(): Promise<Answer | undefined> {
    for (;;) {
      const read = answerIn(this.#text, 0)
      if (read !== undefined) {
        this.#text = this.#text.slice(read.end)
        return read.answer
      }
      if (this.#over) return undefined
      await new Promise<void>((resolve) => { this.#waiting = resolve })
    }
  }

  /** Asks for a command, and waits for its answer. */
  ask(...words: string[]): Promise<Answer | undefined> {
    this.say(request(...words))
    return this.answer()
  }

  /** The answers to many commands that are sent at once. */
  async pipeline(commands: readonly (readonly string[])[]): Promise<(Answer | undefined)[]> {
    this.say(commands.map(words => request(...words)).join(''))
    const answers: (Answer | undefined)[] = []
    for (const _ of commands) answers.push(await this.answer())
    return answers
  }

  async close(): Promise<void> {
    if (this.socket.closed) return
    const closed = once(this.socket, 'close')
    this.socket.destroy()
    await closed
  }
}

/** The bytes of a command. */
export const request = (...words: string[]): string => `*${words.length}\r\n${words.map(word => `$${word.length}\r\n${word}\r\n`).join('')}`

/** The answer that begins at `at`, if all of it is there. */
export function answerIn(text: string, at: number): { answer: Answer, end: number } | undefined {
  const line = text.indexOf('\r\n', at)
  if (line < 0) return undefined
  const rest = text.slice(at + 1, line), end = line + 2, n = Number(rest)
  switch (text[at]) {
    case '+': return { answer: rest, end }
    case '-': return { answer: new Error(rest), end }
    case ':': return { answer: n, end }
    case '$':
      if (n < 0) return { answer: null, end }
      return text.length < end + n + 2 ? undefined : { answer: text.slice(end, end + n), end: end + n + 2 }
    case '*': return arrayIn(text, end, n)
    default: throw new Error(`no answer begins so: ${JSON.stringify(text.slice(at, at + 50))}`)
  }
}

function arrayIn(text: string, at: number, n: number): { answer: Answer, end: number } | undefined {
  if (n < 0) return { answer: null, end: at }
  const answer: Answer[] = []
  for (; answer.length < n;) {
    const item = answerIn(text, at)
    if (item === undefined) return undefined
    answer.push(item.answer)
    at = item.end
  }
  return { answer, end: at }
}

/** Returns when the server has no other client. */
export async function alone(client: Client): Promise<void> {
  for (const late = performance.now() + 60_000; ;) {
    if (/^connected_clients:1\r$/m.test(String(await client.ask('INFO')))) return
    assert.ok(performance.now() < late, 'the server has seen that its clients have gone')
  }
}

/** Reason to skip where the real clients are not installed; .ci/run installs them. */
export const noRedisTools = spawnSync('redis-benchmark', ['--version']).status === 0 && spawnSync('redis-cli', ['--version']).status === 0
  ? false : 'redis-benchmark and redis-cli are not installed: apt-get install redis-tools'

// Redis itself, to be compared with, and the answers of a server as bytes.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { answerIn } from './server.ts'

/** Reason to skip where Redis is not installed; .ci/run installs it. */
export const noRedis = spawnSync('redis-server', ['--version']).status === 0 ? false : 'redis-server is not installed: apt-get install redis-server'

/** Starts Redis; resolves to the path of its socket when it listens. */
export async function redis(): Promise<{ path: string, stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'resp-')), path = join(folder, 'redis')
  const child = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--databases', '1', '--save', '', '--dir', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  try {
    for await (const line of createInterface(child.stdout)) if (line.includes('ready to accept')) break
    child.stdout.resume()
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    path,
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

/** What a server says to these pieces until it closes the connection. */
export async function last(server: string | number, pieces: readonly Buffer[]): Promise<string> {
  const socket = typeof server === 'string' ? connect(server) : connect(server, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => { text += part }).on('error', () => undefined)
  for (const piece of pieces) if (!socket.closed) await new Promise<void>(resolve => socket.write(piece, () => { resolve() }))
  if (!socket.closed) await once(socket, 'close')
  return text
}

/** The bytes of each answer in `text`, which holds whole answers. */
export function answersIn(text: string): string[] {
  const answers: string[] = []
  for (let at = 0, end = 0; at < text.length; at = end) {
    const read = answerIn(text, at)
    if (read === undefined) throw new Error(`no whole answer: ${JSON.stringify(text.slice(at, at + 100))}`)
    end = read.end
    answers.push(text.slice(at, end))
  }
  return answers
}

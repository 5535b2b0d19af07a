// The socket by which `ps` and `top` ask a program that `pthreads run` started.
//
// One connection is one answer: the program writes a snapshot as JSON and closes.  Nothing is read.  The socket lies in
// a folder of the user's own, which nobody else may enter; a folder that is not so is not used.  The command's heap
// serves it, whose event loop no thread of the program can block.

import { chmodSync, lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { take, type Snapshot } from './summary.ts'

const uid = process.getuid?.() ?? 0

function folders(): string[] {
  const { XDG_RUNTIME_DIR: runtime } = process.env
  const own = [runtime ?? '', `/run/user/${uid}`].filter(folder => folder !== '').map(folder => join(folder, 'pthreads'))
  return [...new Set([...own, join(tmpdir(), `pthreads-${uid}`)])]
}

const socketOf = (folder: string, pid: number): string => join(folder, `${pid}.sock`)

// Whether only this user can have put a file there.
function isOurs(folder: string): boolean {
  try {
    const found = lstatSync(folder)
    return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
  } catch {
    return false
  }
}

/** Serves snapshots of this process until it ends. Where no socket can be made the program runs without, and `ps` says that it finds none. */
export function serveControl(): void {
  for (const folder of folders()) {
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch {
      // it is there, or cannot be made: looked at below
    }
    if (!isOurs(folder)) continue
    sweep(folder)
    listen(socketOf(folder, process.pid))
    return
  }
}

// Programs that were killed have left their sockets: nobody answers there.
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (!/^\d+\.sock$/.test(name) || whyStranger(Number.parseInt(name, 10)) === undefined) continue
    const socket = connect(path)
    socket.unref().on('connect', () => { socket.destroy() }).on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') remove(path)
    })
  }
}

function listen(path: string): void {
  remove(path)                                                            // of an earlier process with our number
  const server = createServer(socket => {
    socket.unref()
    socket.on('error', () => undefined)                                   // who asked has gone away
    socket.end(JSON.stringify(take()))
  })
  server.on('error', () => undefined)
  server.listen(path, () => { chmodSync(path, 0o600) })
  server.unref()
  process.on('exit', () => { remove(path) })
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // it is not there
  }
}

/** Why a process cannot be asked, for people. */
export class NoAnswer extends Error {}

/** Asks process `pid` what it does. Rejects with NoAnswer. */
export async function ask(pid: number): Promise<Snapshot> {
  const stranger = whyStranger(pid)
  for (const folder of folders()) {
    if (!isOurs(folder)) continue
    const path = socketOf(folder, pid)
    try {
      const snapshot = JSON.parse(await readAll(path)) as Snapshot
      if (snapshot.process.pid === pid) return snapshot
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ECONNREFUSED') remove(path)                           // it was killed before it could do that itself
      else if (code !== 'ENOENT' && !(error instanceof SyntaxError)) throw new NoAnswer(`${pid}: ${(error as Error).message}`)
    }
  }
  throw new NoAnswer(stranger ?? `${pid}: not a program that \`pthreads run\` started`)
}

function whyStranger(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? `${pid}: another user's process` : `${pid}: no such process`
  }
}

function readAll(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    connect(path).setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => { resolve(text) }).on('error', reject)
  })
}

// pthreads run FILE.wasm.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Model } from '../api/attach.ts'
import { ErrnoError } from '../api/errors.ts'
import { Program, ProgramError } from '../wasm/index.ts'

interface Given { dir: string[] | undefined, env: string[] | undefined, model: Model | undefined, preempt: number | undefined, sharedMemory: boolean }

/** Loads the program in `path`; returns what starts it and gives its exit code, or what is wrong. */
export async function prepare(path: string, { dir = [], env = [], model = '1:1', preempt, sharedMemory }: Given, args: string[]): Promise<(() => Promise<unknown>) | string> {
  const dirs: Record<string, string> = {}
  for (const text of dir) {
    const [name, where] = split(text, text)
    const problem = problemOf(where)
    if (problem !== undefined) return `--dir ${text}: ${problem}`
    dirs[name] = resolve(where)
  }
  const variables: Record<string, string> = {}
  for (const text of env) {
    const [name, value] = split(text, process.env[text] ?? '')
    if (name === '') return `--env ${text}: a variable has a name: NAME=VALUE`
    variables[name] = value
  }
  if (!sharedMemory && model !== 'm:1') return `--no-shared-memory is for --model m:1: under ${model} threads are in different Workers`
  if (!sharedMemory && preempt !== undefined) return '--no-shared-memory excludes --preempt: nobody can tell a loop that its time is over'
  try {
    const program = await Program.load(path, { model, preempt, sharedMemory })
    if (program.isLibrary) return `${program.file}: a library: it has no main`
    return () => program.run({ args, dirs, env: variables }).then(({ code }) => code, refused)
  } catch (error) {
    if (error instanceof ProgramError) return error.message
    throw error
  }
}

// No memory, no thread: that is no defect of the program or of ours, so nobody needs a stack trace.
function refused(error: unknown): number {
  if (!(error instanceof ErrnoError)) throw error
  console.error(`pthreads run: ${error.message}`)
  return 1
}

/** Options of `pthreads build`. */
export interface BuildOptions { preempt?: boolean, sharedMemory: boolean }

/** Transforms the program in `path`, unless that is kept from before; the other arguments: for runs with these options. Sets the exit code. */
export async function buildAhead(path: string, { preempt = false, sharedMemory }: BuildOptions): Promise<void> {
  try {
    const { kept } = await Program.load(path, { model: 'm:1', preempt: preempt ? 1 : undefined, sharedMemory })   // how often makes no difference to the code
    if (!kept) process.exitCode = 1                                       // it has said why
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    console.error(`pthreads build: ${code === 'ENOENT' ? `${path}: no such file` : code === 'EISDIR' ? `${path}: not a file` : message}`)
    process.exitCode = error instanceof ProgramError ? 2 : 1
  }
}

function split(text: string, alone: string): [string, string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, alone] : [text.slice(0, at), text.slice(at + 1)]
}

function problemOf(dir: string): string | undefined {
  try {
    return statSync(dir).isDirectory() ? undefined : 'not a directory'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such directory' : (error as Error).message
  }
}

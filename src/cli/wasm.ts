// pthreads run FILE.wasm.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Program, ProgramError } from '../wasm/index.ts'

interface Given { dir: string[] | undefined, env: string[] | undefined, model: string | undefined }

/** Loads the program in `path`, which the user calls `file`; returns what starts it and gives its exit code, or what is wrong. */
export async function prepare(file: string, path: string, { dir = [], env = [], model = '1:1' }: Given, args: string[]): Promise<(() => Promise<unknown>) | string> {
  if (model !== '1:1') return `${file}: --model ${model} is for TypeScript so far: a WebAssembly program runs under 1:1, each thread on a Worker of its own`
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
  try {
    const program = await Program.load(path)
    return async () => {
      const { code } = await program.run({ args, dirs, env: variables })
      return code
    }
  } catch (error) {
    if (error instanceof ProgramError) return error.message
    throw error
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

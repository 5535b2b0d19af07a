// Runs the programs under examples/ as examples/README.md says.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package, and its compiled examples. */
export const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))
export const built = join(root, 'build/examples')

/** How a process ended. */
export interface Ended { code: number | string | null, stdout: string, stderr: string }

/** `pthreads run` of an example, with these arguments. */
export function run(example: string, ...args: string[]): Promise<Ended> {
  return runWith([], example, ...args)
}

/** The same with options of `pthreads run`. */
export function runWith(options: readonly string[], example: string, ...args: string[]): Promise<Ended> {
  return ended('run', ...options, join(built, example, 'main.js'), '--', ...args)
}

/** The command `pthreads`. */
export function ended(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { timeout: 60_000, killSignal: 'SIGKILL' }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode, stdout, stderr })
    })
  })
}

export const lastLine = (text: string): string | undefined => text.trimEnd().split('\n').at(-1)

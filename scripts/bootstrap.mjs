// What every script does first: a fresh clone, or one whose sources changed, is made ready to run. When
// nothing is missing this reads the sources once and starts no process.

import { join } from 'node:path'
import { compile, current, parts } from './compile.mjs'
import { root } from './files.mjs'
import { install, installed } from './install.mjs'
import { locked } from './lock.mjs'

/** Installs what is missing, then compiles the library and the examples, and the tests if `tests`. */
export async function ready({ tests = false, examples = true } = {}) {
  const wanted = Object.keys(parts).filter(part => part === 'dist' || part === 'examples' && examples || part === 'tests' && tests)
  if (installed() && wanted.every(current)) return
  await exclusively(async () => {
    if (!installed()) install()
    for (const part of wanted) if (!current(part)) await compile(part)
  })
}

/** Runs `work` while no other script installs or compiles. */
export function exclusively(work) {
  return locked(join(root, 'build/lock'), work)
}

/** Runs a script's main function; an error is one line, since the program that failed has said the rest. */
export async function main(body) {
  try {
    process.exitCode = await body() ?? process.exitCode
  } catch (error) {
    console.error(`error: ${process.env.DEBUG ? error.stack : error.message}`)
    process.exitCode = 1
  }
}

// Asyncify, for M:1 and M:N: binaryen changes a module so that its stack can be taken down where it calls an import that blocks,
// and put up again.  Code from which no such import can be reached stays as it was; the rest becomes larger and, if it recurses, slower.
//
// It takes from a tenth of a second to a minute, so the result is kept on disk (host/cache.ts), under a hash of the module, of
// what is asked of binaryen, and of binaryen's version.  binaryen is loaded only when there is something to transform; 1:1 needs none of this.

import { cacheName, host, readCache, versionOf, writeCache } from '#host'
import { BLOCKING } from './blocking.ts'
import { ProgramError } from './errors.ts'
import { addStackCode } from './stack-code.ts'
import { transform, type Transformed, type Wanted } from './transform.ts'

/** What a carrier has to take a stack down into, pages. */
export const SCRATCH = 16
/** How many carriers there may be in one process; the spare one included. */
const PLACES = 65
/** The pages that are added to a program's memory for that. */
export const SCRATCHES = SCRATCH * PLACES

// Raised when the same binaryen is asked for something else.
const RECIPE = 2
// What takes longer than SOON, ms, is told: before it begins, of modules of more than LARGE bytes, of which it is expected.
const SOON = 1000, LARGE = 100_000

/**
 * Changes the module of `file` for threads that share carriers. Prints that it does, if it takes longer than a second, and why it is not `kept`, if it is
 * not. Throws ProgramError.
 */
export async function asyncify(file: string, bytes: Uint8Array, wanted: Omit<Wanted, 'more'>): Promise<Transformed & { kept: boolean }> {
  const plain = transform(file, bytes, { ...wanted, more: SCRATCHES })
  const version = versionOf('binaryen')
  if (version === undefined) throw new ProgramError('ERR_WASM_TOOL', `${file}: m:1 and m:n need the package binaryen, an optional dependency of pthreads that is not installed: npm install binaryen`)
  const name = cacheName(`asyncify ${RECIPE} ${version} ${BLOCKING.join()}\n`, plain.bytes)
  const kept = readCache(name)
  if (kept !== undefined) return { ...plain, bytes: kept, kept: true }
  const changed = await transformed(file, plain.bytes)
  const problem = writeCache(name, changed)
  if (problem !== undefined) host.writeError(`${file}: what was made of it is not kept for the next time: ${problem.message}\n`)
  return { ...plain, bytes: changed, kept: problem === undefined }
}

async function transformed(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  const started = host.monotonic()
  const slow = bytes.length > LARGE
  if (slow) host.writeError(`${file}: transforming it for threads that share carriers (once) …`)
  const { default: binaryen } = await import('binaryen')
  const { Atomics, BulkMemory, BulkMemoryOpt, MutableGlobals, SignExt } = binaryen.Features
  let module: ReturnType<typeof binaryen.readBinary>
  try {
    module = binaryen.readBinary(bytes)
  } catch (error) {
    throw new ProgramError('ERR_WASM_INVALID', `${file}: binaryen cannot read it: ${String(error)}`)
  }
  module.setFeatures(Atomics | BulkMemory | BulkMemoryOpt | MutableGlobals | SignExt)
  binaryen.setOptimizeLevel(1)
  binaryen.setShrinkLevel(0)
  binaryen.setDebugInfo(true)                                             // the names that traps show
  binaryen.setPassArgument('asyncify-imports', BLOCKING.join())
  module.runPasses(['asyncify'])
  addStackCode(binaryen, module, BLOCKING)
  const changed = module.emitBinary()
  module.dispose()
  const ms = host.monotonic() - started
  if (slow) host.writeError(` ${(ms / 1000).toFixed(1)} s\n`)
  else if (ms > SOON) host.writeError(`${file}: transformed for threads that share carriers in ${(ms / 1000).toFixed(1)} s (once)\n`)
  return changed
}

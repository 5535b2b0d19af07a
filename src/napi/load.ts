// loadNapi: an addon of Node-API in WebAssembly, as napi-rs publishes them, on threads of this library.
//
//   const { hash } = await loadNapi('@node-rs/argon2-wasm32-wasi')
//
// The file is the package's own, unmodified; the loader beside it is not run.  emnapi, which the package depends on, makes Node-API of
// JavaScript; memory, WASI and threads are ours.  Its threads are daemons: they keep no process alive.

import { quietly, readWhole } from '#host'
import { load, poke } from '#atomics'
import { placeOf } from '../kernel/crew.ts'
import { host } from '../kernel/host.ts'
import { addMemory } from '../kernel/memories.ts'
import { self, user } from '../kernel/process.ts'
import type { WasmMemory } from '../mem/memory.ts'
import { ensure, type Model } from '../api/attach.ts'
import { sharesByDefault } from '../pthread/thread.ts'
import { RUNS } from '../wasm/about.ts'
import { compile, newRecord } from '../wasm/compile.ts'
import { endThreads, giveUp } from '../wasm/ending.ts'
import { engine, type Module, type Table } from '../wasm/engine.ts'
import { forgetGuest, newMemory } from '../wasm/guests.ts'
import { ProgramRecord } from '../wasm/records.ts'
import { STANDARD } from '../wasm/streams.ts'
import { breakOf } from '../wasm/transform.ts'
import { Addon, FAILED, NODE_API, POOL, type AddonAbout } from './addon.ts'
import { callerFile } from './caller.ts'
import { findEmnapi, type Context, type NapiModule } from './emnapi.ts'
import './entry.ts'
import { NapiError } from './errors.ts'
import { findAddon } from './find.ts'
import { bellOf, freeSends, isBereft, newSends, receive } from './sends.ts'

/** How an addon is loaded. */
export interface NapiOptions {
  /** The file from which the package is looked for, `import.meta.url`; default: the one that calls. */
  from?: string | URL
  /** 1:1 (default): its threads have Workers of their own. m:1, m:n: they are fibers, on the carriers that the process has (`configure`). */
  model?: Model
  /** How many threads do its asynchronous work, 1 to 1024; default 4. They start with the first piece of work. */
  threads?: number
  /** Its environment; nothing of this process's is in it by itself. */
  env?: Readonly<Record<string, string>>
  /** Directories that it may use, by the names that it gives them. */
  dirs?: Readonly<Record<string, string>>
}

interface Loaded { readonly guest: Addon, readonly context: Context, readonly received: Promise<void>, state: { unloading: boolean } }
const loaded = new WeakMap<object, Loaded>()

/**
 * Loads the addon of a package (or in a .wasm file) and resolves to what it exports, as the package's own loader does. Only the thread that loads
 * it can call it. Rejects with NapiError or ProgramError for what is no addon for us, naming what is wrong; ErrnoError when there is no memory.
 */
export async function loadNapi<T extends object = Record<string, unknown>>(source: string | URL, options: NapiOptions = {}): Promise<T> {
  const { from = callerFile(), model = '1:1', threads = 4, env = {}, dirs = {} } = options
  if (typeof source !== 'string' && !(source instanceof URL)) throw new TypeError(`loadNapi: ${typeof source}, not the name of a package or a file`)
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) throw new RangeError(`loadNapi: threads: ${threads}, not an integer from 1 to 1024`)
  const path = findAddon(source, from === undefined ? undefined : String(from))
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  ensure()
  const suspendable = model !== '1:1'
  if (suspendable && !sharesByDefault()) throw new Error(`loadNapi: ${file} is to have threads that share carriers; the process's model is 1:1 (configure: model)`)
  if (placeOf(self.carrier) >= 0) throw new Error(`loadNapi: ${file}: a thread that shares its carrier cannot load an addon: its calls could stop the others`)
  const compiled = await compile(file, readWhole(path), suspendable)
  check(file, compiled.module)
  const emnapi = await findEmnapi(path)
  const context = quietly(() => emnapi.runtime.createContext({ autoDestroy: false }))
  context.suppressDestroy?.()
  const napi = emnapi.core.createNapiModule({ context, asyncWorkPoolSize: threads, filename: path })
  const memory = newMemory(file, compiled.maximum, true, 'loadNapi')
  const sends = newSends(file)
  const about: AddonAbout = {
    ...compiled, file, record: newRecord('loadNapi', file), abi: 'napi', suspendable, shared: true, args: [file], env, dirs, streams: STANDARD,
    sends, bell: bellOf(sends), threads,
  }
  return await start(napi, context, about, memory) as T
}

async function start(napi: NapiModule, context: Context, about: AddonAbout, storage: WasmMemory): Promise<object> {
  const { env, napi: names, emnapi } = napi.imports
  const functions = {
    ...env, ...names, ...emnapi, ...POOL, _emnapi_after_uvthreadpool_ready: (callback: number, ...args: number[]) => table().get(callback)!(...args),
  }
  const memory = addMemory(storage, about)
  poke(memory, breakOf(about.maximum), about.initial)
  poke(user, about.record + ProgramRecord.memory, memory.id)
  const guest = new Addon(memory, about, functions)
  const table = (): Table => guest.instance.table
  const state = { unloading: false }
  const isOver = (): boolean => state.unloading || isBereft(about.sends) || load(user, about.record + ProgramRecord.ended) !== RUNS
  const received = receive(about.sends, isOver, env._emnapi_async_send_js as () => void)
    .then(() => {
      if (state.unloading) return
      const what = isBereft(about.sends) ? 'died' : 'failed, as was printed'
      guest.finish(FAILED, 0)                                             // it has, unless a thread died outside of C
      failLater(`${about.file}: one of its threads has ${what}: it cannot be called any more`)
    })
  const addon: Loaded = { guest, context, received, state }
  try {
    checkProvided(about, functions)
    const { instance } = guest
    guest.exported('_initialize')?.()
    for (const name of Object.keys(instance.exports)) if (name.startsWith('__napi_register__')) guest.exported(name)!()
    const exports = napi.init({ instance, module: about.module, memory: guest.memory.wasm!, table: table() })
    loaded.set(exports, addon)
    return exports
  } catch (error) {
    await close(addon)
    throw error
  }
}

// As a Worker's would, the failure of a thread becomes an uncaught exception.
function failLater(message: string): void {
  host.nextTurn(() => { throw new NapiError('ERR_NAPI_THREAD', message) })
}

/**
 * Unloads an addon, by what {@link loadNapi} has resolved to: its clean-up runs, its threads are ended, its memory is given up. Nothing of it may be
 * used any more. What it works on meanwhile is not completed. Throws TypeError for what is none, or was unloaded before.
 */
export async function unloadNapi(addon: object): Promise<void> {
  const found = loaded.get(addon)
  if (found === undefined) throw new TypeError('unloadNapi: this is no addon, or it was unloaded before')
  loaded.delete(addon)
  await cleanUp(found.guest)
  await close(found)
}

const TURNS = 128

// napi-rs: promises that its tasks were to settle are settled now, in later turns of the event loop.
async function cleanUp(guest: Addon): Promise<void> {
  if (load(user, guest.about.record + ProgramRecord.ended) !== RUNS) return
  guest.exported('napi_prepare_wasm_env_cleanup')?.()
  const pending = guest.exported('napi_wasm_env_cleanup_pending')
  for (let i = 0; i < TURNS && pending !== undefined && pending() !== 0; i++) await new Promise<void>((resolve) => { host.nextTurn(resolve) })
}

async function close({ guest, context, received, state }: Loaded): Promise<void> {
  state.unloading = true
  const runs = load(user, guest.about.record + ProgramRecord.ended) === RUNS
  try {
    if (runs) context.destroy()                                           // of an addon that has failed nothing may be called
  } finally {
    guest.finish(0, 0)
    await received
    await endThreads([guest.entryId('spawned')])
    freeSends(guest.about.sends)
    giveUp(guest.about.record, guest.memory.id)
    forgetGuest(guest.memory.id)
  }
}

function check(file: string, module: Module): void {
  const exported = new Set(engine.Module.exports(module).map(({ name }) => name))
  const imports = engine.Module.imports(module)
  if (!exported.has('napi_register_wasm_v1')) throw new NapiError('ERR_NAPI_ABI', `${file}: it is no addon of Node-API: it exports no napi_register_wasm_v1`)
  if (!imports.some(({ module: from, name }) => from === 'wasi' && name === 'thread-spawn') || !exported.has('wasi_thread_start')) {
    throw new NapiError('ERR_NAPI_ABI', `${file}: its threads are not those of wasi-threads: it was built with an older emnapi, which makes Workers of its own`)
  }
  for (const name of ['malloc', 'free', '__indirect_function_table']) {
    if (!exported.has(name)) throw new NapiError('ERR_NAPI_ABI', `${file}: it exports no ${name}, which Node-API needs`)
  }
}

// After emnapi has been asked: which functions there are depends on its version.
function checkProvided({ file, module }: AddonAbout, functions: Record<string, unknown>): void {
  const missing = engine.Module.imports(module).filter(({ module: from, name, kind }) => NODE_API.includes(from) && kind === 'function' && !(name in functions))
  if (missing.length === 0) return
  const names = missing.map(({ module: from, name }) => `${from}.${name}`).join(', ')
  throw new NapiError('ERR_NAPI_IMPORT', `${file}: it imports what its emnapi does not have: ${names}`)
}

// An addon in one heap: a guest that imports Node-API.
//
// In the heap that loaded it these functions are emnapi's.  In the others there are no JavaScript values of that heap; what an
// addon's threads may call there is little, and is here: to send a call to the heap that loaded it, and to ask where they are.

import { CLOCK_REALTIME, now } from '../kernel/clock.ts'
import { host } from '../kernel/host.ts'
import { self } from '../kernel/process.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { describe } from '../pthread/obituary.ts'
import { WASI_MODULE } from '../wasm/blocking.ts'
import { engine } from '../wasm/engine.ts'
import type { About } from '../wasm/about.ts'
import { Guest, type Imports } from '../wasm/guest.ts'
import { NapiError } from './errors.ts'
import { ring, send } from './sends.ts'

/** What every heap is told of an addon. */
export interface AddonAbout extends About {
  /** Where its threads leave what is to be called in the heap that loaded it. */
  readonly sends: Address
  /** How many threads do its asynchronous work. */
  readonly threads: number
}

/** The exit code of a program that has failed by itself. */
export const FAILED = 70

type Functions = Readonly<Record<string, unknown>>

/** Where an addon imports Node-API from. */
export const NODE_API: readonly string[] = ['env', 'napi', 'emnapi']

export class Addon extends Guest {
  declare readonly about: AddonAbout
  readonly #functions: Functions | undefined

  /** `functions`: emnapi's, in the heap that loaded it. */
  constructor(memory: Memory, about: AddonAbout, functions?: Functions) {
    super(memory, about, functions === undefined && about.suspendable)
    this.#functions = functions
  }

  protected override imports(): Imports {
    const others = super.imports()
    const functions = this.#functions ?? this.#inThread()
    const imports: Record<string, Functions> = { ...others }
    for (const module of NODE_API) imports[module] = { ...functions, ...others[module] }
    if (this.#functions !== undefined) imports[WASI_MODULE] = { ...others[WASI_MODULE], proc_exit: (code: number) => this.#refuseToExit(code) }
    return imports
  }

  #inThread(): Functions {
    const { sends, threads, module, file } = this.about
    const nothing = (): void => undefined
    const here: Record<string, unknown> = {
      _emnapi_async_send_js: (type: number, callback: number, data: number) => { send(sends, type, callback, data) },
      _emnapi_async_work_pool_size: () => threads,
      _emnapi_is_main_runtime_thread: () => 0,
      _emnapi_is_main_browser_thread: () => 0,
      _emnapi_get_now: () => now(CLOCK_REALTIME),
      _emnapi_runtime_keepalive_push: nothing,
      _emnapi_runtime_keepalive_pop: nothing,
      _emnapi_emit_async_thread_ready: nothing,
      ...POOL,
    }
    for (const { module: from, name } of engine.Module.imports(module)) {
      if (!NODE_API.includes(from) || name in here) continue
      here[name] = () => { throw new NapiError('ERR_NAPI_THREAD', `${file}: ${name} was called in a thread of the addon's own: JavaScript values belong to the thread that loaded it`) }
    }
    return here
  }

  #refuseToExit(code: number): never {
    throw new NapiError('ERR_NAPI_EXIT', `${this.about.file}: it wants to end the process with exit code ${code}`)
  }

  /** One of its threads has failed, or it is unloaded: it must not be called any more. */
  override finish(code: number, signal: number): void {
    super.finish(code, signal)
    if (this.#functions === undefined) this.#tell()
    ring(this.about.sends)
  }

  // Who waits in C for the thread that has failed is to know.
  #tell(): void {
    for (const name of ['napi_wasm_thread_crashed', 'emnapi_thread_crashed']) {
      try {
        this.exported(name)?.()
      } catch {
        return
      }
    }
  }

  // Told first: who hears that the addon has failed may end the process at once.
  protected override threw(error: unknown): never {
    host.writeError(`${this.about.file}: ${describe(self.slot)}: ${error instanceof Error ? error.stack : String(error)}\n`)
    return this.end(FAILED, 0)
  }

  protected override get kind(): string {
    return 'a'
  }
}

/** What emnapi does with its Workers, of which there are none here: a thread starts, and holds no process, by itself. */
export const POOL: Functions = {
  _emnapi_worker_ref: () => undefined,
  _emnapi_worker_unref: () => undefined,
  _emnapi_tell_js_uvthreadpool: () => undefined,
}

// What goes wrong with an addon.

import { ModuleError } from '../wasm/errors.ts'

/**
 * A package or file that is no addon for us, or one whose threads have failed. Codes: ERR_NAPI_PACKAGE (not installed, or no WebAssembly in it),
 * ERR_NAPI_RUNTIME (emnapi is missing), ERR_NAPI_ABI (not built for wasi-threads and Node-API), ERR_NAPI_IMPORT, ERR_NAPI_EXIT (it wants to end the
 * process), ERR_NAPI_THREAD (one of its threads has failed, or died).
 */
export class NapiError extends ModuleError {
  override readonly name = 'NapiError'
}

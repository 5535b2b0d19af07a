// What goes wrong with a module of WebAssembly that was to be loaded.

/** A module that cannot be used, or not any more; the message names its file and what is wrong. */
export abstract class ModuleError extends Error {
  /** What it is: see the classes. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * A file that is no program for us. Codes: ERR_WASM_INVALID (no module), ERR_WASM_ABI (not built for threads as ours are), ERR_WASM_IMPORT (it imports
 * what is not here), ERR_WASM_MEMORY (its memory is too small, or too large), ERR_WASM_TOOL (binaryen is missing). Of calls: ERR_WASM_ENDED (the program has
 * ended).
 */
export class ProgramError extends ModuleError {
  override readonly name = 'ProgramError'
}

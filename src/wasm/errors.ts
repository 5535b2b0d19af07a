// What goes wrong with a WebAssembly program before it runs.

/** A file that is no program for us; the message names the file and what is wrong with it. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
  /** What it is: ERR_WASM_INVALID, ERR_WASM_ABI, ERR_WASM_IMPORT, ERR_WASM_MEMORY. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

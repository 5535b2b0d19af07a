// pthreads/wasm: WebAssembly programs with threads.

export { call, calling, type Exported } from './call.ts'
export { Program, ProgramError, type Exit, type LoadOptions, type RunOptions, type Running } from './program.ts'

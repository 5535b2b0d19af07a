// pthreads/wasm: WebAssembly programs with threads.

export { Program, ProgramError, type Exit, type LoadOptions, type RunOptions, type Running } from './program.ts'

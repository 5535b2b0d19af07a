// pthreads/napi: addons of Node-API that were compiled to WebAssembly, with threads.

export { loadNapi, unloadNapi, type NapiOptions } from './load.ts'
export { NapiError } from './errors.ts'

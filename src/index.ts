// pthreads: threads for TypeScript and JavaScript.

export * from './api/index.ts'
export * from './pool/index.ts'

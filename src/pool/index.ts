// The pool: threads that run tasks.

export { PoolTask } from './context.ts'
export type { ThreadPoolStats } from './figures.ts'
export type { Times } from './histogram.ts'
export type { MapOptions, Progress } from './map.ts'
export type { RunOptions, ThreadPoolOptions } from './options.ts'
export { ThreadPool } from './pool.ts'
export { parallelFor, parallelMap, parallelReduce, parallelSort, type Numbers, type ParallelOptions, type Sortable } from './parallel.ts'
export { scope, Scope, type ScopeOptions } from './scope.ts'

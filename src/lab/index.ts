// pthreads/lab: the interleavings of a test, explored one atomic operation at a time.

export { check, StoryError, type CheckOptions, type CheckResult } from './check.ts'
export { formatResult } from './format.ts'
export type { Finding, Story } from './story.ts'
export type { Step } from './trace.ts'

import { model, twin } from './model.ts'

model('who posts dies at any step: the others get what is there', 'death.posting', { bound: 1, schedules: 1500, search: 1500 })
model('who waits dies at any step: its wakeup is passed on', 'death.waiting', { bound: 1, schedules: 1500, search: 1500 })
model('who holds a mutex dies: the kernel\'s own locks are free', 'death.holding', { bound: 1, schedules: 1500, search: 1500 })

twin('a reaper that frees no bucket', 'death.posting', {
  file: 'kernel/death.ts', from: '  for (let b = 0; b < BUCKETS; b++) mendIf(bucketRecord(b) + Bucket.lock, () => { mendBucket(b, lastSlot()) })\n', to: '',
}, /assertion: after: .*bucket \d+ is locked/, { bound: 1, steps: 30_000 })

twin('a reaper that rouses nobody', 'death.posting', {
  file: 'kernel/death.ts', from: 'peek(kernel, t + ThreadRecord.wmesg) !== wmesg.condition) rouse(slot)', to: 'peek(kernel, t + ThreadRecord.wmesg) === wmesg.condition) rouse(slot)',
}, /lost wakeup: no thread can run: 1 sleeps on semaphore/, { bound: 1, plain: 'stores' })

// What the project promises: ratios of two medians of this run; for what is bounded as such the median, and for the hang report the slowest.

import { POOLS } from './cases.mjs'

/** @param results `{ [case name]: results of rounds.mjs }`, of the cases that ran */
export function judge(results) {
  const find = (benchCase, contestant, placement) =>
    results[benchCase]?.find(r => r.contestant === contestant && r.placement === placement)
  const ratio = (benchCase, above, below, placement = 'free') => {
    const a = find(benchCase, above, placement), b = find(benchCase, below, placement)
    if (a === undefined || b === undefined) return {}
    if (a.failed !== undefined || b.failed !== undefined) return { why: a.failed ?? b.failed }
    return { measured: a.median / b.median, wrong: !a.ok || !b.ok }
  }
  const single = (benchCase, contestant, placement, figure = ({ median }) => median) => {
    const a = find(benchCase, contestant, placement)
    return a === undefined ? {} : a.failed !== undefined ? { why: a.failed } : { measured: figure(a), wrong: !a.ok }
  }
  const slowest = (benchCase, contestant, placement) => single(benchCase, contestant, placement, ({ most }) => most)
  const bounds = []
  const bound = (name, relation, limit, { measured, wrong, why }) => bounds.push({
    name, relation, limit, measured, verdict: verdict(relation, limit, measured, wrong, why),
  })

  bound('create+join, same core: ours / C', '<=', 1.0, ratio('create-join', 'ours', 'C', 'S'))
  const [placed, pinned] = ['C', 'C, pinned by attribute'].map(c => ratio('create-join', 'ours', c, 'X'))
  bound('create+join, across cores: ours / the faster C', '<=', 1.5, pinned.measured > placed.measured ? pinned : placed)
  for (const type of ['errorcheck', 'normal'])
    bound(`mutex uncontended: ours ${type} / C`, '<=', 1.5, ratio('mutex-uncontended', `ours ${type}`, 'C', 'S'))
  for (const [benchCase, what] of [['rwlock-read-uncontended', 'read lock'], ['semaphore-uncontended', 'semaphore post+wait']])
    for (const contestant of ['ours', 'ours, pthreads/posix'])
      bound(`${what} uncontended: ${contestant} / C`, '<=', 2, ratio(benchCase, contestant, 'C', 'S'))
  for (const [type, yardstick] of [['errorcheck', 'C errorcheck'], ['normal', 'C']])
    for (const [placement, where] of [['S', 'same core'], ['X', 'across cores']])
      bound(`mutex contended, ${where}: throughput of ours ${type} / ${yardstick}`, '>=', 0.5,
        ratio('mutex-contended', `ours ${type}`, yardstick, placement))
  for (const [placement, where, limit] of [['S', 'same core', 2], ['X', 'across cores', 1.5]])
    bound(`condition ping-pong, ${where}: ours errorcheck / C`, '<=', limit,
      ratio('condition-ping-pong', 'ours errorcheck', 'C', placement))

  for (const death of ['throws', 'exit', 'terminated', 'heap'])
    bound(`join after a death, ${death}: the slowest, in ms`, '<=', 1000, slowest('death-join', death, 'free'))
  for (const [placement, where, steps] of [['S', 'one core', 300], ['free', 'two cores', 40]]) {
    bound(`lab, ${where}: two threads and a mutex exhaustively, in seconds`, '<=', 2, single('lab-exhaustive', 'ours', placement))
    bound(`lab, ${where}: thousand steps a second`, '>=', steps, single('lab-steps', 'ours', placement))
  }
  for (const contestant of ['pthreads run', 'watch: true'])
    for (const [placement, where] of [['S', 'one core'], ['free', 'two cores']])
      bound(`hang report, ${where}, ${contestant}: the slowest, in seconds`, '<=', 2, slowest('hang-report', contestant, placement))
  for (const [placement, where] of [['S', 'same core'], ['X', 'across cores']])
    bound(`runSync, ${where}: ours / synckit`, '<=', 1.2, ratio('run-sync', 'ours', 'synckit', placement))

  for (const [placement, where] of [['S', 'same core'], ['X', 'across cores']])
    bound(`small messages one way, ${where}: throughput of ours / MessagePort`, '>=', 5, ratio('port-one-way', 'ours', 'MessagePort', placement))
  bound('small messages one way, across cores, in millions a second', '>=', 1, single('port-one-way', 'ours', 'X'))
  // Not C's: two threads that do nothing but Atomics.wait and notify take 2.3 times as long as those, for whoever is woken on the waker's core
  // runs into the engine's lock on its list of waiters, which the waker still holds: four switches, not two.
  bound('port.do, same core: ours / our semaphore ping-pong', '<=', 1.3, ratio('port-round-trip', 'ours', 'our semaphores', 'S'))
  for (const [placement, where] of [['S', 'same core'], ['X', 'across cores']])
    bound(`port.do, ${where}: ours / MessagePort`, '<=', 0.6, ratio('port-round-trip', 'ours', 'MessagePort', placement))

  for (const [placement, where] of [['S', 'one core'], ['free', 'two cores']]) {
    const best = how => POOLS.map(pool => ratio(`pool-${how}`, 'ours', pool, placement)).reduce((a, b) => (b.measured ?? 0) > (a.measured ?? 0) ? b : a)
    bound(`pool, 20,000 tasks at once, ${where}: ours / piscina`, '<=', 0.2, ratio('pool-burst', 'ours', 'piscina', placement))
    bound(`pool, 20,000 tasks at once, ${where}: ours / the best peer`, '<=', 0.5, best('burst'))
    bound(`pool, a round trip, ${where}: ours / the best peer`, '<=', 1, best('round-trip'))
    bound(`pool, an object of 1 KB, ${where}: ours / piscina`, '<=', 0.5, ratio('pool-object', 'ours', 'piscina', placement))
    for (const how of ['transfer', 'shared']) bound(`pool, an array of 1 MB, ${how}, ${where}: ours / the best peer`, '<=', 1, best(how))
    bound(`pool, an abort, ${where}: the slowest, in ms`, '<=', 100, slowest('pool-abort', 'ours', placement))
  }
  bound('10 million doubles, two cores: TypedArray.sort / parallelSort', '>=', 1.6, ratio('parallel-sort', 'TypedArray.sort', 'ours, 2 threads'))

  for (const [scheduler, limit] of [['rr', 1], ['fifo', 1], ['fair', 1.5]])
    bound(`fiber.yield, ${scheduler}: ours / a goroutine switch`, '<=', limit, ratio('fiber-switch', `ours ${scheduler}`, 'Go', 'S'))
  bound('fiber.yield, rr: ours / effect yieldNow', '<=', 0.2, ratio('fiber-switch', 'ours rr', 'effect yieldNow', 'S'))
  bound('fiber.lock + unlock, uncontended: ours / mutex.lock()', '<=', 3, ratio('fiber-lock', 'm:1', 'mutex.lock()', 'S'))
  bound('100,000 user-level threads, in seconds', '<=', 1, single('fiber-create', 'ours', 'S'))
  bound('1,000,000 user-level threads, in seconds', '<=', 8, single('fiber-million', 'ours', 'S'))
  bound('1,000,000 user-level threads, in GB', '<=', 1, single('fiber-million', 'ours', 'S', ({ last }) => last.gigabytes))
  bound('10,000 user-level threads of 50 us, across cores: 1 carrier / 2 carriers', '>=', 1.8, ratio('fiber-parallel', '1 carrier', '2 carriers', 'X'))
  bound('idle carriers, in % of a core', '<=', 1, single('fiber-idle', 'ours', 'free'))
  bound('1,000 threads beside a blocking section, in ms', '<=', 200, single('fiber-blocking', 'ours', 'free'))
  bound('fair: 100 equal threads, the farthest off the mean, in %', '<=', 10, single('fiber-fairness', 'ours', 'S'))
  bound('balance of three carriers, the farthest off a third, in %', '<=', 10, single('fiber-balance', 'ours', 'S'))

  bound('sched_yield of C in WebAssembly, m:1, in ns', '<=', 150, single('wasm-switch', 'm:1', 'S'))
  bound('sched_yield of C in WebAssembly, m:n on one carrier, in ns', '<=', 250, single('wasm-switch', 'm:n, 1 carrier', 'S'))
  for (const model of ['m:1', 'm:n, 1 carrier'])
    bound(`100,000 threads of C in WebAssembly, ${model}, in seconds`, '<=', 2, single('wasm-create', model, 'S'))
  for (const how of ['m:1', 'm:1, asleep'])
    bound(`1,000,000 threads of C in WebAssembly, ${how}, in GB`, '<=', 4, single('wasm-million', how, 'S', ({ last }) => last.gigabytes))
  bound('mutex of C in WebAssembly, 1:1, uncontended: ours / C', '<=', 1.5, ratio('wasm-mutex-uncontended', '1:1', 'C', 'S'))
  bound('create+join of C in WebAssembly, 1:1, same core: ours / C', '<=', 2, ratio('wasm-create-join', '1:1', 'C', 'S'))
  bound('computing in C in WebAssembly, 1:1: 1 thread / 2 threads', '>=', 1.8, ratio('wasm-parallel', '1 thread', '2 threads'))
  bound('200 threads of C in WebAssembly, across cores: 1 carrier / 2 carriers', '>=', 1.5, ratio('wasm-scaling', '1 carrier', '2 carriers', 'X'))
  for (const [how, limit] of [['cold', 6], ['warm', 0.3]])
    bound(`Asyncify of 200 KB of WebAssembly, ${how}, in seconds over 1:1`, '<=', limit, single('wasm-transform', how, 'free'))
  for (const [how, limit] of [['cold', 6], ['warm', 0.3]])
    bound(`argon2 for m:1, ${how}, in seconds over 1:1`, '<=', limit, single('wasm-argon2', how, 'free'))

  const [none, one] = ['no threads', 'ours, 1 thread'].map(single => ratio('word-index-again', single, 'ours, 2 threads'))
  bound('main job: one thread, the faster way / ours on 2 cores', '>=', 1.7, none.measured < one.measured ? none : one)
  for (const [benchCase, what] of [['word-index', 'the whole process'], ['word-index-again', 'the second time']])
    bound(`main job on 2 cores, ${what}: ours / piscina`, '<=', 1.0, ratio(benchCase, 'ours, 2 threads', 'piscina, 2 threads'))
  return bounds
}

function verdict(relation, limit, measured, wrong, why) {
  if (measured === undefined) return why === undefined ? 'not measured' : `not measured: ${why}`
  if (wrong) return 'missed: wrong result'
  return (relation === '<=' ? measured <= limit : measured >= limit) ? 'met' : 'missed'
}

// The cases: what is measured, and who takes part. A contestant is a command; `missing` says why it cannot run here.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { programs } from './compile.mjs'
import { corpus } from './corpus.mjs'
import { figure } from './print.mjs'
import { median } from './statistics.mjs'

/** The pools of others. */
export const POOLS = ['piscina', 'tinypool', 'workerpool', 'poolifier']

const here = path => fileURLToPath(new URL(path, import.meta.url))

// What is sent one way: the names in port-bodies.mjs.
const SMALL = [
  ['one-way', 'integers'], ['object', 'objects of three properties: a short string, an integer, a short string'],
  ['numbers', 'objects of three numbers, one of which has a fraction'], ['string', 'short strings'], ['pair', 'arrays of two integers'],
]

/** @param have `{ c, go, wasm, quick }`: whether the C, Go and WebAssembly programs were compiled, and whether the run is a quick one */
export function cases({ c, go, wasm, quick }) {
  const program = (name, ...args) => ({
    command: [join(programs, name), ...args], ...!c && { missing: 'needs gcc' },
  })
  const goroutines = (name, ...args) => ({
    command: [join(programs, `go-${name}`), ...args], ...!go && { missing: 'needs go' },
  })
  const ours = (script, ...args) => ({
    command: [process.execPath, here(`ours/${script}.mjs`), ...args],
    ...built(),
  })
  const inWasm = (name, model, carriers, ...args) => ({ ...ours('wasm', name, model, carriers, ...args), ...!wasm && { missing: 'needs clang and wasi-libc' } })
  const hangs = how => ({ ...ours('hang-report', how), ...!existsSync(here('../build/examples/deadlock/main.js')) && { missing: 'the example is not built' } })
  const peer = (script, ...args) => ({ command: [process.execPath, here(`peers/${script}.mjs`), ...args] })
  const multithreading = (script, ...args) => ({
    command: [process.execPath, '--import', here('peers/newer-node.mjs'), here(`peers/${script}.mjs`), ...args],
  })

  // What pools are measured with: pool-loads.mjs. Shorter than others: there are five pools and six loads.
  const poolCases = () => [
    ['burst', 'a tiny task, 20 000 submitted at once to a pool of two threads', 'us'],
    ['round-trip', 'a tiny task and back, one after another, in a pool of one thread', 'us'],
    ['object', 'a task with an object of 1 KB, 1000 at once, in a pool of two threads', 'us'],
    ['transfer', 'a task with an array of 1 MB that moves', 'us'],
    ['shared', 'a task with an array of 1 MB in shared memory', 'us'],
    ['abort', 'a loop in the only thread of a pool, from its abort until the next task is done', 'ms'],
  ].map(([how, title, unit]) => ({
    name: `pool-${how}`,
    title,
    unit,
    reference: 'piscina',
    placements: ['S', 'free'],
    milliseconds: 400,
    contestants: [
      { name: 'ours', ...ours('pool', how) },
      ...POOLS.filter(name => how !== 'abort' || name !== 'poolifier').map(name => ({ name, ...peer('pool', name, how) })),
    ],
  }))

  const storms = [['integers', 'block', '1:1'], ['objects', 'block', '1:1'], ['mixed', 'async', '1:1'], ['mixed', 'fiber', 'm:n'], ['mixed', 'mixed', 'm:n']]
  return [
    {
      name: 'create-join',
      title: 'create a thread and join it; for a pool: await a task',
      unit: 'us',
      reference: 'C',
      contestants: [
        { name: 'C', ...program('create-join') },
        { name: 'C, pinned by attribute', ...program('create-join', 'attribute') },
        { name: 'ours', ...ours('create-join') },
        { name: 'new Worker', ...peer('worker-create-exit') },
        { name: 'piscina', ...peer('piscina') },
        { name: 'tinypool', ...peer('tinypool') },
        { name: 'workerpool', ...peer('workerpool') },
        { name: 'poolifier', ...peer('poolifier') },
        { name: 'multithreading', ...multithreading('multithreading') },
      ],
    },
    {
      name: 'mutex-uncontended',
      title: 'lock and unlock a mutex that nobody else wants',
      unit: 'ns',
      reference: 'C',
      placements: ['S'],
      contestants: [
        { name: 'C', ...program('mutex-uncontended') },
        { name: 'C errorcheck', ...program('mutex-uncontended', 'errorcheck') },
        { name: 'ours errorcheck', ...ours('mutex-uncontended', 'errorcheck') },
        { name: 'ours normal', ...ours('mutex-uncontended', 'normal') },
        { name: 'ours, pthreads/posix', ...ours('posix-mutex-uncontended') },
        { name: 'async-mutex', ...peer('async-mutex-uncontended') },
        { name: 'multithreading lock', ...multithreading('multithreading-mutex-uncontended', 'async') },
        { name: 'multithreading blockingLock', ...multithreading('multithreading-mutex-uncontended', 'blocking') },
      ],
    },
    {
      name: 'rwlock-read-uncontended',
      title: 'lock a read-write lock that nobody else wants for reading, and unlock it',
      unit: 'ns',
      reference: 'C',
      placements: ['S'],
      contestants: [
        { name: 'C', ...program('rwlock-uncontended') },
        { name: 'ours', ...ours('rwlock-uncontended', 'read') },
        { name: 'ours, pthreads/posix', ...ours('posix-rwlock-uncontended', 'read') },
      ],
    },
    {
      name: 'rwlock-write-uncontended',
      title: 'the same for writing',
      unit: 'ns',
      reference: 'C',
      placements: ['S'],
      contestants: [
        { name: 'C', ...program('rwlock-uncontended', 'write') },
        { name: 'ours', ...ours('rwlock-uncontended', 'write') },
        { name: 'ours, pthreads/posix', ...ours('posix-rwlock-uncontended', 'write') },
      ],
    },
    {
      name: 'semaphore-uncontended',
      title: 'post to a semaphore that nobody else uses, and wait for it',
      unit: 'ns',
      reference: 'C',
      placements: ['S'],
      contestants: [
        { name: 'C', ...program('semaphore-uncontended') },
        { name: 'ours', ...ours('semaphore-uncontended') },
        { name: 'ours, pthreads/posix', ...ours('posix-semaphore-uncontended') },
        { name: 'async-mutex', ...peer('async-mutex-semaphore-uncontended') },
      ],
    },
    {
      name: 'mutex-contended',
      title: 'two threads fight for one mutex: lock, counter++, unlock',
      unit: 'million a second',
      higherIsBetter: true,
      reference: 'C',
      contestants: [
        { name: 'C', ...program('mutex-contended') },
        { name: 'C errorcheck', ...program('mutex-contended', 'errorcheck') },
        { name: 'ours errorcheck', ...ours('mutex-contended', 'errorcheck') },
        { name: 'ours normal', ...ours('mutex-contended', 'normal') },
        { name: 'multithreading lock', ...multithreading('multithreading-mutex-contended', 'async') },
        { name: 'multithreading blockingLock', ...multithreading('multithreading-mutex-contended', 'blocking') },
      ],
    },
    {
      name: 'condition-ping-pong',
      title: 'two threads hand a turn to each other with a condition',
      unit: 'us a round trip',
      reference: 'C',
      contestants: [
        { name: 'C', ...program('condition-ping-pong') },
        { name: 'ours errorcheck', ...ours('condition-ping-pong', 'errorcheck') },
        { name: 'ours normal', ...ours('condition-ping-pong', 'normal') },
      ],
    },
    {
      name: 'semaphore-ping-pong',
      title: 'two threads post to each other\'s semaphore',
      unit: 'us a round trip',
      reference: 'C',
      contestants: [
        { name: 'C', ...program('semaphore-ping-pong') },
        { name: 'ours', ...ours('semaphore-ping-pong') },
      ],
    },
    ...SMALL.map(([how, what]) => ({
      name: `port-${how}`,
      title: `one thread sends small messages to another one: ${what}`,
      unit: 'million a second',
      higherIsBetter: true,
      reference: 'MessagePort',
      contestants: [
        { name: 'MessagePort', ...peer('message-port', how) },
        { name: 'ours', ...ours('port', how) },
      ],
    })),
    {
      name: 'port-round-trip',
      title: 'a thread asks another one through a port and waits for the answer; C: two threads post to each other\'s semaphore',
      unit: 'us',
      reference: 'MessagePort',
      contestants: [
        { name: 'C', ...program('semaphore-ping-pong') },
        { name: 'our semaphores', ...ours('semaphore-ping-pong') },
        { name: 'MessagePort', ...peer('message-port', 'round-trip') },
        { name: 'ours', ...ours('port', 'round-trip') },
      ],
    },
    {
      name: 'port-storm',
      title: `${quick ? '100 000' : '10 million'} messages through one port, each checked: nothing lost, nothing twice, in order for each sender`,
      unit: 'million a second',
      higherIsBetter: true,
      placements: ['free'],
      once: true,
      timeout: 600,
      contestants: [[4, 1], [1, 4], [4, 4]].flatMap(([senders, servers]) => storms.map(([what, form, model]) => ({
        name: `${senders} to ${servers}, ${what}, ${form}, ${model}`, ...ours('port-storm', String(senders), String(servers), quick ? '100000' : '10000000', what, form, model),
      }))),
    },
    ...poolCases(),
    ...servers(),
    {
      name: 'parallel-sort',
      title: `sort ${quick ? 'a million' : '10 million'} random doubles on two cores`,
      unit: 's',
      reference: 'TypedArray.sort',
      placements: ['free'],
      once: true,
      timeout: 120,
      contestants: [['sort', 'TypedArray.sort'], ['ours', 'ours, 2 threads']].map(([how, name]) => ({ name, ...ours('parallel-sort', how, quick ? '1000000' : '10000000') })),
    },
    {
      name: 'run-sync',
      title: 'call an async function and wait for its result, blocking',
      unit: 'us',
      reference: 'synckit',
      contestants: [
        { name: 'synckit', ...peer('synckit') },
        { name: 'ours', ...ours('run-sync') },
      ],
    },
    {
      name: 'lab-exhaustive',
      title: 'the lab: all interleavings of two threads that lock and unlock a mutex',
      unit: 's',
      placements: ['S', 'free'],
      once: true,
      contestants: [{ name: 'ours', ...ours('lab', 'exhaustive') }],
    },
    {
      name: 'lab-steps',
      title: 'the lab: steps of random schedules of two threads that lock and unlock it often',
      unit: 'thousand a second',
      higherIsBetter: true,
      placements: ['S', 'free'],
      contestants: [{ name: 'ours', ...ours('lab', 'steps') }],
    },
    {
      name: 'death-join',
      title: 'from the death of a thread to the end of join, with main blocked in it: the slowest of four',
      unit: 'ms',
      placements: ['free'],
      contestants: ['throws', 'exit', 'terminated', 'heap'].map(death => ({ name: death, ...ours('death-join', death) })),
    },
    {
      name: 'hang-report',
      title: 'philosophers that deadlock, with main blocked in join: from the last fork taken to the report on stderr',
      unit: 's',
      placements: ['S', 'free'],
      contestants: [{ name: 'pthreads run', ...hangs('run') }, { name: 'watch: true', ...hangs('library') }],
    },
    ...wordIndex(quick),
    {
      name: 'fiber-switch',
      title: 'two user-level threads on one carrier yield to each other',
      unit: 'ns',
      reference: 'Go',
      placements: ['S'],
      contestants: [
        { name: 'Go', ...goroutines('switch') },
        ...['rr', 'fifo', 'fair'].map(scheduler => ({ name: `ours ${scheduler}`, ...ours('fiber-switch', scheduler) })),
        { name: 'effect yieldNow', ...peer('effect-yield') },
      ],
    },
    {
      name: 'fiber-create',
      title: 'create 100 000 user-level threads that live at once, run them, join them',
      unit: 's',
      reference: 'Go',
      placements: ['S'],
      contestants: [
        { name: 'Go', ...goroutines('create', '100000') },
        { name: 'ours', ...ours('fiber-create', '100000') },
      ],
    },
    {
      name: 'fiber-million',
      title: `the same with ${quick ? '100 000' : 'a million'}`,
      unit: 's',
      reference: 'Go',
      placements: ['S'],
      once: true,
      timeout: 120,
      contestants: [
        { name: 'Go', ...goroutines('create', quick ? '100000' : '1000000') },
        { name: 'ours', ...ours('fiber-create', quick ? '100000' : '1000000') },
      ],
      remarks: results => results.filter(({ last }) => last?.gigabytes !== undefined).map(({ last }) => `ours: at most ${figure(last.gigabytes)} GB`),
    },
    {
      name: 'fiber-lock',
      title: 'yield* fiber.lock and unlock of a mutex that nobody else wants',
      unit: 'ns',
      reference: 'mutex.lock()',
      placements: ['S'],
      contestants: [
        { name: 'mutex.lock()', ...ours('mutex-uncontended', 'errorcheck') },
        { name: 'm:1', ...ours('fiber-lock', 'm:1') },
        { name: '1:1', ...ours('fiber-lock', '1:1') },
      ],
    },
    {
      name: 'fiber-parallel',
      title: 'm:n: 10 000 threads of 50 us of work each, created by one of them',
      unit: 's',
      reference: '1 carrier',
      placements: ['X'],
      contestants: [
        { name: '1 carrier', ...ours('fiber-parallel', '1') },
        { name: '2 carriers', ...ours('fiber-parallel', '2') },
      ],
    },
    {
      name: 'fiber-idle',
      title: 'm:n: two carriers all of whose threads sleep: what they use of a core',
      unit: '%',
      placements: ['free'],
      contestants: [{ name: 'ours', ...ours('fiber-idle') }],
    },
    {
      name: 'fiber-blocking',
      title: 'm:n: a blocking section of 1 s on one of two carriers, until 1000 threads that were ready have ended',
      unit: 'ms',
      placements: ['free'],
      contestants: [{ name: 'ours', ...ours('fiber-blocking') }],
    },
    {
      name: 'fiber-fairness',
      title: 'm:1, fair: how far one of 100 equal threads is off the mean time',
      unit: '%',
      placements: ['S'],
      contestants: [{ name: 'ours', ...ours('fiber-fairness') }],
    },
    {
      name: 'fiber-balance',
      title: 'm:n: nine tenths of the threads are created on one carrier of three: how far one is off a third of the work after 100 ms',
      unit: '%',
      placements: ['S', 'free'],
      contestants: [{ name: 'ours', ...ours('fiber-balance') }],
    },
    {
      name: 'wasm-switch',
      title: 'two threads of a C program in WebAssembly on one carrier: sched_yield to each other',
      unit: 'ns',
      reference: 'Go',
      placements: ['S'],
      contestants: [
        { name: 'Go', ...goroutines('switch') },
        { name: 'm:1', ...inWasm('switch', 'm:1', '1') },
        { name: 'm:n, 1 carrier', ...inWasm('switch', 'm:n', '1') },
      ],
    },
    {
      name: 'wasm-create',
      title: `create ${quick ? '10 000' : '100 000'} threads of a C program in WebAssembly that live at once, run them, join them`,
      unit: 's',
      placements: ['S'],
      contestants: [
        { name: 'm:1', ...inWasm('create', 'm:1', '1', quick ? '10000' : '100000') },
        { name: 'm:n, 1 carrier', ...inWasm('create', 'm:n', '1', quick ? '10000' : '100000') },
      ],
    },
    {
      name: 'wasm-million',
      title: `the same with ${quick ? '100 000' : 'a million'}; and with as many that all sleep at once, on a semaphore`,
      unit: 's',
      placements: ['S'],
      once: true,
      timeout: 120,
      contestants: [
        { name: 'm:1', ...inWasm('create', 'm:1', '1', quick ? '100000' : '1000000') },
        { name: 'm:1, asleep', ...inWasm('create', 'm:1', '1', quick ? '100000' : '1000000', 'asleep') },
      ],
      remarks: results => results.filter(({ last }) => last?.gigabytes !== undefined).map(({ contestant, last }) => `${contestant}: at most ${figure(last.gigabytes)} GB`),
    },
    {
      name: 'wasm-mutex-uncontended',
      title: 'a C program locks and unlocks a mutex that nobody else wants: native, and in WebAssembly under 1:1',
      unit: 'ns',
      reference: 'C',
      placements: ['S'],
      contestants: [{ name: 'C', ...program('mutex-uncontended') }, { name: '1:1', ...inWasm('mutex-uncontended', '1:1', '0') }],
    },
    {
      name: 'wasm-create-join',
      title: 'a C program creates a thread and joins it: native, and in WebAssembly under 1:1',
      unit: 'us',
      reference: 'C',
      placements: ['S'],
      contestants: [{ name: 'C', ...program('create-join') }, { name: '1:1', ...inWasm('create-join', '1:1', '0') }],
    },
    {
      name: 'wasm-call',
      title: 'TypeScript calls a function of C: of an instance alone, of a program as one of its threads, and from a thread of a carrier',
      unit: 'ns',
      reference: 'export',
      placements: ['S'],
      contestants: ['export', 'call', 'calling'].map(how => ({ name: how, ...ours('wasm-call', how), ...!wasm && { missing: 'needs clang and wasi-libc' } })),
    },
    {
      name: 'wasm-parallel',
      title: '1:1: a fixed amount of computing in a C program in WebAssembly',
      unit: 's',
      reference: '1 thread',
      placements: ['free'],
      contestants: [{ name: '1 thread', ...inWasm('parallel', '1:1', '0', '1') }, { name: '2 threads', ...inWasm('parallel', '1:1', '0', '2') }],
    },
    {
      name: 'wasm-scaling',
      title: 'm:n: 200 threads of a C program in WebAssembly, some 4 us of work for each switch',
      unit: 's',
      reference: '1 carrier',
      placements: ['X'],
      contestants: [{ name: '1 carrier', ...inWasm('scaling', 'm:n', '1') }, { name: '2 carriers', ...inWasm('scaling', 'm:n', '2') }],
    },
    {
      name: 'wasm-transform',
      title: 'a C program of 200 KB in WebAssembly, loaded for m:n: how much longer than for 1:1',
      unit: 's',
      placements: ['free'],
      timeout: 120,
      contestants: ['cold', 'warm'].map(how => ({ name: how, ...ours('wasm-transform', join(programs, 'wasm-large.wasm'), how), ...!wasm && { missing: 'needs clang and wasi-libc' } })),
    },
    {
      name: 'wasm-argon2',
      title: 'the addon @node-rs/argon2-wasm32-wasi, loaded for m:1: how much longer than for 1:1',
      unit: 's',
      placements: ['free'],
      timeout: 120,
      contestants: ['cold', 'warm'].map(how => ({ name: how, ...ours('argon2', how) })),
    },
    {
      name: 'million-threads',
      title: `growth of the resident set over ${quick ? '100 000' : 'a million'} threads, one after another`,
      unit: 'MB',
      placements: ['S'],
      once: true,
      timeout: 300,
      contestants: [{ name: 'ours', ...ours('million-threads', quick ? '100000' : '1000000') }],
      remarks: ([{ last }]) => last === undefined
        ? []
        : [
          `${figure(last.seconds)} s for ${figure(last.threads)} threads; `
          + `${figure(last.rssBefore)} MB before, ${figure(last.rssAfter)} MB after; the process ended by itself`,
        ],
    },
    {
      name: 'cold-time',
      title: 'the first thread of a process, from create to result; for a Worker: to its first message',
      unit: 'ms',
      reference: 'new Worker',
      placements: ['S', 'free'],
      contestants: [
        { name: 'new Worker', ...peer('worker-cold-start', 'time') },
        { name: 'ours', ...ours('cold-start', 'time') },
      ],
    },
    {
      name: 'cold-memory',
      title: 'resident set per thread, eight alive at once',
      unit: 'MB',
      reference: 'new Worker',
      placements: ['free'],
      contestants: [
        { name: 'new Worker', ...peer('worker-cold-start', 'memory') },
        { name: 'ours', ...ours('cold-start', 'memory') },
      ],
    },
  ]
}

function built() {
  return existsSync(here('../dist/api/index.js')) ? {} : { missing: 'the library is not built' }
}

// The example resp beside redis-server: resp/run.mjs.
function servers() {
  const tools = ['redis-server', 'redis-benchmark', 'redis-cli'].every(name => spawnSync(name, ['--version']).status === 0)
  const missing = !tools ? { missing: 'needs redis-server and redis-tools' } : existsSync(here('../build/examples/resp/main.js')) ? built() : { missing: 'the example is not built' }
  const ways = { 'redis-server': 'redis', 'ours, 1 thread': '1', 'ours, 2 threads': '2', 'ours, 2 threads, one table and a lock': 'shared' }
  return [
    ['resp', 'redis-benchmark, 50 clients', []],
    ['resp-pipeline', 'redis-benchmark, 50 clients, -P 16', ['-P', '16']],
    ['resp-pipeline-keys', 'redis-benchmark, 50 clients, -P 16, -r 100000', ['-P', '16', '-r', '100000']],
  ].map(([name, title, load]) => ({
    name,
    title: `${title}: the mean of SET, GET, INCR and MSET, server and client on the same cores`,
    unit: 'k/s',
    higherIsBetter: true,
    reference: 'redis-server',
    placements: ['free'],
    contestants: Object.entries(ways).map(([name, way]) => ({ name, command: [process.execPath, here('resp/run.mjs'), way, ...load], ...missing })),
    remarks: results => results.filter(({ lines }) => lines !== undefined).map(({ contestant, lines }) =>
      `${contestant}: ${Object.keys(lines[0].rates).map(command => `${command} ${figure(median(lines.map(({ rates }) => rates[command] / 1e3)))}`).join(', ')}`),
  }))
}

// The whole process is what a cold start costs as well; what the threads gain is seen in the second run of a process, and
// that is what `npm start` prints.
function wordIndex(quick) {
  const size = quick ? 16 : 256
  const example = existsSync(here('../build/examples/word-index/worker.js'))
  const missing = example ? built() : { missing: 'the example is not built' }
  const wordIndexCase = (name, title, options, value) => {
    const variant = (script, ...args) => ({
      ...missing,
      // the corpus is written when the case is run, not when it is listed
      command: () => [process.execPath, here(`word-index/${script}.mjs`), ...options, ...args, corpus(size)],
      adapt: (line, wall) => ({ value: value(line, wall), unit: 's', ...line }),
    })
    return {
      name,
      title: `the main job: index the words of ${size} MB of text, ${title}`,
      unit: 's',
      reference: 'no threads',
      placements: ['free'],
      sameResult: 'checksum',
      timeout: 120,
      contestants: [
        { name: 'no threads', ...variant('plain') },
        { name: 'ours, 1 thread', ...variant('ours', '1') },
        { name: 'ours, 2 threads', ...variant('ours', '2') },
        { name: 'piscina, 2 threads', ...variant('piscina', '2') },
      ],
    }
  }
  return [
    wordIndexCase('word-index', 'the whole process', [], (_, wall) => wall),
    wordIndexCase('word-index-again', 'the second time in a process', ['--again'], ({ seconds }) => seconds),
  ]
}

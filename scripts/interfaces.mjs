// npm run docs, and npm run check with --check: docs/INTERFACES.md, the interfaces of POSIX.1-2024 threads, one line each:
// where it is implemented, how many tests call it, and its limits. A name without implementation or test is an error.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main, ready } from './bootstrap.mjs'
import { root, text, walk } from './files.mjs'

const GROUPS = {
  'Threads': `pthread_create pthread_join pthread_detach pthread_exit pthread_self pthread_equal pthread_once pthread_atfork pthread_getcpuclockid
    pthread_getconcurrency pthread_setconcurrency`,
  'Thread attributes': both('pthread_attr', 'detachstate guardsize inheritsched schedparam schedpolicy scope stack stacksize'),
  'Thread-specific data': 'pthread_key_create pthread_key_delete pthread_getspecific pthread_setspecific',
  'Cancellation': 'pthread_cancel pthread_setcancelstate pthread_setcanceltype pthread_testcancel pthread_cleanup_push pthread_cleanup_pop',
  'Mutexes': `pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_trylock pthread_mutex_timedlock pthread_mutex_clocklock pthread_mutex_unlock
    pthread_mutex_consistent pthread_mutex_getprioceiling pthread_mutex_setprioceiling ${both('pthread_mutexattr', 'type robust protocol prioceiling pshared')}`,
  'Condition variables': `pthread_cond_init pthread_cond_destroy pthread_cond_wait pthread_cond_timedwait pthread_cond_clockwait pthread_cond_signal pthread_cond_broadcast
    ${both('pthread_condattr', 'clock pshared')}`,
  'Read-write locks': `pthread_rwlock_init pthread_rwlock_destroy pthread_rwlock_rdlock pthread_rwlock_tryrdlock pthread_rwlock_timedrdlock pthread_rwlock_clockrdlock
    pthread_rwlock_wrlock pthread_rwlock_trywrlock pthread_rwlock_timedwrlock pthread_rwlock_clockwrlock pthread_rwlock_unlock ${both('pthread_rwlockattr', 'pshared')}`,
  'Barriers': `pthread_barrier_init pthread_barrier_destroy pthread_barrier_wait ${both('pthread_barrierattr', 'pshared')}`,
  'Spin locks': 'pthread_spin_init pthread_spin_destroy pthread_spin_lock pthread_spin_trylock pthread_spin_unlock',
  'Semaphores': `sem_init sem_destroy sem_wait sem_trywait sem_timedwait sem_clockwait sem_post sem_getvalue sem_open sem_close sem_unlink`,
  'Scheduling': `pthread_getschedparam pthread_setschedparam pthread_setschedprio sched_yield sched_get_priority_max sched_get_priority_min sched_rr_get_interval
    sched_getparam sched_setparam sched_getscheduler sched_setscheduler`,
  'Signals': `pthread_kill pthread_sigmask kill raise sigqueue sigaction signal siginterrupt sigprocmask sigpending sigsuspend sigwait sigwaitinfo sigtimedwait
    sigemptyset sigfillset sigaddset sigdelset sigismember`,
  'Clocks and timers': `clock_gettime clock_getres clock_settime clock_getcpuclockid clock_nanosleep nanosleep sleep alarm pause timer_create timer_delete timer_settime timer_gettime timer_getoverrun`,
  'Not in POSIX, but common': `pthread_setname_np pthread_getname_np pthread_tryjoin_np pthread_timedjoin_np pthread_clockjoin_np pthread_sigqueue pthread_getattr_np pthread_setaffinity_np pthread_getaffinity_np
    pthread_rwlockattr_setkind_np pthread_rwlockattr_getkind_np usleep`,
  'Of this library': 'pthread_attr_setheaplimit_np pthread_attr_getheaplimit_np memory malloc free addMemory joinMemory',
}

/** What a user has to know. */
const LIMITS = {
  pthread_create: 'the start routine is an entry of `load`, `thread` or `Thread.inline`; what its argument holds is copied',
  pthread_atfork: 'there is no fork: the handlers are never called',
  pthread_exit: 'throws what the start routine catches: `finally` blocks run',
  pthread_attr_setguardsize: 'recorded; the engine guards its own stacks',
  pthread_attr_setstack: 'recorded; the engine allocates its own stacks',
  pthread_attr_setscope: 'PTHREAD_SCOPE_PROCESS: the start routine is a generator, which shares a Worker; the stack size is not heeded then',
  pthread_setschedparam: 'decides who is woken first and whom a mutex boosts; the operating system schedules Workers as it likes',
  pthread_setaffinity_np: 'recorded; the operating system places Workers as it likes',
  pthread_setcanceltype: 'asynchronous: acts at the next call into the library, not inside a loop of the program',
  pthread_kill: 'a handler runs when the thread calls into the library, sleeps there, or turns its event loop',
  sigaction: 'a handler is an entry, or a function that only the heap of the caller can run',
  sem_open: 'names live in the process',
  alarm: 'SIGALRM is the process\'s own, not the operating system\'s',
  clock_settime: 'EPERM',
  sched_setscheduler: 'returns the policy before, or the error number negated, as do all that return a value',
  clock_gettime: 'the clock of another thread: where the host can tell (Linux)',
}

function both(prefix, names) {
  return `${prefix}_init ${prefix}_destroy ${names.split(' ').map(name => `${prefix}_get${name} ${prefix}_set${name}`).join(' ')}`
}

// The tests of a file, each as its text, and what stands beside them: tables whose rows the tests in a loop, which are
// indented, are about.
function testsOf(code) {
  const [head, ...blocks] = code.replace(/^import [^]*?from '.*'$/gm, '').split(/^(?= *test\()/m)
  return { blocks, tables: head + blocks.map(block => block.slice(block.indexOf('\n})') + 1)).join('') }
}

await main(async () => {
  await ready()
  const target = join(root, 'docs/INTERFACES.md')
  const page = await make()
  if (!process.argv.includes('--check')) {
    mkdirSync(join(root, 'docs'), { recursive: true })
    writeFileSync(target, page)
  } else if (text(target) !== page) throw new Error('docs/INTERFACES.md is not that of the source: npm run docs writes it')
  return 0
})

async function make() {
  const exported = await import(pathToFileURL(join(root, 'dist/api/posix.js')).href)
  const sources = [...walk(join(root, 'src/pthread')).map(path => `src/pthread/${path}`), 'src/api/posix.ts'].map(path => ({ path, code: readFileSync(join(root, path), 'utf8') }))
  const files = walk(join(root, 'test/posix')).filter(path => path.endsWith('.test.ts')).map(path => ({ path, ...testsOf(readFileSync(join(root, 'test/posix', path), 'utf8')) }))
  const holes = []
  const sections = Object.entries(GROUPS).map(([title, names]) => {
    const rows = names.split(/\s+/).map((name) => {
      const uses = new RegExp(`\\b${name}\\b`)
      const source = sources.find(({ code }) => new RegExp(`^export (?:async )?(?:function|const) ${name}\\b`, 'm').test(code))
      const count = files.reduce((sum, { path, blocks, tables }) => sum + blocks.filter(block => path === `${name}.test.ts` || uses.test(block) || /^ /.test(block) && uses.test(tables)).length, 0)
      if (typeof exported[name] !== 'function' || source === undefined) holes.push(`${name} is not exported by pthreads/posix`)
      else if (count === 0) holes.push(`${name} has no test in test/posix`)
      return `| \`${name}\` | [${source?.path.slice(source.path.lastIndexOf('/') + 1)}](../${source?.path}) | ${count} | ${LIMITS[name] ?? ''} |`
    })
    return `## ${title}\n\n| interface | in | tests | limits |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  const listed = new Set(Object.values(GROUPS).flatMap(names => names.split(/\s+/)))
  for (const name of Object.keys(LIMITS)) if (!listed.has(name)) holes.push(`${name} has limits, and is in no group`)
  for (const name of Object.keys(exported)) if (typeof exported[name] === 'function' && !listed.has(name)) holes.push(`${name} is exported, and is in no group`)
  if (holes.length !== 0) throw new Error(`docs/INTERFACES.md would have holes:\n${holes.join('\n')}`)
  return `# Interfaces of POSIX threads

What \`pthreads/posix\` has, made from the source by \`npm run docs\`. Every function works on (memory, address) and returns 0 or
the error number. "Tests" counts the clauses in [test/posix](../test/posix) that call it.

${sections.join('\n')}`
}

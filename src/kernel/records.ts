// The kernel's records, all in kernel memory.  Offsets in bytes; see mem/struct.ts.

import { bytes, f64, i32, struct } from '../mem/struct.ts'

/** Bytes of a thread's message, arguments or result, that need no allocation: two mutexes, or ten numbers. */
export const ROOM = 64

/** One per process, at address 64 of kernel memory. */
export const Process = struct('process', {
  version: i32('layout version; a heap that attaches with another one refuses'),
  pid: i32('the operating system\'s process id'),
  threads: i32('capacity: how many threads may exist besides the first'),
  slots: i32('records in the thread table, a power of two'),
  carriers: i32('records in the carrier table'),
  count: i32('threads that hold a record, the first one not counted; written under tableLock'),
  live: i32('threads that have not exited, the first one not counted; a futex word, woken at 0'),
  tableLock: i32('lock: thread table, carrier table, cache'),
  freeThread: i32('head of the list of free thread records, linked by link; under tableLock'),
  lastTid: i32('tid given last; under tableLock'),
  lastAsync: i32('number of an asynchronous acquisition given last; under tableLock'),
  bumpThread: i32('first thread record never used; under tableLock'),
  freeCarrier: i32('head of the list of free carrier records, linked by link; under tableLock'),
  bumpCarrier: i32('first carrier record never used; under tableLock'),
  cache: i32('head of the list of parked carriers, linked by link, last parked first; under tableLock'),
  cached: i32('how many carriers are parked; under tableLock'),
  cacheLimit: i32('a carrier that finds this many parked ends instead of parking'),
  spawner: i32('0 none, 1 starting, 2 ready; a futex word'),
  doorbell: i32('counts requests to the spawner; it sleeps here'),
  requests: i32('head of the list of carriers to be started, linked by request; a lock-free stack that the spawner empties'),
  failures: i32('threads that failed and were reported on stderr: the process exits with 1'),
  output: i32('lock of the standard streams: 0 free, else the carrier that writes; a futex word'),
  internLock: i32('lock: the table of interned strings'),
  interned: i32('how many strings are interned; written under internLock'),
  heapLock: i32('lock: the arena of user memory'),
  handleLock: i32('lock: the table of handles'),
  freeHandle: i32('head of the list of free handle records; under handleLock'),
  bumpHandle: i32('first handle record never used; under handleLock'),
  memories: i32('last memory id given out'),
  keys: i32('where the search for a free key begins'),
  signalLock: i32('lock: actions, masks and pending sets of all threads, queued signals, timers'),
  pending0: i32('signals 1 to 32 pending for the process; under signalLock'),
  pending1: i32('signals 33 to 64 pending for the process'),
  signals: i32('head of the list of signals queued for the process, or 0; under signalLock'),
  freeSignal: i32('head of the list of free records of queued signals; under signalLock'),
  bumpSignal: i32('first such record never used; under signalLock'),
  signalSeq: i32('order of the signal queued last; under signalLock'),
  timers: i32('one more than the last timer that was ever used, or 0; under signalLock'),
  fatal: i32('the signal whose default action ends the process, once it is due'),
  concurrency: i32('level given to pthread_setconcurrency; any thread'),
  priorities: i32('1 once a thread of the process has had a priority above 0: from then on wakes look for the highest; never goes back'),
  losses: i32('counts what may have lost a thread that others rely on: deaths of carriers, waits on rwlocks that were abandoned; before the sleepers are woken'),
  nameLock: i32('lock: the list of named semaphores'),
  names: i32('named semaphores: address of the first one in user memory, linked by next; under nameLock'),
  watch: i32('1: the spawner watches for deadlocks; written by the first heap before there is a spawner'),
  looks: i32('how often the watcher has looked at the threads; written by the spawner, which resumes who sleeps here'),
  tracing: i32('1: threads note where they are created and where they sleep; written by the first heap at birth'),
  model: i32('what runs a thread that says nothing of it: 0 a Worker of its own (1:1), 1 a carrier of fibers (m:1, m:n); written by the first heap at birth'),
  places: i32('places of carriers of fibers, the last one a spare; written by the first heap at birth'),
  scheduler: i32('interned string: the scheduler of the carriers of fibers, a name or the URL of a module; 0: rr; written by the first heap at birth'),
  idle: bytes(12, 'carriers of fibers that sleep, or are about to, a bit for each place; each sets its own before it looks for the last time'),
  blocking: i32('carriers of fibers that are in a blocking section; each counts itself'),
  turn: i32('the place that the next fiber from outside of the carriers of fibers goes to; a hint'),
})

/**
 * One per thread, system threads and fibers, and per asynchronous acquisition. Slot 0 stays unused. Four lines of 64 bytes: what who looks
 * through the table reads; a sleep; beginning and end; the message.
 */
export const ThreadRecord = struct('thread', {
  state: i32('0 free, 1 embryo (cloned, not yet running), 2 running, 3 sleeping, 4 exited; written by the thread, at birth by its creator, at death by the reaper'),
  tid: i32('its number, 30 bits; tids[tid modulo slots] is its slot'),
  serial: i32('counts the uses of this record; tells a stale handle'),
  flags: i32('bits: 1 detached, 2 joined or being joined, 4 failed, 8 asynchronous acquisition, 16 fiber, 32 the process itself, 64 message went by port, 128 started, 256 the library\'s own, 512 a daemon: these two are not counted and hold no process'),
  carrier: i32('the carrier that runs it; 0 before it runs'),
  exit: i32('exit word: 1 while the thread exists, 0 when it is gone; a futex word that join waits on'),
  park: i32('park word: 0 awake, 1 asleep, 2 woken, 3 its carrier runs other fibers; set to 0, 1 and 3 by the thread, to 2 by who wakes it, under the bucket lock'),
  wmesg: i32('what it sleeps on (index into wmesg names); written by the thread'),
  timed: i32('1 while it sleeps until a deadline at most, 0: until it is woken; written by the thread'),
  entry: i32('what it runs: an entry id that the library gave'),
  creator: i32('tid of the thread that created it'),
  claim: i32('of a fiber: 0 not yet started, 1 it waits for a carrier, to begin or to go on, else the carrier that took it, + 1; changed by compare and swap, to 1 by its carrier'),
  status: i32('how it ended: 0 not yet, 1 returned, 2 threw, 3 pthread_exit, 4 died (see reason), 5 canceled'),
  attention: i32('bits: 1 a signal may be deliverable, 2 a cancellation is due; set by who sends, cleared by the thread'),
  priority: i32('scheduling priority that it was given, 0 to 99; written by whoever gives it'),
  boost: i32('bits 0 to 7: highest priority inherited, from waiters or a ceiling, 0: none; above them, how often one was given. Changed by compare and swap'),
  memory: i32('futex key: memory id; written by the thread, on requeue under the bucket locks'),
  address: i32('futex key: address'),
  bucket: i32('queued in this bucket (its number + 1), or 0; under the bucket lock'),
  seq: i32('order in the bucket\'s queue; under the bucket lock'),
  bitset: i32('which wakes concern it (FUTEX_WAIT_BITSET)'),
  next: i32('queue link; under the bucket lock'),
  prev: i32('queue link; under the bucket lock'),
  interrupted: i32('errno that a wait ended with when it was neither woken nor timed out'),
  interruptible: i32('what may end the wait with EINTR, bits of attention; written by the thread, on requeue under the bucket locks'),
  sleeps: i32('how often it was queued to sleep; written by the thread'),
  wakeups: i32('how often another thread woke it; written by the thread'),
  voluntary: i32('switches it asked for; fibers'),
  involuntary: i32('switches that befell it; fibers'),
  cancel: i32('bits: 1 requested, 2 disabled, 4 asynchronous, 8 the thread is ending; 1 set by who cancels, the others by the thread'),
  policy: i32('scheduling policy: 0 other, 1 fifo, 2 round robin'),
  link: i32('free list; under tableLock'),
  started: f64('when it began to run, ms on CLOCK_MONOTONIC'),
  ended: f64('when it exited, ms on CLOCK_MONOTONIC'),
  cpu: f64('processor time at exit, ms; NaN where the host cannot tell'),
  mask0: i32('signals 1 to 32 blocked; written by the thread, under signalLock; SIGKILL is in it once the thread takes no more'),
  mask1: i32('signals 33 to 64 blocked'),
  pending0: i32('signals 1 to 32 pending for this thread; under signalLock'),
  pending1: i32('signals 33 to 64 pending'),
  reason: i32('why a thread died, or that its error is lost: see kernel/death.ts'),
  message: i32('arguments, then result: address in user memory, or 0: in the room'),
  length: i32('bytes of the message'),
  name: i32('interned string id of the name, or 0'),
  robust: i32('mutexes held whose word names the holder (pthread/robust.ts): link (kernel/memories.ts) to the one locked last, or 0; written by the thread, after its end by who buries it'),
  acquiring: i32('such a mutex that the thread is about to lock or to unlock, or 0; written as robust is'),
  room: bytes(ROOM, 'arguments, then what a fiber takes along to another carrier, then the result, if they are short'),
}, 256)

/**
 * The rest of a thread's record, apart from it: what few threads need. Words that are 0 already are not cleared for a new thread, so memory is
 * committed for those only that write here.
 */
export const Annex = struct('annex', {
  code: i32('process.exit code of a thread that called it'),
  sender: i32('carrier whose port brought what the message\'s bytes could not hold'),
  senderSerial: i32('serial of that carrier'),
  createdAt: i32('interned string id of the place that created it, or 0; written by its creator, when places are traced'),
  sleepsAt: i32('interned string id of the place where it sleeps, or 0; written by the thread, when places are traced'),
  signals: i32('head of the list of signals queued for this thread, or 0; under signalLock'),
  awaited0: i32('signals 1 to 32 that it waits for in sigwait; under signalLock'),
  awaited1: i32('signals 33 to 64 that it waits for'),
  affinity0: i32('processors 0 to 31 that it may run on; both words 0: all'),
  affinity1: i32('processors 32 to 63'),
  sleepsBy: bytes(72, 'eighteen counters: sleeps by wmesg; written by the thread'),
  migrations: i32('of a fiber: how often it went from one carrier to another; written by the one that took it'),
  wanted: i32('of a fiber: 1 if somebody elsewhere waits for a lock that it holds; written by that one, 0 by its carrier'),
  bell: i32('address in user memory of a word whose bit 0 is set, and who waits there is woken, if the thread dies; 0: none; written by its creator, and around calls of a program'),
  visits: i32('memory of the WebAssembly program that it calls from outside, negated if that waits for the end of the call; else 0: see wasm/visits.ts. A futex word'),
}, 128)

/** One per carrier: a heap that runs threads. 1 is the first heap, 2 the spawner. */
export const Carrier = struct('carrier', {
  state: i32('0 free, 1 requested, 2 booting, 3 running, 4 parked, 5 refused, 6 dead; a futex word for who waits for the start'),
  job: i32('mailbox: 0 nothing, -1 nothing and the carrier sleeps here, else the slot of the thread to run'),
  thread: i32('slot of the thread it runs, or 0'),
  next: i32('slot of the thread assigned to it and not yet begun, or 0: what the reaper starts elsewhere'),
  link: i32('cache and free list; under tableLock'),
  request: i32('link in the list of start requests'),
  heap: i32('class: heap limit in MiB, 0 the host\'s default'),
  stack: i32('class: stack size in KiB, 0 the host\'s default'),
  factory: i32('class: entry source that made the Worker, 0 the library'),
  serial: i32('counts the uses of this record'),
  note: i32('1 once the Worker runs its exit handlers, errno is then its exit code; tells process.exit from termination'),
  mail: i32('counts messages that the spawner passed on to this heap; a futex word'),
  errno: i32('why the start was refused; later the exit code'),
  doomed: i32('1: the spawner is about to terminate the Worker, it must not park; under tableLock'),
  runs: i32('threads it has run'),
  osThread: i32('the operating system\'s number for the Worker\'s thread, or 0; written by the Worker at birth'),
  parked: f64('when it parked, ms on CLOCK_MONOTONIC'),
  attention: i32('counts calls for the attention of a thread here that does not sleep; its event loop listens'),
  place: i32('its place among the carriers of fibers, + 1; 0: it is none. Under tableLock'),
  cpu: f64('processor time that it had used when its last thread ended, ms; written by the carrier'),
}, 128)

/**
 * A place among the carriers of fibers: what others write to a carrier. Outlives the carrier: another one takes the place. Its two rings,
 * of as many words as there are thread records, lie in memory of their own (kernel/crew.ts).
 */
export const Place = struct('place', {
  carrier: i32('the carrier that has the place, or 0; under tableLock'),
  bell: i32('0 the carrier looks, 1 it sleeps, or its event loop waits; set to 1 by the carrier, to 0 by both; a park word'),
  hintHead: i32('index of the next hint to be read; written by the carrier'),
  offerHead: i32('index of the next fiber to be begun; changed by compare and swap, by carriers that take one'),
  taking: i32('the fiber that its carrier was about to take from a ring, or to give back, last, or 0; for the reaper'),
  blocking: i32('1 while its carrier is in a blocking section; written by the carrier, after its death by the reaper'),
  fibers: i32('fibers that it has, begun or not; of those that it has lent some may be others\' by now; written by the carrier'),
  runnable: i32('how many of them its scheduler holds; written by the carrier'),
  begun: i32('fibers that have begun here so far; written by the carrier'),
  stolen: i32('fibers that came from other places, begun or not; written by the carrier'),
  switches: i32('how often the carrier has gone from one fiber to another, modulo 2^32; written by the carrier'),
  sleeps: i32('how often the carrier has slept; written by the carrier'),
  room: bytes(16, 'the rest of the line is the carrier\'s'),
  hintTail: i32('hints posted so far; anybody adds'),
  offerTail: i32('fibers offered so far; anybody adds'),
}, 128)

/** What is done about a signal: 64 of them, signal 1 first. */
export const ActionRecord = struct('action', {
  kind: i32('0 default, 1 ignored, 2 an entry, 3 a function in one heap; under signalLock, as all of it'),
  handler: i32('the entry, or the number of the heap\'s function'),
  carrier: i32('the heap that has the function'),
  serial: i32('serial of that carrier'),
  flags: i32('SA_ flags'),
  mask0: i32('signals 1 to 32 blocked while the handler runs'),
  mask1: i32('signals 33 to 64'),
  reserved: i32('room'),
})

/** A signal that is queued, with its value. */
export const SignalRecord = struct('signal', {
  value: f64('what its sender gave with it'),
  signo: i32('its number; under signalLock, as all of it'),
  code: i32('who sent it: SI_USER, SI_QUEUE, SI_TIMER, SI_TKILL'),
  sender: i32('tid of the thread that sent it'),
  timer: i32('the timer that sent it, or 0'),
  owner: i32('slot of the thread that it is for, -1 the process, 0 a free record'),
  seq: i32('order'),
  next: i32('the next in the list, or 0'),
  reserved: i32('room'),
})

/** A timer. */
export const TimerRecord = struct('timer', {
  state: i32('0 free, 1 made; under signalLock, as all of it'),
  serial: i32('counts the uses of this record; part of the timer\'s number'),
  base: i32('the clock that it was made on'),
  clock: i32('the clock that `expires` is on'),
  notify: i32('what an expiration does: 0 a signal to the process, 1 nothing, 2 starts a thread, 4 a signal to a thread'),
  signo: i32('the signal'),
  tid: i32('the thread that gets it'),
  entry: i32('the entry that is started'),
  armed: i32('1: it will expire'),
  overrun: i32('expirations that are not told, while its signal is queued'),
  delivered: i32('what overrun was when its signal was taken'),
  queued: i32('1: its signal is queued'),
  value: f64('what the signal or the thread gets'),
  expires: f64('when, ms on clock'),
  interval: f64('ms from one expiration to the next; 0: it expires once'),
})

/** A queue of the futex. */
export const Bucket = struct('bucket', {
  lock: i32('lock of this record and of the links, bucket and seq of the threads queued here'),
  count: i32('threads queued or about to be; never less than the truth'),
  head: i32('slot of the first thread, or 0'),
  tail: i32('slot of the last thread, or 0'),
  seq: i32('order of the last thread queued'),
}, 64)

/** Head of an object in user memory that handles refer to; the object follows. */
export const ObjectHead = struct('object', {
  count: i32('heaps and messages that hold it; the last one to let go frees the block'),
  name: i32('address of its name, or 0; freed with it'),
  kind: i32('which class: the codec\'s tag'),
  reserved: i32('room'),
})

/** A heap's hold on an object of user memory. */
export const Handle = struct('handle', {
  carrier: i32('the heap that holds, 0 free, or -1 reserved for a heap\'s list of spare records'),
  address: i32('the object in user memory; in a free record, the next free one'),
})

/** The I/O thread, one per process, at address 2048 of kernel memory: see pthread/ring.ts. */
export const Io = struct('io', {
  state: i32('0 no thread, 1 wanted, 2 launched, 3 serving; to 1 by a caller or the reaper, to 2 by the spawner, to 3 by the thread, to 0 at its end, by itself or the reaper'),
  bell: i32('1: the thread sleeps here, and whoever submits wakes it; to 1 by the thread, to 0 by whoever wakes it, or by the thread'),
  entry: i32('what the thread runs: an entry id; written by whoever wants it'),
  slot: i32('slot of the thread; written by the spawner'),
  last: i32('last call record that was ever used; raised by compare and swap'),
  tickets: i32('calls submitted: the number of the last one; by atomic additions'),
  completed: i32('calls that came to an end in the thread; written by it, after its death by the reaper'),
  batches: i32('how often the thread found calls; written by it'),
  largest: i32('most calls found at once; written by the thread'),
  input: i32('counted up by the thread when something has come that a call had found missing; a futex word, on which those who will call again sleep'),
})

/** A call to the I/O thread: see pthread/ring.ts. */
export const CallRecord = struct('call', {
  state: i32('0 free, -n being written or taken back by carrier n, 1 queued, 2 begun, 3 done, 4 abandoned; a futex word, on which the caller sleeps'),
  caller: i32('carrier of the thread that calls; written by it, as all of this up to `block`'),
  ticket: i32('number of the call'),
  entry: i32('what it runs: an entry id'),
  block: i32('arguments, then the result: address in user memory, or 0: in the room; written by the caller, once it has begun by the thread'),
  length: i32('bytes of them'),
  status: i32('how it ended: 0 refused (code says why), 1 returned, 2 threw, 4 the thread died; written by the thread or by the reaper, as what follows'),
  reason: i32('why the thread died: see kernel/death.ts'),
  code: i32('an errno; the process.exit code of a thread that called it'),
  tid: i32('of the I/O thread that ran it'),
  room: bytes(472, 'arguments, then the result, if they are short'),
}, 512)

/** The tables of messages and servers, at address 3072 of kernel memory: see port/message.ts. */
export const Ports = struct('ports', {
  lastMessage: i32('last message record that was ever used; raised by compare and swap'),
  lastServer: i32('last server record that was ever used; raised by compare and swap'),
  appointed: i32('1: a thread was appointed to serve a port, once; by who appoints'),
})

/** A message between threads: see port/message.ts. */
export const MessageRecord = struct('message', {
  state: i32('0 free, -n carrier n has it, and more: see port/message.ts; a futex word, on which who waits for the answer sleeps'),
  serial: i32('counts the uses of this record, 29 bits; written by who claims it'),
  sender: i32('tid of the thread that sent it; written by its carrier, as what follows up to `block`'),
  caller: i32('carrier of the thread that waits for an answer, or 0: nobody does; of a run the carrier that adds to it'),
  port: i32('address in user memory of the port in whose queue it is, or is about to be; 0 once it has left; by who sends, forwards, takes it'),
  server: i32('tid of the thread that took it; written by its carrier, as what follows'),
  status: i32('its answer: 0 none, 1 replied, 2 aborted with an error, 3 the server ended, 4 the server died, 5 nobody serves the port'),
  reason: i32('why the server died: see kernel/death.ts; written by the reaper'),
  code: i32('the process.exit code of a server that called it; written by the reaper'),
  block: i32('body, then the answer: address in user memory, or 0: in the room; or itself, see length; of a run its kind: see port/body.ts; written by the sender, once it is taken by the server'),
  length: i32('bytes of it; -1: it is a 32-bit integer, and stands in block'),
  base: i32('index of its first body among all that its port has ever got, modulo 2^32; written by who enters it into the queue'),
  filled: i32('how many bodies it has, whether that is all, and who lets go of it: see port/queue.ts; by compare and swap'),
  room: bytes(456, 'body, then the answer, if they are short; of a run the bodies: see port/body.ts'),
}, 512)

/** A thread that serves a port. */
export const ServerRecord = struct('server', {
  state: i32('0 free, -n carrier n makes it, 1 it serves, 2 it is about to leave: see port/server.ts; from 0 by compare and swap, then by who looks after it'),
  port: i32('address of the port in user memory; 0 while it is free; by who makes it, and who frees it'),
  carrier: i32('the carrier that looks after it; the negated tid of a thread that was appointed, and has not come: from that by compare and swap'),
  tid: i32('the thread'),
})

/** Names of properties that objects were sent with. */
export const ShapeRecord = struct('shape', {
  length: i32('bytes of the names; 0 free, -n carrier n writes them; from 0 by compare and swap, then by that carrier'),
  names: bytes(248, 'the names in their order, as JSON, a byte for each unit'),
})
export const SHAPES = 512

export const VERSION = 5
export const PROCESS = 64, IO = 2048, PORTS = 3072
export const BUCKETS = 1024
/** Carrier numbers that are given. */
export const FIRST = 1, SPAWNER = 2

export const State = { FREE: 0, EMBRYO: 1, RUNNING: 2, SLEEPING: 3, EXITED: 4 } as const
export const Flag = {
  DETACHED: 1, JOINED: 2, FAILED: 4, ASYNC: 8, FIBER: 16, HOST: 32, PORT: 64, STARTED: 128, SYSTEM: 256, DAEMON: 512, PINNED: 1024,
} as const
/** Threads that keep no process alive, count in no limit and take no signal of the process. */
export const UNCOUNTED = Flag.SYSTEM | Flag.DAEMON
export const Status = { NONE: 0, RETURNED: 1, THREW: 2, EXITED: 3, DIED: 4, CANCELED: 5 } as const
export const CarrierState = { FREE: 0, REQUESTED: 1, BOOTING: 2, RUNNING: 3, PARKED: 4, REFUSED: 5, DEAD: 6 } as const

// Stories of the post office, in every order. Its letters lie in queues, one for each heap; nobody says which of them the spawner reads next, when it
// learns of a death, or when a turn of its event loop ends. So a story is a script for each heap, and each order of their steps and the
// spawner's is tried. The real PostOffice runs, with a host whose ports are arrays.

import { create, kernel } from '#internal/kernel/process.js'
import { host, installHost, type Host, type Port } from '#internal/kernel/host.js'
import type { Answer, Letter, Thing } from '#internal/kernel/mail.js'
import { PostOffice } from '#internal/kernel/office.js'

/** A port that somebody has to close. */
class Held implements Port {
  open = true
  postMessage(): void { throw new Error('nobody writes to it') }
  close(): void { this.open = false }
}

/** The spawner's end of a line, and the heap's. */
class Line implements Port {
  readonly toOffice: Letter[] = []
  readonly toHeap: Answer[] = []
  hear: (letter: unknown) => void = () => undefined
  open = true
  postMessage(answer: Answer): void { this.toHeap.push(answer) }
  close(): void {
    this.open = false
    for (const { thing } of this.toHeap) closeAll(thing)
  }
}

const closeAll = (thing: Thing | undefined): void => { if (thing !== undefined && thing.use !== 'tell') thing.port.close() }

type Step =
  | { does: 'leave', key: string, use: 'once' | 'lend', reader?: number }
  | { does: 'tell' | 'await', what: string }
  | { does: 'fetch' | 'drop' | 'get' | 'lendAgain', key: string }
  | { does: 'die' }

const leave = (key: string, use: 'once' | 'lend', reader?: number): Step => ({ does: 'leave', key, use, ...reader !== undefined && { reader } })
const tell = (what: string): Step => ({ does: 'tell', what })
const wait = (what: string): Step => ({ does: 'await', what })
const fetch = (key: string): Step[] => [{ does: 'fetch', key }, { does: 'get', key }]
const drop = (key: string): Step => ({ does: 'drop', key })
const again = (key: string): Step => ({ does: 'lendAgain', key })
const die: Step = { does: 'die' }

/** `mayLose`: a fetch may be answered with nothing. */
interface Story { readonly heaps: readonly (readonly Step[])[], readonly mayLose?: boolean }

const stories: Record<string, Story> = {
  fetch: { heaps: [[leave('a', 'once'), tell('a'), leave('b', 'once'), tell('b')], [wait('b'), ...fetch('b')], [wait('a'), ...fetch('a')]] },
  drop: { heaps: [[leave('a', 'once'), tell('a'), leave('b', 'once'), tell('b')], [wait('a'), drop('a')], [wait('b'), drop('b')]] },
  whoLeftItDies: { heaps: [[leave('a', 'once'), tell('a'), leave('b', 'once'), tell('b'), die], [wait('a'), ...fetch('a'), wait('b'), drop('b')]] },
  whoFetchesItDies: { heaps: [[leave('a', 'once'), tell('a')], [wait('a'), { does: 'fetch', key: 'a' }, die], [die]] },
  whoDropsItDies: { heaps: [[leave('a', 'once'), tell('a'), die], [wait('a'), drop('a'), die]] },
  linkToTheDead: { heaps: [[leave('link', 'once', 2), tell('link')], [die], [wait('link'), die]] },
  linkFromTheDead: { heaps: [[leave('link', 'once', 2), tell('link'), die], [wait('link'), ...fetch('link')]] },
  lend: {
    heaps: [
      [leave('a', 'lend'), tell('a')], [wait('a'), ...fetch('a'), again('a'), tell('second')],
      [wait('a'), ...fetch('a'), again('a'), wait('second'), drop('a')],
    ],
  },
  borrowerDies: {
    heaps: [[leave('a', 'lend'), tell('a')], [wait('a'), ...fetch('a'), die], [wait('a'), ...fetch('a'), again('a'), drop('a')]], mayLose: true,
  },
  whoBorrowsItDies: {
    heaps: [[leave('a', 'lend'), tell('a')], [wait('a'), { does: 'fetch', key: 'a' }, die], [wait('a'), ...fetch('a'), again('a'), drop('a')]], mayLose: true,
  },
  whatWasNeverLeft: { heaps: [[die], [drop('a'), ...fetch('b')], [...fetch('b')]], mayLose: true },
}

interface Heap {
  readonly carrier: number
  readonly line: Line
  readonly steps: readonly Step[]
  next: number
  alive: boolean
  buried: boolean
  has: Thing | undefined
}

/** One run: the steps that are possible now, by the numbers of which a run is chosen. */
class Run {
  readonly #story: Story
  readonly #told = new Set<string>()
  readonly #ports: Held[] = []
  readonly #turns: (() => void)[] = []
  readonly #heaps: Heap[]
  readonly #office: PostOffice
  found = ''

  constructor(story: Story) {
    this.#story = story
    installHost({
      ...host as Partial<Host>, nextTurn: task => { this.#turns.push(task) },
      receive: (port: Port) => (port as Line).toOffice.length === 0 ? undefined : { message: (port as Line).toOffice.shift() },
      listen: (port: Port, handler: (letter: unknown) => void) => { (port as Line).hear = handler },
    } as Host)
    const nothing = (): void => undefined
    const eventually = (step: () => void): void => { step() }
    this.#office = new PostOffice({ terminate: nothing, memory: nothing, beat: nothing, forget: nothing, adopted: () => nothing, eventually })
    this.#heaps = story.heaps.map((steps, i) => ({ carrier: i + 1, line: new Line(), steps, next: 0, alive: true, buried: false, has: undefined }))
    for (const { carrier, line } of this.#heaps) this.#office.open(carrier, line, nothing)
  }

  possible(): (() => void)[] {
    const can: (() => void)[] = []
    for (const heap of this.#heaps) {
      const { line } = heap, step = heap.alive ? heap.steps.at(heap.next) : undefined
      if (step !== undefined && this.#isReady(heap, step)) can.push(() => {
        heap.next++
        this.#step(heap, step)
      })
      if (line.open && line.toOffice.length > 0) can.push(() => { line.hear(line.toOffice.shift()) })
      if (!heap.alive && !heap.buried) can.push(() => { this.#bury(heap) })
    }
    if (this.#turns.length > 0) can.push(() => { this.#turns.shift()!() })
    return can
  }

  #isReady({ line }: Heap, step: Step): boolean {
    return step.does === 'await' ? this.#told.has(step.what) : step.does !== 'get' || line.toHeap.length > 0
  }

  #leave(heap: Heap, key: string, use: 'once' | 'lend', reader?: number): void {
    const port = new Held()
    this.#ports.push(port)
    heap.line.toOffice.push({ kind: 'leave', key, thing: { use, port }, ...reader !== undefined && { reader: { carrier: reader, serial: 1 } } })
  }

  #step(heap: Heap, step: Step): void {
    if (step.does === 'leave') this.#leave(heap, step.key, step.use, step.reader)
    else if (step.does === 'tell') this.#told.add(step.what)
    else if (step.does === 'fetch') heap.line.toOffice.push({ kind: 'fetch', key: step.key, to: heap.carrier })
    else if (step.does === 'drop') heap.line.toOffice.push({ kind: 'drop', key: step.key })
    else if (step.does === 'get') this.#get(heap, heap.line.toHeap.shift()!)
    else if (step.does === 'lendAgain' && heap.has !== undefined) this.#leave(heap, step.key, 'lend')
    else if (step.does === 'die') heap.alive = false
  }

  #get(heap: Heap, { key, thing }: Answer): void {
    if (thing === undefined && this.#story.mayLose !== true) this.found ||= `"${key}" is lost for heap ${heap.carrier}`
    if (thing !== undefined && thing.use !== 'tell' && !(thing.port as Held).open) this.found ||= `"${key}" is closed`
    closeAll(thing)                                                       // as who has read the letter in it
    heap.has = thing
  }

  #bury(heap: Heap): void {
    heap.buried = true
    this.#office.close(heap.carrier, 1)
    heap.line.close()
  }

  verdict(): string {
    for (const { carrier, alive, next, steps } of this.#heaps) if (alive && next < steps.length) this.found ||= `heap ${carrier} waits for ever`
    if (this.#office.size !== 0) this.found ||= `keys are left: ${this.#office.size}`
    const open = this.#ports.filter(port => port.open).length
    if (open !== 0) this.found ||= `ports are open: ${open}`
    return this.found
  }
}

const LIMIT = 200_000

/** Tries every order of the story's steps. Returns how many there are, and what was wrong in the first that fails; then, whether it fails again. */
export function explore(name: string): { orders: number, verdict: string, replayed: boolean } {
  if ((kernel as unknown) === undefined) create({ threads: 16, memory: 2 ** 20 }, 1)
  const path: number[] = [], widths: number[] = []
  for (let orders = 1; ; orders++) {
    const verdict = follow(stories[name], path, widths)
    if (verdict !== '') return { orders, verdict, replayed: follow(stories[name], path, widths) === verdict }
    while (path.length > 0 && path.at(-1)! + 1 >= widths[path.length - 1]) path.pop()
    if (path.length === 0) return { orders, verdict, replayed: true }
    if (orders === LIMIT) throw new Error(`${name} has more than ${LIMIT} orders`)
    path.push(path.pop()! + 1)
    widths.length = path.length
  }
}

// Goes the `path`, then on by the first step each time.
function follow(story: Story, path: number[], widths: number[]): string {
  const run = new Run(story)
  for (let i = 0; ; i++) {
    const can = run.possible()
    if (can.length === 0) return run.verdict()
    if (i === path.length) path.push(0)
    widths[i] = can.length
    can[path[i]]()
  }
}

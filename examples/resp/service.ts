// A protocol thread: its connections, its keys, and the ways to the others. It does what concerns its own keys at once, and asks the owner
// for the rest. One thing at a time, so a command on one table is whole; one that concerns keys of several threads is done in parts.

import { threadFigures, render, type ThreadFigures } from './info.ts'
import { Connection, type Server } from './connection.ts'
import { commandOf, sum, type Command } from './commands.ts'
import { Budget } from './budget.ts'
import { hashOf } from './hash.ts'
import { ENOUGH, Link, type Answers, type ThreadPort } from './link.ts'
import type { Arg } from './parser.ts'
import { bulk, failure, isFailure, NIL, OK, sizeOf, type Reply } from './reply.ts'
import { SharedStore, type SharedTable } from './shared-store.ts'
import { OwnStore, type Store } from './store.ts'
import type { Socket } from 'node:net'

/** What all threads are told. */
export interface Settings {
  readonly threads: number
  /** Bytes of data for each thread. */
  readonly memory: number
  /** Bytes of requests that are arriving, and as many of answers that are not read, for each thread. */
  readonly traffic: number
  readonly connections: number
  readonly started: number
  /** Whether DEBUG PANIC is done. */
  readonly debug: boolean
}

export class Service implements Server {
  readonly index: number
  readonly connections = new Set<Connection>()
  readonly #settings: Settings
  readonly #requests: Budget
  readonly #store: Store
  readonly #shared: boolean
  readonly #links: readonly (Link | undefined)[]
  readonly #clock: () => number
  readonly #others: ReadonlyMap<string, Command>
  /** Connections that have got answers from other threads since the last flush. */
  readonly #answered = new Set<Connection>()
  /** Whose request is being done. */
  #serving: Connection | undefined
  #commands = 0
  #accepted = 0

  constructor(index: number, settings: Settings, ports: readonly ThreadPort[], table: SharedTable | undefined, clock: () => number = Date.now) {
    this.index = index
    this.#settings = settings
    this.#requests = new Budget(settings.traffic)
    this.#shared = table !== undefined
    this.#store = table === undefined ? new OwnStore(new Budget(settings.memory)) : new SharedStore(table)
    this.#clock = clock
    this.#links = ports.map((port, i) => i === index ? undefined : new Link(i, port, () => { this.#flush() }))
    this.#others = this.#ownCommands()
  }

  /** Serves a client. */
  accept(socket: Socket): void {
    this.#accepted++
    const connection = new Connection(socket, this.#requests, this)
    if (this.connections.size >= this.#settings.connections) {
      connection.answer(failure('ERR max number of clients reached'))
      connection.end()
      connection.flush()
      return
    }
    this.connections.add(connection)
    socket.on('close', () => { this.connections.delete(connection) })
  }

  /** Does what another thread asks for: commands for keys that are here. When the answers are large enough, the rest goes back. */
  answers(commands: readonly (readonly Arg[])[]): Answers {
    const replies: Reply[] = []
    for (let bytes = 0; replies.length < commands.length && bytes < ENOUGH;) {
      const args = commands[replies.length], command = commandOf(args, this.#others)
      const reply = typeof command === 'string' ? command : this.#run(command, args)
      bytes += sizeOf(reply)
      replies.push(typeof reply === 'string' ? reply : reply.map(part => typeof part === 'string' ? part : new Uint8Array(part)))   // the copy moves
    }
    return { replies, rest: commands.slice(replies.length) }
  }

  /** Closes the connections with the most answers that are not read, while there are too many. */
  bound(): void {
    for (let unread = this.#unread; unread > this.#settings.traffic;) {
      const [worst] = [...this.connections].sort((a, b) => b.unread - a.unread)
      unread -= worst.unread
      this.connections.delete(worst)
      void worst.destroy()
    }
  }

  get #unread(): number {
    let bytes = 0
    for (const connection of this.connections) bytes += connection.unread
    return bytes
  }

  /** Throws away keys that have expired. */
  sweep(): void {
    if (this.#shared && this.index > 0) return                             // the first thread does it for all
    this.#store.enter()
    try {
      this.#store.sweep(this.#clock())
    } finally {
      this.#store.leave()
    }
  }

  /** Closes all connections; returns when nothing that was asked is under way. */
  async end(): Promise<void> {
    await Promise.all(Array.from(this.connections, connection => connection.destroy()))
    for (const link of this.#links) await link?.idle()
  }

  execute(args: Arg[], connection: Connection): void {
    this.#commands++
    this.#serving = connection
    const command = commandOf(args, this.#others)
    if (typeof command === 'string') connection.answer(command)
    else if (command.keys === 'first') this.#first(command, args, connection)
    else if (this.#isHere(command, args)) connection.answer(this.#run(command, args))
    else if (command.keys === 'threads' || command.keys === 'everywhere') this.#gather(command, this.#links.map((_, i) => [i, command.keys === 'threads' ? [command.name] : args]), args, connection)
    else this.#gather(command, this.#parts(command, args), args, connection)
  }

  answered(connection: Connection): void {
    this.#answered.add(connection)
  }

  #first(command: Command, args: Arg[], connection: Connection): void {
    const link = this.#linkOf(args[1] as string)
    if (link === undefined) return connection.answer(this.#run(command, args))
    link.ask(args, connection.place(args))
  }

  #isHere({ keys }: Command, args: readonly Arg[]): boolean {
    if (keys === 'none') return true
    if (keys === 'threads') return false
    if (this.#shared || this.#links.length === 1) return true
    if (keys === 'everywhere') return false
    for (let i = 1; i < args.length; i += keys === 'pairs' ? 2 : 1) if (this.#linkOf(args[i] as string) !== undefined) return false
    return true
  }

  // The command for the keys of each owner, or for each key, and whose they are.
  #parts({ name, keys, single }: Command, args: readonly Arg[]): [owner: number, args: Arg[]][] {
    const parts: [number, Arg[]][] = [], ofOwner: Arg[][] = []
    for (let i = 1; i < args.length; i += keys === 'pairs' ? 2 : 1) {
      const owner = this.#ownerOf(args[i] as string)
      if (single !== undefined) {
        parts.push([owner, [single, args[i]]])
        continue
      }
      if (ofOwner[owner] === undefined) parts.push([owner, ofOwner[owner] = [name]])
      ofOwner[owner].push(args[i])
      if (keys === 'pairs') ofOwner[owner].push(args[i + 1])
    }
    return parts
  }

  // Does each part where it belongs; when the last answer is there, one is made of all.
  #gather({ merge = sum }: Command, parts: readonly (readonly [owner: number, args: Arg[]])[], whole: readonly Arg[], connection: Connection): void {
    const place = connection.place(whole), replies = new Array<Reply>(parts.length)
    let left = parts.length
    const take = (i: number, reply: Reply): void => {
      replies[i] = reply
      if (--left === 0) place.take(merge(replies, whole))
    }
    for (const [i, [owner, args]] of parts.entries()) {
      const link = this.#links[owner]
      if (link === undefined) take(i, this.#run(commandOf(args, this.#others) as Command, args))
      else link.ask(args, { take: (reply) => { take(i, reply) } })
    }
    if (left === 0) setImmediate(() => { this.#flush() })                  // all of it was here
  }

  #run(command: Command, args: readonly Arg[]): Reply {
    const store = this.#store
    store.enter()
    try {
      return command.run(store, args, this.#clock())
    } finally {
      store.leave()
    }
  }

  #ownerOf(key: string): number {
    return this.#shared ? this.index : hashOf(key) % this.#links.length
  }

  #linkOf(key: string): Link | undefined {
    return this.#links.length === 1 ? undefined : this.#links[this.#ownerOf(key)]
  }

  #flush(): void {
    for (const connection of this.#answered) connection.flush()
    this.#answered.clear()
  }

  #ownCommands(): ReadonlyMap<string, Command> {
    const commands: Command[] = [
      { name: 'info', arity: -1, keys: 'threads', flags: ['fast'], run: store => this.#figures(store), merge: (replies, [, ...names]) => this.#info(replies, names) },
      { name: 'quit', arity: -1, keys: 'none', flags: ['fast'], run: () => this.#quit() },
      { name: 'client', arity: -2, keys: 'none', flags: ['fast'], run: (_, args) => this.#client(args) },
    ]
    if (this.#settings.debug) commands.push({ name: 'debug', arity: -2, keys: 'none', flags: ['admin'], run: panic })
    return new Map(commands.map(command => [command.name, command]))
  }

  #quit(): string {
    this.#serving!.end()
    return OK
  }

  // A client says who it is, and asks who it is.
  #client([, what, name, ...more]: readonly Arg[]): Reply {
    const does = String(what).toLowerCase(), connection = this.#serving!
    if (does === 'getname' && name === undefined) return connection.name === '' ? NIL : bulk(connection.name)
    if (does !== 'setname' || name === undefined || more.length > 0) return failure('ERR CLIENT: only GETNAME and SETNAME with a name are known here')
    if (typeof name !== 'string' || !/^[!-~]*$/.test(name)) return failure('ERR Client names cannot contain spaces, newlines or special characters.')
    connection.name = name
    return OK
  }

  #figures(store: Store): string {
    const messages = this.#links.reduce((n, link) => n + (link?.messages ?? 0), 0)
    return threadFigures({
      ...store.figures, commands: this.#commands, accepted: this.#accepted, connections: this.connections.size, messages,
      requests: this.#requests.used, unread: this.#unread,
    })
  }

  #info(replies: readonly Reply[], names: readonly Arg[]): Reply {
    const threads = replies.map(reply => isFailure(reply) ? undefined : JSON.parse(reply as string) as ThreadFigures)
    return bulk(render(threads, this.#settings, this.#shared, this.#clock(), new Set(names.map(name => String(name).toLowerCase()))))
  }
}

// DEBUG PANIC, as in Redis: the thread of this connection dies.
function panic(_: Store, args: readonly Arg[]): Reply {
  if (String(args[1]).toLowerCase() !== 'panic') return failure('ERR DEBUG: only PANIC is known here')
  setImmediate(() => { throw new Error('DEBUG PANIC') })
  return OK
}

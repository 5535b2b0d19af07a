// INFO: what the server says about itself, from what each of its threads says.

import type { Settings } from './service.ts'
import type { Figures } from './store.ts'

/** What a thread says about itself. */
export interface ThreadFigures extends Figures {
  /** Requests of its clients. */
  readonly commands: number
  readonly accepted: number
  readonly connections: number
  /** Messages to other threads. */
  readonly messages: number
  /** Bytes of requests that are arriving. */
  readonly requests: number
  /** Bytes of answers that clients have not read. */
  readonly unread: number
}

/** What asks for all sections. */
const ALL = ['all', 'default', 'everything']

/** For the way from thread to thread. */
export const threadFigures = (figures: ThreadFigures): string => JSON.stringify(figures)

/** The text of INFO; a thread that has ended is undefined. `names`: of which sections, in small letters; none: all. */
export function render(threads: readonly (ThreadFigures | undefined)[], settings: Settings, shared: boolean, now: number, names: ReadonlySet<string>): string {
  const { started, memory } = settings
  const alive = threads.filter(thread => thread !== undefined)
  const total = (figure: keyof ThreadFigures): number => alive.reduce((n, thread) => n + thread[figure], 0)
  const ofTable = (figure: keyof Figures): number => shared ? alive[0][figure] : total(figure)
  const all: Sections = {
    Server: {
      server_name: 'pthreads-resp', process_id: process.pid, node_version: process.versions.node, table: shared ? 'shared' : 'owned',
      threads: threads.length, threads_alive: alive.length, uptime_in_seconds: Math.floor((now - started) / 1000),
    },
    Clients: { connected_clients: total('connections') },
    Memory: { used_memory: ofTable('bytes'), maxmemory: memory * (shared ? 1 : threads.length), maxmemory_policy: 'noeviction' },
    Stats: {
      total_connections_received: total('accepted'), total_commands_processed: total('commands'), expired_keys: ofTable('expired'), messages: total('messages'),
    },
    Threads: Object.fromEntries(threads.map((thread, i) => [`thread${i}`, thread === undefined
      ? 'ended' : `keys=${thread.keys},connections=${thread.connections},commands=${thread.commands},messages=${thread.messages},requests=${thread.requests},unread=${thread.unread}`])),
    Keyspace: ofTable('keys') === 0 ? {} : { db0: `keys=${ofTable('keys')},expires=${ofTable('expires')},avg_ttl=0` },
  }
  const some = ALL.some(name => names.has(name)) || names.size === 0
  return sections(Object.fromEntries(Object.entries(all).filter(([name]) => some || names.has(name.toLowerCase()))))
}

type Sections = Readonly<Record<string, Readonly<Record<string, string | number>>>>

function sections(all: Sections): string {
  return Object.entries(all).map(([name, lines]) => `# ${name}\r\n${Object.entries(lines).map(([key, value]) => `${key}:${value}\r\n`).join('')}`).join('\r\n')
}

// What things cost, in cycles of a processor of 2.6 GHz, and where each number comes from.

/** Cycles a second. */
export const HERTZ = 2.6e9
/** Cycles a millisecond. */
export const MS = HERTZ / 1000

/** A cost: its default, what is paid for with it, and where the default comes from. */
export interface Cost { cycles: number, pays: string, source: string }

/** All costs, in the order of reports. */
export const COSTS = {
  'syscall': { cycles: 260, pays: 'into the kernel and back', source: 'getppid and the like: 100 ns' },
  'user-switch': { cycles: 300, pays: 'from one user-level thread to the next, through the scheduler', source: 'generators of this library: 100 to 150 ns' },
  'kernel-switch': { cycles: 3000, pays: 'from one kernel thread to the next', source: 'a hop of a C program\'s condition variables on one core, 1 to 3 us, less its system calls' },
  'l3': { cycles: 14, pays: 'a cache line that this processor\'s caches have', source: 'the talk' },
  'miss': { cycles: 470, pays: 'a cache line that another processor wrote', source: 'the talk' },
  'migration': { cycles: 64 * 470, pays: 'a thread on another processor than before', source: '64 lines to fetch' },
  'interrupt': { cycles: 1300, pays: 'a timer\'s or a device\'s interrupt', source: '0.5 us' },
  'ipi': { cycles: 2600, pays: 'to wake an idle processor, or to interrupt a busy one', source: '1 us on bare metal; in a virtual machine up to 35' },
  'upcall': { cycles: 3500, pays: 'an activation: the kernel prepares a context, and enters the user\'s scheduler', source: 'two crossings and a switch' },
  'page-table': { cycles: 1040, pays: 'to fetch again what a page-table operation flushed, on each busy processor', source: 'the talk: after invlpg' },
  'packet': { cycles: 2500, pays: 'a TCP packet', source: 'the talk' },
  'kernel-thread': { cycles: 26_000, pays: 'to make a kernel thread', source: 'create and join in C: 10 us' },
  'user-thread': { cycles: 1300, pays: 'to make a user-level thread', source: 'a million a second at the least, half of it for the creator' },
} as const satisfies Record<string, Cost>

/** The name of a cost. */
export type CostName = keyof typeof COSTS
/** What each costs in one simulation, cycles. */
export type CostTable = Record<CostName, number>

export const COST_NAMES = Object.keys(COSTS) as CostName[]

/** The table with the given costs instead of the defaults. */
export function costTable(changes: Partial<CostTable> = {}): CostTable {
  return Object.fromEntries(COST_NAMES.map(name => [name, changes[name] ?? COSTS[name].cycles])) as CostTable
}

/** The cost that `text`, as in `miss=300`, says. Throws a RangeError. */
export function parseCost(text: string): [CostName, number] {
  const [, name, cycles] = /^([a-z0-9-]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (name === undefined) throw new RangeError(`"${text}" is no cost: write name=cycles, as miss=470`)
  if (!Object.hasOwn(COSTS, name)) throw new RangeError(`no cost "${name}": ${COST_NAMES.join(', ')}`)
  return [name as CostName, Number(cycles)]
}

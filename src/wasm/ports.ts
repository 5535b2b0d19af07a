// The ports that a program is given: who starts it holds them while it runs, and each heap where it opens them until the heap lets go of the program.

import { ErrnoError } from '../api/errors.ts'
import { Port } from '../api/port.ts'
import { Shared } from '../api/shared.ts'
import { ENOMEM } from '../kernel/errno.ts'
import { drop, hold, letGo, retain } from '../kernel/handle.ts'
import type { Address } from '../mem/memory.ts'

/** What a program is given: where their blocks are, by its names for them. */
export interface Given {
  readonly blocks: Readonly<Record<string, Address>>
  /** When it runs no more. */
  takeBack(): void
}

/** Holds the ports for a program. Throws TypeError for what is none, or was disposed of; ErrnoError ENOMEM. */
export function givePorts(file: string, ports: Readonly<Record<string, Port>>): Given {
  const blocks: Record<string, Address> = {}, handles: number[] = []
  const takeBack = (): void => { for (const handle of handles.splice(0)) letGo(handle) }
  try {
    for (const [name, port] of Object.entries(ports)) {
      if (!(port as unknown instanceof Port)) throw new TypeError(`Program.start: ports: ${name} is ${port === null ? 'null' : `of type ${typeof port}`}, not a Port`)
      const block = blocks[name] = Shared.blockOf(port), handle = holdBlock(block)
      if (handle === 0) throw new ErrnoError(ENOMEM, 'Program.start', `${file}: ports: there are too many objects`)
      handles.push(handle)
    }
  } catch (error) {
    takeBack()
    throw error
  }
  return { blocks, takeBack }
}

/** A handle of this heap on the object in the block, which somebody holds; 0: there are too many. */
export function holdBlock(block: Address): number {
  retain(block)
  const handle = hold(block)
  if (handle === 0) drop(block)
  return handle
}

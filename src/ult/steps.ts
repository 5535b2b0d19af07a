// What the verbs of fibers ask of the trampoline, but for requests and promises: steps of a generator, the same objects each time.
//
// Credit.  A verb that needs not sleep costs no switch, so a fiber that never sleeps would keep the carrier: `credit` counts its verbs
// down, and at 0 the verb yields CHECK.  A wake by the fiber itself takes the credit away if somebody may preempt it.

/** A step that lets others run; one that asks whether it must. */
export const YIELD = { done: false, value: Symbol('yield') } as const, CHECK = { done: false, value: Symbol('check') } as const

/** How many verbs the fiber that runs may call before it yields CHECK; written by the verbs too. */
export const credit = { left: 0 }
export const CREDIT = 256

// What the verbs of fibers ask of the trampoline, but for requests and promises: steps of a generator, the same objects each time.
//
// Credit.  A verb that needs not sleep costs no switch, so a fiber that never sleeps would keep the carrier: `credit` counts its verbs
// down, and at 0 the verb yields CHECK.  Where a woken thread may preempt the running one (`eager`) a wake by the fiber itself takes the credit away,
// and each verb looks whether somebody else has woken one: so the scheduler is asked at the next verb, whoever woke.

/** A step that lets others run; one that asks whether it must; one that lets others run, of a fiber that other carriers may go on with. */
export const YIELD = { done: false, value: Symbol('yield') } as const, CHECK = { done: false, value: Symbol('check') } as const
export const LEND = { done: false, value: Symbol('lend') } as const

/** How many fibers the carrier would lend: who can, and yields, yields LEND then; `woken`: also those that were woken, when their sleep is over. */
export const lending = { left: 0, woken: false }

/** How many verbs the fiber that runs may call before it yields CHECK, written by the verbs too; and whether they look for hints. */
export const credit = { left: 0, eager: false }
export const CREDIT = 256

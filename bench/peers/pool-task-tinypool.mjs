// The tasks of pool-work.mjs for tinypool.

export { probe as default, spin } from '../pool-work.mjs'

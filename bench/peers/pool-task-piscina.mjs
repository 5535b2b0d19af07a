// The tasks of pool-work.mjs for piscina.

export { probe as default, spin } from '../pool-work.mjs'

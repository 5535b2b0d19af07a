import { model, twin } from './model.ts'

model('what two push one takes, all of it, each one\'s in order', 'inbox.inbox', { bound: 3, schedules: 20_000, search: 10_000 })

twin('a receiver that looks before it reads the bell', 'inbox.inbox', {
  file: 'mem/inbox.ts', from: `      const seen = load(this.#memory, this.#bell)                         // I2
      if (over()) return
      look()
`, to: `      if (over()) return
      look()
      const seen = load(this.#memory, this.#bell)
`,
}, /lost wakeup|no thread can run/)

twin('a push that rings before it pushes', 'inbox.inbox', {
  file: 'mem/inbox.ts', from: '    const m = this.#memory\n    for (let head', to: '    const m = this.#memory\n    this.ring()\n    this.ring = () => undefined\n    for (let head',
}, /lost wakeup|no thread can run/)

twin('a receiver that takes by a load and then an exchange', 'inbox.inbox', {
  file: 'mem/inbox.ts', from: 'let item = exchange(this.#memory, this.#head, 0); item', to: 'let item = load(this.#memory, this.#head), no = exchange(this.#memory, this.#head, 0); item',
}, /lost wakeup|no thread can run/)

twin('a push that stores the head', 'inbox.inbox', {
  file: 'mem/inbox.ts', from: 'const seen = cas(m, this.#head, head, item)', to: 'const seen = head; exchange(m, this.#head, item)',
}, /lost wakeup|no thread can run|assertion/)

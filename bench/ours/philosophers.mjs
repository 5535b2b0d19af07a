// The example deadlock as a program of its own, that has the watcher on and blocks the process's first thread in join.

import { configure } from '../../dist/api/index.js'
import { main } from '../../build/examples/deadlock/main.js'

configure({ watch: true })
main(['5'])

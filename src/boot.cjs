// The first module of the spawner and the carriers: boot.ts without modules.
'use strict'

const { workerData } = require('node:worker_threads')
const scripts = require('./host/script.cjs')

scripts.provide(workerData.code)
scripts.load('core').begin(workerData)

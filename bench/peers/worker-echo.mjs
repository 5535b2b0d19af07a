// A Worker that answers with what it was given, and stays until it is told to go.

import { parentPort, workerData } from 'node:worker_threads'

parentPort.on('message', () => parentPort.close())
parentPort.postMessage(workerData)

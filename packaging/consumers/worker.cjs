'use strict'

const { once } = require('node:events')
const { Worker, isMainThread } = require('node:worker_threads')
const exercise = require('./exercise.cjs')

if (isMainThread) {
  // The main thread and two workers at once: the native part is loaded into each.
  const workers = [new Worker(__filename), new Worker(__filename)]
  Promise.all([
    exercise(require('baileys-postgres-auth'), 'main'),
    ...workers.map((worker) => once(worker, 'exit').then(([status]) => status && process.exit(1))),
  ])
} else {
  exercise(require('baileys-postgres-auth'), `worker-${require('node:worker_threads').threadId}`)
}

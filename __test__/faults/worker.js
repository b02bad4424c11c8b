'use strict'

// A worker thread that uses the package for itself; started with an account and a job.

const { parentPort, workerData } = require('node:worker_threads')
const { createSessionStore } = require('../..')

const { account, job } = workerData

const jobs = {
  /** Writes, reads, and ends. */
  async once({ state, saveCreds }) {
    await Promise.all([saveCreds(), state.keys.set({ session: { peer: { account } } })])
    parentPort.postMessage(await state.keys.get('session', ['peer']))
  },
  /** Tells what it finds, and ends. */
  async read({ state }) {
    const { registered } = state.creds
    parentPort.postMessage({ registered, ...(await state.keys.get('session', ['peer'])) })
  },
  /** Writes in several strands until it is stopped, and tells what was acknowledged. */
  async load({ state }) {
    const strand = async (name) => {
      for (let n = 1; ; n++) {
        await state.keys.set({ session: { [name]: { n } } })
        parentPort.postMessage({ [name]: n })
      }
    }
    await Promise.all(['a', 'b', 'c'].map(strand))
  },
  /** Ends itself in the middle of writes. */
  async exit({ state }) {
    for (let n = 0; n < 10; n++) state.keys.set({ session: { peer: { n } } })
    process.exit(5)
  },
}

createSessionStore().useAuthState(account).then(jobs[job])

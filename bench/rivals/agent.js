'use strict'

/** The agent of a store's process in this suite: what the parent can ask of it. */

const { measureDelay, measureRate } = require('../measure')
const { percentile } = require('../statistics')
const { Crowd, countLost } = require('./drivers/crowd')
const { makeAccounts, measureIdle, watchCache } = require('./drivers/idlers')
const { fillAccounts, openAll, openAndRead } = require('./drivers/opening')
const { Reader } = require('./drivers/reader')
const { replay } = require('./drivers/replayer')
const { Uploader } = require('./drivers/uploader')

/** What a measured window tells of every call, in the units of the tables. */
async function measureCalls(work) {
  let times
  const { perSecond, mainMs, processMs } = await measureRate(async () => {
    times = await work()
    return times.length
  })
  times.sort((a, b) => a - b)
  return {
    perSecond,
    mainUs: mainMs * 1e3,
    processUs: processMs * 1e3,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
  }
}

function createAgent({ module, options }) {
  const { createStore } = require(module)
  let store
  let crowd
  let reader
  let uploader

  return {
    async create() {
      store = await createStore(options)
    },
    close: () => store.close(),

    async openCrowd(shape) {
      crowd = await Crowd.open(store, shape)
    },
    pass: async ({ seconds }) => void (await crowd.pass(seconds)),
    rate: ({ seconds }) => measureCalls(() => crowd.drive(seconds)),
    loopDelay: ({ seconds }) => measureDelay(() => crowd.drive(seconds)),
    count: async ({ seconds }) => (await crowd.drive(seconds)).length,
    watchCache: ({ seconds }) => watchCache(store, crowd, seconds),
    acknowledged: () => crowd.acknowledged(),
    countLost: ({ acknowledged }) => countLost(store, acknowledged),

    async openReader(shape) {
      reader = await Reader.open(store, shape)
    },
    read: ({ type, seconds }) => measureCalls(() => reader.drive(type, seconds)),

    async openUploader() {
      uploader = await Uploader.open(store)
    },
    async upload() {
      const { perSecond, mainMs } = await measureRate(async () => {
        await uploader.upload()
        return 1
      })
      return { wallMs: 1e3 / perSecond, mainMs }
    },
    forget: () => uploader.forget(),
    countUploadLost: () => uploader.countLost(),

    fillAccounts: (shape) => fillAccounts(store, shape),
    openFirst: () => openAndRead(store, 0, 0),
    openAll: (shape) => measureRate(() => openAll(store, shape)),

    makeAccounts: (shape) => makeAccounts(createStore, options, shape),
    measureIdle: (shape) => measureIdle(store, shape),

    replay: (what) => replay(store, what),

    /** Writes records that are given as JSON texts to an account. */
    async write({ accountId, type, records }) {
      const { BufferJSON } = await import('baileys')
      const { state } = await store.open(accountId)
      const values = records.map(([id, text]) => [id, JSON.parse(text, BufferJSON.reviver)])
      await state.keys.set({ [type]: Object.fromEntries(values) })
    },
  }
}

module.exports = { createAgent }

'use strict'

const { startPostgres } = require('../support/postgres')
const { LAYOUTS } = require('../faults/layouts')
const { accounts, run } = require('./scenarios/database-away')
const { WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

let server

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

test.each(LAYOUTS)('a database server that goes and comes back: layout %s', async (layout) => {
  const work = (world) => run(world, { outages: 1, burst: 20, server })
  const { sent, ...rest } = await inWorld(
    { store: layout, accounts, serverUrl: server.url() },
    work,
  )
  expect(sent).toBe(20)
  expect(rest).toEqual({
    lost: [],
    inHand: [],
    twice: [],
    reconnects: 0,
    refused: 0,
    retried: 0,
  })
})

'use strict'

const { startPostgres } = require('../support/postgres')
const { expectRefused, makeStore, quickBaileys } = require('../faults/stores')

// What only a server of one's own can be made to do.

let server

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

/** The checks of a server that are not ok. */
async function problems(url = server.url()) {
  const { checks } = await makeStore(url, { baileys: quickBaileys }).diagnose()
  return checks.filter(({ status }) => status !== 'ok')
}

/** Changes a setting, and waits until new connections have it. */
async function set(change, value) {
  await server.ask(`ALTER SYSTEM ${change}`)
  await server.ask('SELECT pg_reload_conf()')
  while ((await server.ask('SHOW fsync'))[0].fsync !== value);
}

test('a server that does not wait for its disk is a warning', async () => {
  expect(await problems()).toEqual([])
  await set('SET fsync = off', 'off')
  try {
    expect(await problems()).toMatchObject([
      {
        name: 'durability',
        status: 'warning',
        found: expect.stringMatching(/^fsync is off: /),
        next: 'set fsync = on in postgresql.conf',
      },
    ])
  } finally {
    await set('RESET fsync', 'on')
  }
})

test('a standby has failed, and among several hosts it is not taken', async () => {
  const standby = await startPostgres({ standbyOf: server })
  try {
    expect(await problems(standby.url())).toMatchObject([
      { name: 'writable', status: 'failed', next: expect.stringContaining('name the primary') },
    ])
    const both = server.url().replace('@', `@${standby.host}:${standby.port},`)
    expect(await problems(both)).toEqual([])
  } finally {
    await standby.stop()
  }
})

test('a server that is away is found to be, in one attempt, by a store that was connected', async () => {
  const store = makeStore(server.url(), { baileys: quickBaileys })
  expect(await store.diagnose()).toMatchObject({ status: 'ok' })
  await server.quit()
  const { status, checks } = await store.diagnose()
  expect(status).toBe('failed')
  expect(checks.map((check) => [check.name, check.status]).slice(0, 3)).toEqual([
    ['settings', 'ok'],
    ['connection', 'failed'],
    ['tls', 'not checked'],
  ])
  await server.restart()
  expect(await store.diagnose()).toMatchObject({ status: 'ok' })
  await store.close()
  await expectRefused(store.diagnose(), 'ERR_CLOSED')
})

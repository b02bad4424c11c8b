'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const packageExports = require('../..')
const { createDatabase } = require('../support/database')
const { Declarations } = require('./declarations')

const PROJECT = path.join(__dirname, '../..')
const SECRET = 'an-example-secret-of-good-length'

const declared = new Declarations()

function namesOf(object) {
  return Object.keys(object).sort()
}

/** What a value is, in the words of `Declarations`. */
function kindOf(value) {
  return /^class\b/.test(String(value)) ? 'class' : `${typeof value} of ${value.length}`
}

test('the compiler has nothing against index.d.ts', () => {
  expect(declared.complaints()).toEqual([])
})

test('what is declared exists, and what exists is declared', () => {
  expect(namesOf(packageExports)).toEqual(declared.values())
})

test.each(namesOf(packageExports))('%s is what it is declared to be', (name) => {
  expect(kindOf(packageExports[name])).toBe(declared.kindOf(name))
})

test('an ES module can import every name, and sees what `require` gives', () => {
  const names = declared.values()
  const script = `
    import { ${names.join(', ')} } from 'baileys-postgres-auth'
    import * as namespace from 'baileys-postgres-auth'
    import { createRequire } from 'node:module'
    const required = createRequire(import.meta.url)('baileys-postgres-auth')
    const imported = { ${names.join(', ')} }
    console.log(JSON.stringify({
      same: Object.keys(imported).filter((name) => imported[name] === required[name]),
      namespace: Object.keys(namespace),
    }))`
  // In Node.js itself: Jest gives an ES module every name of a CommonJS one, also those that Node.js would not find.
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: PROJECT,
    encoding: 'utf8',
  })
  const { same, namespace } = JSON.parse(output)
  expect(same).toEqual(names)
  // Newer versions of Node.js add the last one.
  const added = ['default', 'module.exports']
  expect(namespace.filter((name) => !added.includes(name)).sort()).toEqual(names)
})

test('every error code that the sources know is declared', () => {
  const sources = ['src', 'lib'].flatMap((folder) =>
    fs
      .readdirSync(path.join(PROJECT, folder), { recursive: true })
      .filter((file) => /\.(rs|js)$/.test(file))
      .map((file) => fs.readFileSync(path.join(PROJECT, folder, file), 'utf8')),
  )
  const codes = new Set(sources.join('\n').match(/(?<=["'])ERR_[A-Z_]+(?=["'])/g))
  expect(codes.size).toBeGreaterThan(0)
  expect(declared.textsOf('SessionStoreErrorCode')).toEqual(expect.arrayContaining([...codes]))
})

describe('the objects that are handed out have the declared members:', () => {
  let db
  let store
  let session
  let quarantined
  let status
  let report

  beforeAll(async () => {
    db = await createDatabase({ accounts: ['an-account', 'another'] })
    for (const secret of ['a-secret-of-another-kind', SECRET]) {
      const options = { databaseUrl: db.url, secret, onUnreadable: 'fresh' }
      const fresh = packageExports.createSessionStore(options)
      await fresh.useAuthState('another')
      quarantined = await fresh.quarantine()
      await fresh.close()
    }
    store = packageExports.createSessionStore({ databaseUrl: db.url, secret: SECRET })
    session = await store.useAuthState('an-account')
    ;({ value: status } = await store.sessions().next())
    report = await store.verify()
  })

  afterAll(async () => {
    await store.close()
    await db.drop()
  })

  test.each([
    ['SessionStore', () => store],
    ['StoreStats', () => store.stats()],
    ['QuarantinedSession', () => quarantined[0]],
    ['SessionStatus', () => status],
    ['VerificationReport', () => report],
    ['StoreHistograms', () => store.stats().histograms],
    ['Histogram', () => store.stats().histograms.setSeconds],
    ['DatabaseAuthState', () => session],
    ['AuthenticationState', () => session.state],
    ['SignalKeyStore', () => session.state.keys],
    ['EncryptedData', () => packageExports.encryptData('text', SECRET)],
  ])('%s', (name, object) => {
    expect(namesOf(object())).toEqual(declared.membersOf(name))
  })
})

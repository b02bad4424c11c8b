'use strict'

const { SECRET } = require('../faults/stores')
const { command, settings } = require('./command')

const ANOTHER = 'another-secret-of-good-length'
const PASSWORD = 'a-password-of-a-role'
const ALL_OK = { status: 0, diagnosis: { status: 'ok' } }

/** All that was printed, in which nothing secret may be. */
const printed = []

afterAll(() => {
  expect(printed.length).toBeGreaterThan(0)
  const { password } = new URL(process.env.TEST_DATABASE_URL)
  for (const text of printed) {
    for (const secret of [SECRET, ANOTHER, PASSWORD, password]) expect(text).not.toContain(secret)
  }
})

/** Runs the command; gives its exit status, what it found, and its checks by their names. */
async function doctor(env, args = []) {
  const { status, stdout, stderr } = await command(['doctor', '--json', ...args], env)
  printed.push(stdout, stderr)
  expect(stderr).toBe('')
  const diagnosis = JSON.parse(stdout)
  const checks = Object.fromEntries(diagnosis.checks.map((check) => [check.name, check]))
  return { status, diagnosis, checks }
}

/** Those of the checks that are not ok, with their statuses. */
const notOk = ({ checks }) =>
  Object.fromEntries(
    Object.values(checks)
      .filter(({ status }) => status !== 'ok')
      .map(({ name, status }) => [name, status]),
  )

/** The settings of a store that connects past any pooler. */
const direct = (db, secret) => ({ ...settings(db, secret), DATABASE_URL: db.serverUrl })

const changed = (url, change) => Object.assign(new URL(url), change).href

module.exports = { ALL_OK, ANOTHER, PASSWORD, changed, direct, doctor, notOk, printed }

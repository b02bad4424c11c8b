'use strict'

const { loadExample } = require('./load-example')

let nextStep

beforeAll(async () => {
  nextStep = await loadExample('./next-step.js')
})

const RESTART = { kind: 'restart' }
const RETRY = { kind: 'retry' }
const TAKEN_OVER = { kind: 'stop', reason: 'taken_over' }
const LOGGED_OUT = { kind: 'stop', reason: 'logged_out' }
const SCAN_TIMEOUT = { kind: 'stop', reason: 'scan_timeout' }
const failed = (error) => ({ kind: 'stop', reason: 'failed', error })

describe('after a close', () => {
  const closed = (statusCode) => Object.assign(new Error(), { output: { statusCode } })

  test.each([
    [515, RESTART],
    [401, LOGGED_OUT],
    [440, TAKEN_OVER],
    [408, RETRY],
    [428, RETRY],
    [500, RETRY],
    [503, RETRY],
    [undefined, RETRY],
  ])('with %p', (statusCode, step) => {
    expect(nextStep.afterClose(closed(statusCode), false)).toEqual(step)
  })

  test.each([403, 411])('with %p, which is for good', (statusCode) => {
    const error = closed(statusCode)
    expect(nextStep.afterClose(error, false)).toEqual(failed(error))
  })

  test('without an error', () => {
    expect(nextStep.afterClose(undefined, false)).toEqual(RETRY)
  })

  test('when nobody has scanned the code', () => {
    expect(nextStep.afterClose(closed(408), true)).toEqual(SCAN_TIMEOUT)
    expect(nextStep.afterClose(closed(515), true)).toEqual(RESTART)
  })
})

describe('after an error of the store', () => {
  const refused = (code) => Object.assign(new Error(), { code })

  test.each([
    ['ERR_SESSION_SUPERSEDED', TAKEN_OVER],
    ['ERR_SESSION_CLEARED', TAKEN_OVER],
    ['ERR_DB_UNAVAILABLE', RETRY],
    ['ERR_DB_TIMEOUT', RETRY],
    ['ERR_DB_QUERY', RETRY],
    ['ERR_OVERLOADED', RETRY],
  ])('%s', (code, step) => {
    expect(nextStep.afterStoreError(refused(code))).toEqual(step)
  })

  test.each([
    'ERR_UNREADABLE',
    'ERR_WRONG_SECRET',
    'ERR_ACCOUNT_NOT_FOUND',
    'ERR_IDENTITY_CHANGED',
    'ERR_CONFIG',
    'ERR_SCHEMA',
    undefined,
  ])('%s is for somebody to mend', (code) => {
    const error = refused(code)
    expect(nextStep.afterStoreError(error)).toEqual(failed(error))
  })

  test('something thrown that is no error', () => {
    expect(nextStep.afterStoreError('text')).toEqual(failed(new Error('text')))
  })
})

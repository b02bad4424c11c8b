'use strict'

module.exports = async function globalTeardown() {
  await globalThis.testPooler?.stop()
  await globalThis.testServer?.stop()
}

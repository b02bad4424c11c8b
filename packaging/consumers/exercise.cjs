'use strict'

const assert = require('node:assert/strict')

/** In Baileys' place: what is checked is how this package is found and loaded. */
const baileys = {
  initAuthCreds: () => ({ registered: false }),
  proto: { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } },
}

/** Uses the package as an application does: seals, writes, reads, clears. */
module.exports = async (auth, accountId) => {
  const secret = process.env.WHATSAPP_SESSION_SECRET
  assert.equal(auth.decryptData(auth.encryptData('text', secret), secret), 'text')
  const { state, saveCreds, close } = await auth.useDatabaseAuthState(accountId, { baileys })
  await saveCreds()
  await state.keys.set({ session: { peer: Buffer.from('record') } })
  const { peer } = await state.keys.get('session', ['peer'])
  assert.ok(peer.equals(Buffer.from('record')))
  await close()
  await auth.clearDatabaseSession(accountId, { baileys })
  await assert.rejects(auth.useDatabaseAuthState(''), { code: 'ERR_ARGUMENT' })
}

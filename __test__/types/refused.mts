// What the types have to refuse. A line that compiles makes its @ts-expect-error an error.

import {
  createSessionStore,
  encryptData,
  SessionStoreError,
  type SessionStoreErrorCode,
  useDatabaseAuthState,
} from 'baileys-postgres-auth'

// @ts-expect-error the account id is a string
export const numberAsId = useDatabaseAuthState(1)

// @ts-expect-error an option that does not exist, as a typing error makes it
export const unknownOption = createSessionStore({ databaseURL: 'postgresql://localhost/app' })

// @ts-expect-error weaker than the server's own setting: an acknowledged write has to be durable
export const weakDurability = createSessionStore({ durability: 'off' })

// @ts-expect-error only some events have it: which, `event` says
export const notOfAll = createSessionStore({ onAudit: (event) => void event.rekeyed })

// @ts-expect-error what is not Baileys
export const notBaileys = createSessionStore({ baileys: { initAuthCreds: () => ({}) } })

// @ts-expect-error a code that this package does not have
export const unknownCode: SessionStoreErrorCode = 'ERR_WRONG_PASSWORD'

// @ts-expect-error a code that this package does not have
export const isWrong = (error: SessionStoreError) => error.code === 'ERR_WRONG_PASSWORD'

// @ts-expect-error errors are made by this package alone
export const ownError = new SessionStoreError('text')

// @ts-expect-error the secret is missing
export const withoutSecret = encryptData('text')

const { state, saveCreds } = await useDatabaseAuthState('a')

// @ts-expect-error saveCreds takes the credentials from `state`, not from its caller
await saveCreds(state.creds)

// @ts-expect-error a pre-key is a key pair
await state.keys.set({ 'pre-key': { '1': 'text' } })

// @ts-expect-error ids are strings
await state.keys.get('pre-key', [1])

// @ts-expect-error a credential of a wrong type
state.creds.registrationId = '1'

for await (const [, devices] of state.keys.list('device-list')) {
  // @ts-expect-error a device list holds strings
  const device: number | undefined = devices[0]
  console.log(device)
}

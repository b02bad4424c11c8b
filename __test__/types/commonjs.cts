// The same package from a TypeScript application that compiles to CommonJS. (Baileys itself is ESM-only.)

import {
  clearDatabaseSession,
  SessionStoreError,
  useDatabaseAuthState,
} from 'baileys-postgres-auth'

import bpa = require('baileys-postgres-auth')

export async function connect(accountId: string): Promise<bpa.AuthenticationState> {
  const { state }: bpa.DatabaseAuthState = await useDatabaseAuthState(accountId)
  return state
}

export async function logOut(accountId: string): Promise<boolean> {
  try {
    await clearDatabaseSession(accountId)
    return true
  } catch (error) {
    if (error instanceof SessionStoreError && error.code === 'ERR_DB_UNAVAILABLE') return false
    throw error
  }
}

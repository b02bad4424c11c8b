import {
  clearDatabaseSession,
  createSessionStore,
  type DatabaseAuthState,
  SessionStoreError,
  useDatabaseAuthState,
} from 'baileys-postgres-auth'

export async function open(accountId: string): Promise<DatabaseAuthState> {
  try {
    return await useDatabaseAuthState(accountId, { layout: 'rows', cacheBytes: 1_000_000 })
  } catch (error) {
    if (error instanceof SessionStoreError && error.code === 'ERR_UNREADABLE') {
      await clearDatabaseSession(accountId)
    }
    throw error
  }
}

export const layout: 'rows' | 'column' | null = createSessionStore().stats().layout

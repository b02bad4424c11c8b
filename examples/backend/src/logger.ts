import type { UserFacingSocketConfig } from 'baileys'

/** Baileys' logger interface, which pino has; Baileys, the store and the service share one. */
export type Logger = NonNullable<UserFacingSocketConfig['logger']>

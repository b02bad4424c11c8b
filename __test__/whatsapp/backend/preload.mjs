// Loaded ahead of the example backend's program, which knows nothing of it: has TypeScript run as it stands, puts this
// package in place of a release and a client of our own in that of a generated Prisma client, and tells Baileys where
// WhatsApp is.

import { register } from 'node:module'
import * as baileys from 'baileys'
import { settingsFor } from '../../support/whatsapp/settings.mjs'

register('./hooks.mjs', import.meta.url)

const { WHATSAPP_URL, WHATSAPP_ROOT } = process.env
Object.assign(
  baileys.DEFAULT_CONNECTION_CONFIG,
  settingsFor(baileys, { url: WHATSAPP_URL, root: WHATSAPP_ROOT }),
)

// What the tests tell an unmodified Baileys: where the server is, whose certificates count, and that no history comes.
// Nothing of its own is replaced; the root's key is a value it exports.

/** Gives the settings of `makeWASocket`, and sets the root of trust. */
export function settingsFor(baileys, { url, root }) {
  baileys.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root, 'hex')
  return {
    waWebSocketUrl: url,
    // No phone sends any history here, and Baileys would hold back all messages for 20 seconds to wait for it.
    shouldSyncHistoryMessage: () => false,
  }
}

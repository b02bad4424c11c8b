// Queries about users: which devices they have, and the LID that belongs to a phone number.

import { getBinaryNodeChild, getBinaryNodeChildren } from 'baileys'
import { LID, PN, serverOf } from './accounts.mjs'

const deviceNode = ({ id }) => ({
  tag: 'device',
  // The index under which the account has vouched for it; a phone has none.
  attrs: id === 0 ? { id: '0' } : { id: String(id), 'key-index': String(id) },
})

/** What each protocol says of an account, or of nobody. */
const PROTOCOLS = {
  devices: (account) => ({
    tag: 'devices',
    attrs: {},
    content: [
      {
        tag: 'device-list',
        attrs: {},
        content: [...(account?.devices.values() ?? [])].map(deviceNode),
      },
    ],
  }),
  contact: (account) => ({ tag: 'contact', attrs: { type: account ? 'in' : 'out' } }),
  // Who asks by LID knows it.
  lid: (account, server) =>
    account && server === PN ? { tag: 'lid', attrs: { val: account.jid(LID) } } : undefined,
}

/** A user is asked for by a jid, or by a number with a plus. */
function asked(user) {
  const contact = getBinaryNodeChild(user, 'contact')?.content
  return user.attrs.jid ?? `${contact.toString().replace('+', '')}@${PN}`
}

export function answerUsync(accounts, iq) {
  const usync = getBinaryNodeChild(iq, 'usync')
  const protocols = getBinaryNodeChild(usync, 'query').content.map(({ tag }) => tag)
  const users = getBinaryNodeChildren(getBinaryNodeChild(usync, 'list'), 'user').map((user) => {
    const jid = asked(user)
    const account = accounts.find(jid)
    const content = protocols.map((name) => PROTOCOLS[name]?.(account, serverOf(jid)))
    return { tag: 'user', attrs: { jid }, content: content.filter(Boolean) }
  })
  return [
    { tag: 'usync', attrs: usync.attrs, content: [{ tag: 'list', attrs: {}, content: users }] },
  ]
}

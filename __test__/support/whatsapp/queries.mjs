// What a client asks the server: the answers that it needs, and an empty one to all else.

import { encodeBigEndian } from 'baileys'
import { bundles, rotate, upload } from './prekeys.mjs'
import { answerUsync } from './usync.mjs'

const one = (tag, attrs = {}, content = undefined) => [{ tag, attrs, content }]

/** By namespace, kind and what is asked; each gives the answer's content. */
const ANSWERS = {
  'encrypt get count': ({ device }) => one('count', { value: String(device.preKeys.length) }),
  'encrypt get digest': ({ device }) =>
    one('digest', {}, [
      { tag: 'registration', attrs: {}, content: encodeBigEndian(device.registrationId) },
    ]),
  'encrypt get key': ({ accounts, iq }) => bundles(accounts, iq),
  'encrypt set registration': ({ device, iq }) => upload(device, iq),
  'encrypt set rotate': ({ device, iq }) => rotate(device, iq),
  'usync get usync': ({ accounts, iq }) => answerUsync(accounts, iq),
  'w:g2 set create': ({ groups, device, iq }) => groups.create(device.account, iq),
  'w:g2 get query': ({ groups, iq }) => groups.describe(iq.attrs.to),
  'w:g2 get participating': ({ groups, device }) => groups.participating(device.account),
  'passive set active': ({ activate }) => activate(),
  'md set remove-companion-device': ({ remove }) => remove(),
  'w:p get ping': ({ device }) => {
    device.hasPinged = true
  },
  'abt get props': () => one('props', { hash: 'props-1' }, []),
  'privacy get privacy': () => one('privacy', {}, one('category', { name: 'last', value: 'all' })),
  'privacy set tokens': () => one('tokens', {}, []),
  'blocklist get ': () => one('list', {}, []),
  'w:m set media_conn': () => one('media_conn', { auth: 'none', ttl: '3600' }, []),
}

/**
 * Answers a query of a client.
 *
 * @param context what the answers need: `device`, `iq`, `accounts`, `groups`, and what is to be done when a device says
 *   that it is active or wants to be removed
 */
export function answer(context) {
  const { device, iq } = context
  const [first] = Array.isArray(iq.content) ? iq.content : []
  const { xmlns, type, id, to } = iq.attrs
  const { connection } = device
  const after = []
  const defer = (work) => () => {
    after.push(work)
  }
  const content = ANSWERS[`${xmlns} ${type} ${first?.tag ?? ''}`]?.({
    ...context,
    activate: defer(context.activate),
    remove: defer(context.remove),
  })
  connection.send({
    tag: 'iq',
    attrs: { from: to, type: 'result', id },
    content: content ?? [],
  })
  for (const work of after) work()
}

export interface ReconnectDelays {
  firstMs: number
  longestMs: number
}

export const DEFAULT_DELAYS: ReconnectDelays = { firstMs: 1_000, longestMs: 60_000 }

/**
 * Doubles with every failure in a row. Half of it is random, so that a thousand accounts that lost their connection in
 * the same second do not come back in the same second.
 */
export function reconnectDelayMs(failures: number, delays: ReconnectDelays): number {
  const full = Math.min(delays.longestMs, delays.firstMs * 2 ** failures)
  return full / 2 + (Math.random() * full) / 2
}

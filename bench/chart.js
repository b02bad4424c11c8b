'use strict'

/** Bars on a logarithmic scale, as an SVG that reads well on light and on dark pages. */

const { number } = require('./text')

const WIDTH = 880
const COLUMNS = 2
const GAP = 28
const LABEL_WIDTH = 150
const VALUE_WIDTH = 52
const TITLE_HEIGHT = 30
const BAR_HEIGHT = 14
const ROW_HEIGHT = 20
const FOOTER_HEIGHT = 40

const PANEL_WIDTH = (WIDTH - (COLUMNS - 1) * GAP) / COLUMNS
const SCALE_WIDTH = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH

const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 13px; }
  .note { fill: #59636e; font-size: 11px; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .bar { fill: #afb8c1; }
  .ours { fill: #1f6feb; }
  .limit { fill: none; stroke: #59636e; stroke-dasharray: 3 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
    .limit { stroke: #9198a1; }
  }`

const escapeText = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const text = (x, y, content, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${escapeText(content)}</text>`

/** The whole decades that hold all values. */
function decadesOf(values) {
  const from = Math.floor(Math.log10(Math.min(...values)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))))
  return { from, to }
}

/** A panel at its place: title, a line for every decade, and a bar for every row, the largest first. */
function renderPanel({ title, rows }, left, top) {
  const sorted = [...rows].sort((a, b) => b.value - a.value)
  const { from, to } = decadesOf(sorted.map(({ value }) => value))
  const origin = left + LABEL_WIDTH
  const at = (value) => ((Math.log10(value) - from) / (to - from)) * SCALE_WIDTH
  const bottom = top + TITLE_HEIGHT + sorted.length * ROW_HEIGHT
  const lines = [text(left, top + 14, title, ' class="title"')]
  for (let decade = from; decade <= to; decade += 1) {
    const x = (origin + at(10 ** decade)).toFixed(1)
    lines.push(
      `<line class="grid" x1="${x}" y1="${top + TITLE_HEIGHT - 4}" x2="${x}" y2="${bottom}"/>`,
    )
  }
  for (const [index, { label, value, kind }] of sorted.entries()) {
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT
    // A value that is a power of ten itself still shows.
    const width = Math.max(2, at(value))
    const baseline = y + BAR_HEIGHT - 3
    lines.push(
      text(origin - 8, baseline, label, ' text-anchor="end"'),
      `<rect class="${kind}" x="${origin}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
      text(origin + width + 5, baseline, number(value)),
    )
  }
  return lines
}

/**
 * `panels`: each with a `title` and `rows` of `label`, `value` and `kind` (`ours`, `bar` or `limit`); `notes`: lines
 * below them. More is better in all of them.
 */
function renderChart({ panels, notes }) {
  const body = []
  let top = 4
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const line = panels.slice(first, first + COLUMNS)
    for (const [column, panel] of line.entries()) {
      body.push(...renderPanel(panel, column * (PANEL_WIDTH + GAP), top))
    }
    const rows = Math.max(...line.map((panel) => panel.rows.length))
    top += TITLE_HEIGHT + rows * ROW_HEIGHT + GAP
  }
  for (const [index, note] of notes.entries()) {
    body.push(text(0, top + index * 16, note, ' class="note"'))
  }
  const height = top + Math.max(FOOTER_HEIGHT, notes.length * 16) - 16
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>Stores of Baileys' authentication state compared; more is better</title>`,
    `<style>${STYLE}\n</style>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

module.exports = { renderChart }

'use strict'

/** Figures and tables as text. */

const COLUMN_GAP = '  '

/** Three significant digits, no exponent. */
function number(value) {
  if (value === 0) return '0'
  if (value >= 100) return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',')
  if (value >= 10) return value.toFixed(1)
  return value >= 1 ? value.toFixed(2) : value.toPrecision(2)
}

/** A figure's median and spread. */
const spread = (figure) =>
  figure ? `${number(figure.median)} (${number(figure.min)}-${number(figure.max)})` : '-'

/** Rows of cells as lines; the first column is aligned left, the others right. */
function layOut(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join(COLUMN_GAP)
      .trimEnd(),
  )
}

module.exports = { layOut, number, spread }

// The tables for people: columns aligned, figures to three digits, a ratio to the reference of the case.

/** A number to three significant digits, thousands grouped. */
export function figure(value) {
  if (!Number.isFinite(value)) return '?'
  const digits = value === 0 ? 0 : Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).replaceAll(',', ' ')
}

/** Rows of cells, the first row the heading; the first column and `left` ones left-aligned. */
export function table(rows, left = []) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  const pad = (cell = '', column) =>
    column === 0 || left.includes(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
  return rows.map(row => `  ${row.map(pad).join('  ')}`.trimEnd()).join('\n')
}

/** One case: a row for each contestant, and three columns for each placement. */
export function printCase(benchCase, results, placements) {
  const ratioTo = benchCase.reference
  const heading = ['', ...placements.flatMap(placement => [placement, ...ratioTo ? [`/ ${ratioTo}`] : [], 'least-most']), '']
  const rows = benchCase.contestants.map(({ name }) => {
    const notes = new Set()
    const cells = placements.flatMap((placement) => {
      const result = results.find(r => r.contestant === name && r.placement === placement)
      const reference = results.find(r => r.contestant === ratioTo && r.placement === placement)
      if (result.failed !== undefined) {
        notes.add(result.failed)
        return ['n/a', ...ratioTo ? [''] : [], '']
      }
      for (const note of result.notes) notes.add(note)
      if (!result.ok) notes.add('WRONG RESULT')
      const ratio = reference?.median === undefined ? '' : figure(result.median / reference.median)
      const spread = result.values.length > 1 ? `${figure(result.least)}-${figure(result.most)}` : ''
      return [figure(result.median), ...ratioTo ? [ratio] : [], spread]
    })
    return [name, ...cells, [...notes].join('; ')]
  })
  console.log(`\n${benchCase.title} (${benchCase.unit}, ${benchCase.higherIsBetter ? 'more is better' : 'less is better'})`)
  console.log(table([heading, ...rows], [heading.length - 1]))
  for (const line of benchCase.remarks?.(results) ?? []) console.log(`  ${line}`)
}

export function printBounds(bounds, quick) {
  if (bounds.length === 0) return
  console.log(`\nBounds${quick ? ' (a quick run: for a smoke test only)' : ''}`)
  console.log(table([['', 'bound', 'measured', ''], ...bounds.map(({ name, relation, limit, measured, verdict }) =>
    [name, `${relation} ${limit}`, measured === undefined ? '' : figure(measured), verdict])], [3]))
}

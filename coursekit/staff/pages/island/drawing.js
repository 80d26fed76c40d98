// Drawing as coursekit/explore/svg.py does it, for the rules that answer in the page.
var coursekitRules = {}, coursekitDrawing = (() => {
'use strict';
// A number as Python's format has it, f"{x:.5g}": half goes to the even digit.
function g(x, digits = 6) {
  if (!x) return '0';
  let [mantissa, power] = Math.abs(x).toExponential(digits - 1).split('e');
  const [exact, same] = Math.abs(x).toExponential(60).split('e'), cut = exact.slice(0, mantissa.length);
  if (/^50*$/.test(exact.slice(mantissa.length)) && cut.slice(-1) % 2 === 0) [mantissa, power] = [cut, same];
  const sign = x < 0 ? '-' : '', figures = mantissa.replace('.', ''), at = +power;
  const bare = text => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (at < -4 || at >= digits)
    return `${sign}${bare(mantissa)}e${at < 0 ? '-' : '+'}${String(Math.abs(at)).padStart(2, '0')}`;
  if (at < 0) return sign + bare(`0.${'0'.repeat(-at - 1)}${figures}`);
  return sign + bare(at + 1 < digits ? `${figures.slice(0, at + 1)}.${figures.slice(at + 1)}` : figures);
}
const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  .replace(/"/g, '&quot;').replace(/'/g, '&#x27;');
const words = (x, y, text, size = 14, fill = '#1a1a1a', more = '') =>
  `<text x="${g(x)}" y="${g(y)}" font-size="${size}" fill="${fill}"${more}>${escaped(text)}</text>`;
const box = (x, y, width, height, stroke, line = 2) =>
  `<rect x="${g(x)}" y="${g(y)}" width="${g(width)}" height="${g(height)}" fill="none" stroke="${stroke}" stroke-width="${g(line)}"/>`;
const filled = (x, y, width, height, fill) =>
  `<rect x="${g(x, 4)}" y="${g(y, 4)}" width="${g(width, 4)}" height="${g(height, 4)}" fill="${fill}"/>`;
const outlined = (x, y, width, height, stroke) =>
  box(x, y, width, height, '#fff', 5) + box(x, y, width, height, stroke, 2.5);
const drawn = (height, body, label = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${g(height)}" ` +
  (label ? `role="img" aria-label="${escaped(label)}"` : 'aria-hidden="true"') +
  ` width="760" font-family="system-ui,sans-serif" style="display:block;max-width:100%;height:auto">${body}</svg>`;
const sides = sizes => sizes.join('×');
// A table as coursekit/_base/card.py writes it, the first row its head.
function tableOf([head, ...rows]) {
  const cell = "style='text-align:left'", edge = row => (row[0][0] === '▸' ? '#D55E00' : 'transparent');
  return "<div tabindex='0' role='group' aria-label='table' style='padding:6px 10px;line-height:1.45;font-size:14px;max-width:760px;overflow-x:auto'>" +
    "<table cellpadding='4' style='border-collapse:collapse;border:none;margin:.3em 0 0;color:inherit;font-size:inherit'>" +
    `<thead><tr>${head.map(name => `<th scope='col' ${cell}>${escaped(name)}</th>`).join('')}</tr></thead><tbody>` +
    rows.map(row => `<tr valign='top'><th scope='row' style='text-align:left;font-weight:normal;white-space:nowrap;` +
      `border-left:6px solid ${edge(row)};padding-left:.6em;'>${escaped(row[0])}</th>` +
      row.slice(1).map(text => `<td ${cell}>${escaped(text)}</td>`).join('') + '</tr>').join('') + '</tbody></table></div>';
}
return {g, words, box, filled, outlined, drawn, sides, tableOf};
})();

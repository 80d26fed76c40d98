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
// Half goes to the even number, as Python and numpy round; and f"{x:.1f}".
const even = x => {
  const low = Math.floor(x), rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
};
function fixed(x, digits) {
  const near = x.toFixed(digits), exact = x.toFixed(digits + 60), cut = exact.slice(0, -60);
  return /^50*$/.test(exact.slice(-60)) && cut.slice(-1) % 2 === 0 ? cut.replace(/\.$/, '') : near;
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
// A PNG file of a header, palette and pixels that stay uncompressed (RFC 2083, RFC 1950).
const CRC = Uint32Array.from({length: 256}, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ n >>> 1 : n >>> 1;
  return n;
});
function png([width, height, depth, type, palette, clear], bytes) {
  const pixels = bytes.subarray(palette + clear), blocks = Math.max(1, Math.ceil(pixels.length / 65535));
  const packed = new Uint8Array(6 + 5 * blocks + pixels.length);
  packed.set([0x78, 1]);
  let a = 1, b = 0, at = 2;
  for (let i = 0; i < blocks; i++) {
    const block = pixels.subarray(65535 * i, 65535 * (i + 1)), n = block.length;
    packed.set([i === blocks - 1, n, n >> 8, ~n, ~n >> 8], at);
    packed.set(block, at + 5);
    at += 5 + n;
  }
  for (let i = 0; i < pixels.length;) { // 4,000 steps at most stay below 2^31
    for (const end = Math.min(i + 4000, pixels.length); i < end; i++) b += a += pixels[i];
    a %= 65521;
    b %= 65521;
  }
  packed.set([b >> 8, b, a >> 8, a], at);
  const word = n => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255];
  let text = '\x89PNG\r\n\x1a\n';
  const chunk = (name, data) => {
    const body = new Uint8Array(4 + data.length);
    body.set([...name].map(c => c.charCodeAt(0)));
    body.set(data, 4);
    let crc = 0xffffffff;
    for (const byte of body) crc = CRC[(crc ^ byte) & 255] ^ crc >>> 8;
    text += letters(word(data.length)) + letters(body) + letters(word(~crc));
  };
  chunk('IHDR', [...word(width), ...word(height), depth, type, 0, 0, 0]);
  if (palette) chunk('PLTE', bytes.subarray(0, palette));
  if (clear) chunk('tRNS', bytes.subarray(palette, palette + clear));
  chunk('IDAT', packed);
  chunk('IEND', []);
  return btoa(text);
}
const letters = bytes => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.slice(i, i + 8192));
  return text;
};
return {g, fixed, even, words, box, filled, outlined, drawn, sides, tableOf, png};
})();

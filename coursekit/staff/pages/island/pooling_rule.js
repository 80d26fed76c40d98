// What pooling keeps of a photo and of a spot on it, computed in the page: the rule and the
// drawing of coursekit/explore/pooling.py. Tests hold both against each other, state by state.
(() => {
'use strict';
const {g, fixed, even, words, filled, outlined, drawn, sides, tableOf, png} = coursekitDrawing;
const [LEFT, TOP, PANEL, HEIGHT, MOST, CHOSEN] = [8, 32, 176, 432, 5, '#D55E00'];
const WAYS = [['max', '●', '#0072B2', 197], ['average', '■', '#009E73', 386], ['stride', '◆', '#CC79A7', 575]];
const GREYS = {bright: 255, dark: 0};
const percent = share => (share === null ? '–' : `${g(100 * share, share >= 0.01 ? 3 : 2)} %`);

// Pixels as planes of rows: {height, width, values}.
function pooled({height, width, values}, kernel, way) {
  const high = Math.floor(height / kernel), wide = Math.floor(width / kernel), made = new Float64Array(3 * high * wide);
  let at = 0;
  for (let plane = 0; plane < 3; plane++)
    for (let y = 0; y < high; y++)
      for (let x = 0; x < wide; x++) {
        const first = (plane * height + y * kernel) * width + x * kernel;
        let found = values[first];
        for (let down = 0; way !== 'stride' && down < kernel; down++)
          for (let across = down ? 0 : 1, n = first + down * width + across; across < kernel; across++, n++) {
            if (way === 'average') found += values[n];
            else if (values[n] > found) found = values[n];
          }
        made[at++] = way === 'average' ? found / (kernel * kernel) : found;
      }
  return {height: high, width: wide, values: made};
}
// The levels of a pyramid, fewer where the picture becomes smaller than a window.
function pyramid(photo, kernel, levels, way) {
  const made = [];
  for (let small = photo; made.length < levels && Math.min(small.height, small.width) >= kernel;)
    made.push(small = pooled(small, kernel, way));
  return made;
}
function most(one, other) {
  let found = 0;
  for (let i = 0; i < one.length; i++) found = Math.max(found, Math.abs(one[i] - other[i]));
  return found;
}
// The root mean square difference to a level enlarged again.
function error(photo, small, factor) {
  const high = small.height * factor, wide = small.width * factor;
  let sum = 0;
  for (let plane = 0; plane < 3; plane++)
    for (let y = 0; y < high; y++) {
      const row = (plane * photo.height + y) * photo.width;
      const below = (plane * small.height + Math.floor(y / factor)) * small.width;
      for (let x = 0, at = 0, left = factor; x < wide; x++, left--) {
        if (!left) [at, left] = [at + 1, factor];
        const off = photo.values[row + x] - small.values[below + at];
        sum += off * off;
      }
    }
  return Math.sqrt(sum / (3 * high * wide));
}
function painted(photo, {row, column, spot_size: side}, grey) {
  if (grey === undefined) return photo;
  const values = photo.values.slice();
  for (let plane = 0; plane < 3; plane++)
    for (let y = row; y < row + side; y++) {
      const first = (plane * photo.height + y) * photo.width + column;
      values.fill(grey, first, first + side);
    }
  return {...photo, values};
}

// 32 levels a channel, as coursekit/explore/svg.py rounds them.
const coarse = value => even(even(value * (31 / 255)) * (255 / 31));
function picture({height, width, values}, x, wide, high) {
  const bytes = new Uint8Array(height * (3 * width + 1)), plane = height * width;
  for (let row = 0, at = 0, pixel = 0; row < height; row++) {
    at++; // the filter of the row: none
    for (let column = 0; column < width; column++, pixel++)
      for (let colour = 0; colour < 3; colour++) bytes[at++] = coarse(values[colour * plane + pixel]);
  }
  return `<image href="data:image/png;base64,${png([width, height, 8, 2, 0, 0], bytes)}" x="${g(x)}" y="${TOP}" ` +
    `width="${g(wide)}" height="${g(high)}" preserveAspectRatio="none" style="image-rendering:pixelated"/>`;
}
function panels(photo, state, grey, ways) {
  const unit = PANEL / Math.max(photo.height, photo.width), spots = [];
  const made = WAYS.map(([, , , x], n) => {
    const {level, off, left, factor} = ways[n].at(-1), size = sides([level.height, level.width]);
    return picture(level, x, level.width * (unit * factor), level.height * (unit * factor)) +
      words(x, 228, `${size}, error ${fixed(off, 0)} of 255`, 13) + words(x, 246, `spot left: ${percent(left)}`, 13);
  });
  if (grey !== undefined) {
    const x = state.column * unit, y = TOP + state.row * unit, side = state.spot_size * unit;
    spots.push(filled(LEFT + x, y, side, side, grey ? '#fff' : '#000'));
    for (const edge of [LEFT, ...WAYS.map(way => way[3])])
      spots.push(outlined(edge + (x - 2 * unit), y - 2 * unit, side + 4 * unit, side + 4 * unit, CHOSEN));
  }
  return made.join('') + spots.join('');
}
function chart(ways) {
  return WAYS.map(([, mark, colour], n) => {
    const shares = ways[n].map(({left}) => left);
    if (shares.includes(null)) return '';
    const points = [1, ...shares].map((share, i) => [70 + i / MOST * 640, 300 + (1 - Math.min(share, 1)) * 100]);
    const path = points.map(([x, y]) => `${g(x, 4)},${g(y, 4)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      points.map(([x, y]) => words(x - 5, y + 5, mark, 14, colour)).join('');
  }).join('');
}
function said(photo, {spot, spot_size: side, kernel, levels}, ways) {
  const last = ways.map(way => way.at(-1)), count = ways[0].length, window = `${kernel}×${kernel}`;
  const all = tell => WAYS.map(([name], n) => `${tell(last[n])} (${name})`).join(', ');
  const lines = [
    `A photo of ${sides([photo.height, photo.width])} pixels pooled ${count > 1 ? `${count} times` : 'once'} by ${window}: ` +
      `${sides([last[0].level.height, last[0].level.width])} pixels, ${percent(last[0].kept)} of the numbers are kept.`,
    `Enlarged again, a value is off by ${all(({off}) => fixed(off, 0))} of 255 grey levels.`];
  if (last[0].left !== null) lines.push(`Of the ${spot} ${side}×${side} spot is left: ${all(({left}) => percent(left))}.`);
  if (count < levels) lines.push(`Smaller than a ${window} window: there is no further level.`);
  return lines.join('\n');
}
function table(ways) {
  const rows = ways[0].map(({level, kept}, n) => [`${n + 1}`, sides([level.height, level.width]), percent(kept),
    ...ways.map(way => `${fixed(way[n].off, 1)}, ${percent(way[n].left)}`)]);
  return tableOf([['level', 'size', 'kept', ...WAYS.map(([name]) => `${name}: error, spot left`)], ...rows]);
}
function marks({height, width}, size) {
  const unit = PANEL / Math.max(height, width), off = (size - 1) / 2 * unit, rows = height - size + 1, columns = width - size + 1;
  return [LEFT, ...WAYS.map(way => way[3])].map(x =>
    [x + off, TOP + off, columns * unit, rows * unit, {row: [0, 1, 0], column: [0, 0, 1]}, rows, columns]);
}

coursekitRules.pooling = ({pixels, size: [height, width], backdrop}) => {
  const photo = {height, width, values: Float64Array.from(atob(pixels), letter => letter.charCodeAt(0))};
  const plain = new Map(); // the levels without a spot, by kernel and way
  const untouched = (kernel, way) => {
    const key = kernel + way;
    if (!plain.has(key)) plain.set(key, pyramid(photo, kernel, MOST, way));
    return plain.get(key);
  };
  for (const kernel of [2, 3, 4]) WAYS.forEach(([way]) => untouched(kernel, way)); // before the first answer waits
  const answer = state => {
    const grey = GREYS[state.spot], marked = painted(photo, state, grey), {kernel, levels} = state;
    const change = most(marked.values, photo.values);
    const ways = WAYS.map(([way]) => pyramid(marked, kernel, levels, way).map((level, n) => ({
      level, factor: kernel ** (n + 1), kept: level.values.length / photo.values.length,
      off: error(marked, level, kernel ** (n + 1)),
      left: change ? most(level.values, untouched(kernel, way)[n].values) / change : null,
    })));
    const text = said(photo, state, ways);
    return {backdrop, sheet: '', words: text, table: table(ways),
      marks: JSON.stringify(state.spot === 'none' ? [] : marks(photo, state.spot_size)),
      front: drawn(HEIGHT, panels(photo, state, grey, ways) + chart(ways), text.split('\n')[0])};
  };
  return {answer};
};
})();

// What a unit of a chain of layers sees, computed in the page: the rule and the drawing of
// coursekit/explore/receptive_field.py. Tests hold both against each other, state by state.
(() => {
'use strict';
const [LEFT, RIGHT, TOP, SIDE, HEIGHT, HIGHER] = [8, 404, 34, 344, 388, 450];
const [CHOSEN, YELLOW, INK] = ['#D55E00', '#F0E442', '#1a1a1a'];
const KINDS = {c: ['convolution', 'conv', 'conv', '#f7e2b2'], m: ['max pooling', 'max pool', 'max', '#ccE8f8']};
const STILL = 'vector-effect="non-scaling-stroke"';
const {g, words, box, filled, outlined, drawn, sides, tableOf} = coursekitDrawing;

// A chain as it stands in an address: "c3.1.1.1,m2.2.0.1", kernel, stride, padding, dilation.
const read = text => text.split(',').map(code => {
  const [kernel, stride, padding, dilation] = code.slice(1).split('.').map(Number);
  return {kind: code[0], kernel, stride, padding, dilation, local: dilation * (kernel - 1) + 1};
});
const write = layers => layers.map(l => `${l.kind}${l.kernel}.${l.stride}.${l.padding}.${l.dilation}`).join(',');
const title = l => `${KINDS[l.kind][1]} ${l.kernel}×${l.kernel}` +
  (l.stride > 1 ? `, stride ${l.stride}` : '') + (l.dilation > 1 ? `, dilation ${l.dilation}` : '');

function misfit(layers, size) {
  for (const [i, l] of layers.entries()) {
    const who = `Layer ${i + 1} (${title(l)})`, padded = size.map(side => side + 2 * l.padding);
    const half = Math.floor(l.kernel / 2), least = Math.min(...padded);
    if (l.kind === 'm' && l.padding > half)
      return `${who} has padding ${l.padding}; max pooling allows at most half of its kernel: ${half}.`;
    if (least < l.local)
      return `${who} does not fit: it covers ${l.local} units and its padded input has only ${least}.`;
    size = padded.map(side => Math.floor((side - l.local) / l.stride) + 1);
  }
  return '';
}

// For each layer its field, jump and start, the map's size, and what each unit sees of an
// axis, with the borders: [first, end), [0, 0] for one in the padding.
const kept = new Map(); // of the chains that were shown last
function sights(layers, shape) {
  const chain = write(layers) + shape;
  if (!kept.has(chain)) {
    if (kept.size > 7) kept.clear();
    kept.set(chain, look(layers, shape));
  }
  return kept.get(chain);
}
function look(layers, shape) {
  let field = 1, jump = 1, start = 0;
  let seen = shape.map(side => Array.from({length: side}, (_, i) => [i, i + 1]));
  return layers.map(l => {
    const below = {field, jump, start, size: seen.map(axis => axis.length)};
    start -= l.padding * jump;
    field += (l.local - 1) * jump;
    jump *= l.stride;
    seen = seen.map(axis => {
      const count = Math.floor((axis.length + 2 * l.padding - l.local) / l.stride) + 1;
      return Array.from({length: count}, (_, unit) => {
        const read = taps(l, unit, axis.length).map(t => axis[t]).filter(([a, b]) => b > a);
        return read.length ? [Math.min(...read.map(s => s[0])), Math.max(...read.map(s => s[1]))] : [0, 0];
      });
    });
    return {field, jump, start, below, seen, size: seen.map(axis => axis.length)};
  });
}
const taps = (l, unit, size) => Array.from({length: l.kernel}, (_, k) =>
  unit * l.stride - l.padding + l.dilation * k).filter(t => t >= 0 && t < size);

// The row of boxes below the photo.
const places = count => {
  const step = Math.min(84, 744 / count), gap = Math.min(10, step / 6);
  return Array.from({length: count}, (_, n) => [LEFT + n * step, step - gap]);
};
const centred = (x, y, text, size) => words(x, y, text, size, '#000', ' text-anchor="middle"');
function strip(layers) {
  const at = places(layers.length), [x, wide] = at.at(-1);
  const line = `<path d="M${LEFT} ${g(HEIGHT + 20)}H${g(x + wide, 5)}" stroke="#6b6b6b"/>`;
  return line + layers.map((l, n) => {
    const [x, wide] = at[n], [, , name, tint] = KINDS[l.kind], size = `${l.kernel}×${l.kernel}`;
    const more = [size, ...(l.stride > 1 ? [`/${l.stride}`] : []), ...(l.dilation > 1 ? [`d${l.dilation}`] : [])];
    const lines = [wide >= 34 ? name : name[0], wide >= 60 ? more.join(' ') : size];
    return `<rect x="${g(x)}" y="${g(HEIGHT)}" width="${g(wide)}" height="40" rx="4" ` +
      `fill="${tint.toLowerCase()}" stroke="#6b6b6b"/>` +
      lines.map((text, i) => centred(x + wide / 2, HEIGHT + [17, 32][i], text, Math.min(12, Math.floor(wide / 2.6)))).join('');
  }).join('');
}
function frame(count, number) {
  const [x, wide] = places(count)[number];
  return outlined(x - 2, HEIGHT - 2, wide + 4, 44, CHOSEN);
}

function field(photo, rows, columns, local, heading) {
  const unit = SIDE / Math.max(...photo.shape), said = words(RIGHT, 22, heading);
  const shade = (x, y, wide, high) => {
    const [height, width] = photo.shape.map(side => g(side * unit, 5));
    const whole = `M${LEFT} ${TOP}h${width}v${height}h${g(-photo.shape[1] * unit, 5)}z`;
    const hole = `M${g(x, 5)} ${g(y, 5)}h${g(wide, 5)}v${g(high, 5)}h${g(-wide, 5)}z`;
    return `<path d="${whole}${hole}" fill-rule="evenodd" fill-opacity=".55"/>`;
  };
  const [top, bottom] = rows, [left, right] = columns;
  if (bottom <= top || right <= left) return said + shade(0, 0, 0, 0);
  const x = LEFT + left * unit, y = TOP + top * unit, wide = (right - left) * unit, high = (bottom - top) * unit;
  return said + shade(x, y, wide, high) + outlined(x, y, wide, high, CHOSEN) +
    `<g transform="translate(${LEFT} ${TOP}) scale(${g(unit)})">${square(local)}</g>` +
    enlarged(photo, rows, columns, square(local) + dots(local));
}
function enlarged(photo, rows, columns, local) {
  const high = rows[1] - rows[0], wide = columns[1] - columns[0], scale = SIDE / Math.max(high, wide);
  return `<svg x="${RIGHT}" y="${TOP}" width="${g(wide * scale, 5)}" height="${g(high * scale, 5)}" ` +
    `viewBox="${columns[0]} ${rows[0]} ${wide} ${high}"><use href="#${photo.name}"/>${local}</svg>` +
    box(RIGHT, TOP, wide * scale, high * scale, CHOSEN, 2.5);
}
function square({places, jump}) {
  const [[top, bottom], [left, right]] = places.map(axis => [axis[0] - jump / 2, axis.at(-1) + jump / 2]);
  const path = `M${g(left, 5)} ${g(top, 5)}H${g(right, 5)}V${g(bottom, 5)}H${g(left, 5)}z`, style = `fill="none" ${STILL}`;
  return `<path d="${path}" stroke="#000" stroke-width="4" ${style}/>` +
    `<path d="${path}" stroke="${YELLOW}" stroke-width="2.5" stroke-dasharray="7 5" ${style}/>`;
}
const hasDots = ({places: [ys, xs]}) => ys.length * xs.length <= 49;
function dots(local) {
  if (!hasDots(local)) return '';
  const [ys, xs] = local.places;
  const path = ys.map(y => xs.map(x => `M${g(x, 5)} ${g(y, 5)}h0`).join('')).join(''), style = `stroke-linecap="round" ${STILL}`;
  return `<path d="${path}" stroke="#000" stroke-width="11" ${style}/>` +
    `<path d="${path}" stroke="${YELLOW}" stroke-width="7" ${style}/>`;
}

const minus = n => String(n).replace('-', '−');
function table(layers, all, number) {
  const first = Math.max(0, Math.min(number - 10, layers.length - 20));
  return tableOf([['layer', 'output', 'local field', 'global field', 'jump', 'start'],
    ...layers.slice(first, first + 20).map((l, i) => {
      const n = first + i, {size, field, jump, start} = all[n], name = `${n + 1}: ${title(l)}`;
      return [n === number ? `▸ ${name}` : name, sides(size), minus(l.local), minus(field), minus(jump), minus(start)];
    })]);
}
function said(l, number, {field, jump, start}, [[top, bottom], [left, right]], [row, column], share, dotted) {
  const where = `Layer ${number + 1}: ${title(l)}, unit (${row}, ${column}) sees`;
  if (!share) return `${where} nothing of the photo: it lies in the padding.`;
  const cut = bottom - top < field || right - left < field;
  return [`${where} rows ${top} to ${bottom - 1} and columns ${left} to ${right - 1} of the photo: ${g(100 * share, 3)} % of it.`,
    `Global field: ${minus(field)} pixels on each side, jump ${minus(jump)}, start ${minus(start)}.` +
      (cut ? " The photo's border cuts it." : ''),
    `Local field: ${l.kernel}×${l.kernel} ${number ? `units of layer ${number}` : 'pixels'}, dashed${dotted ? '; dots mark their middles' : ''}.`,
  ].join('\n');
}
function marks(photo, {size, field, jump, start}, count) {
  const unit = SIDE / Math.max(...photo.shape), [height, width] = photo.shape;
  const sets = {row: [0, 1, 0], column: [0, 0, 1]}, edge = start + (field - jump) / 2;
  const [high, wide] = size.map(n => n * jump * unit);
  return [[LEFT, TOP, width * unit, height * unit, sets, ...size],
    [LEFT + edge * unit, TOP + edge * unit, wide, high, sets, ...size], ...boxes(count)];
}
const boxes = count => places(count).map(([x, wide], layer) => [x, HEIGHT, wide, 40, {layer}, 1, 1]);

const on = (names, tell) => Object.assign(tell, {by: names});

// What cannot be a table: the controls that build a chain.
function settings({shape, chains, layers: kinds, longest}) {
  const named = layers => Object.keys(chains).find(name => chains[name] === layers) ?? 'my own';
  const size = (at, axis) => {
    const layers = read(at.layers);
    return misfit(layers, shape) ? 1 : sights(layers, shape)[at.layer].size[axis];
  };
  const along = axis => ({values: on(['layers', 'layer'], at => [...Array(size(at, axis)).keys()])});
  const part = (name, spell = value => value) => ({
    start: on(['layers', 'layer'], at => spell(read(at.layers)[at.layer][name])),
    sets: on(['layers', 'layer'], at => {
      const layers = read(at.layers);
      layers[at.layer] = {...layers[at.layer], [name]: name === 'kind' ? at.value[0] : at.value};
      return {layers: write(layers)};
    }),
  });
  const valid = text => /^([cm]\d+\.\d\.\d\.\d(,|$)){1,99}$/.test(text) && text.split(',').length <= longest &&
    read(text).every(l => l.kernel >= 1 && l.kernel <= 11 && l.stride >= 1 && l.stride <= 4 && l.padding <= 8 && l.dilation >= 1 && l.dilation <= 8);
  return {
    layers: {values: on([], at => [at.layers]), read: text => (valid(text) ? text : undefined)},
    layer: {values: on(['layers'], at => read(at.layers).map((l, n) => [`${n + 1}: ${title(l)}`, n]))},
    row: along(0), column: along(1),
    chain: {start: on(['layers'], at => named(at.layers)), sets: on(['layers'], at => at.value === 'my own'
      ? {chain: named(at.layers)} : {layers: chains[at.value], layer: read(chains[at.value]).length - 1})},
    add: {sets: on(['layers', 'layer', 'new'], at => {
      const layers = read(at.layers), after = at.layer + 1;
      if (layers.length === longest) return {};
      return {layers: write([...layers.slice(0, after), ...read(kinds[at.new]), ...layers.slice(after)]), layer: after};
    })},
    remove: {sets: on(['layers', 'layer'], at => {
      const rest = read(at.layers).filter((_, n) => n !== at.layer);
      return rest.length ? {layers: write(rest), layer: Math.min(at.layer, rest.length - 1)} : {};
    })},
    kind: part('kind', kind => KINDS[kind][0]), kernel_size: part('kernel'), stride: part('stride'),
    padding: part('padding'), dilation: part('dilation'),
  };
}

function answer({shape, name, backdrop}, {layers: text, layer, row, column}) {
  const layers = read(text), count = layers.length, photo = {shape, name}, problem = misfit(layers, shape);
  const sheet = drawn(HIGHER, strip(layers)), common = {backdrop, sheet};
  if (problem) return {...common, front: drawn(HIGHER, frame(count, layer), problem), words: problem, table: '',
    marks: JSON.stringify(boxes(count))};
  const all = sights(layers, shape), here = all[layer], {below} = here, unit = [row, column];
  const one = unit.map((at, axis) => here.seen[axis][at]);
  const seen = one.some(([first, end]) => first === end) ? [[0, 0], [0, 0]] : one;
  const [high, wide] = seen.map(([first, end]) => end - first), share = high * wide / (shape[0] * shape[1]);
  const local = {jump: below.jump, places: unit.map((at, axis) => taps(layers[layer], at, below.size[axis])
    .map(tap => below.start + below.jump * tap + below.field / 2))};
  const heading = `all that unit (${row}, ${column}) sees: ${high}×${wide} pixels`;
  const told = said(layers[layer], layer, here, seen, unit, share, hasDots(local));
  return {...common, words: told, table: table(layers, all, layer), marks: JSON.stringify(marks(photo, here, count)),
    front: drawn(HIGHER, field(photo, ...seen, local, heading) + frame(count, layer), told.split('\n')[0])};
}
coursekitRules.receptive_field = constants => ({
  settings: settings(constants), answer: state => answer(constants, state),
});
})();

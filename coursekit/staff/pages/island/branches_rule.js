// What an inception module costs, computed in the page: the rule of
// coursekit/explore/branches.py. Tests hold both against each other, state by state.
(() => {
'use strict';
const {even, words, filled, drawn, tableOf} = coursekitDrawing;
const SERIES = ['#0072B2', '#009E73', '#CC79A7', '#000000'];
const {format: many} = new Intl.NumberFormat('en-US');
const percent = share => `${even(share * 100)}%`;

function branch(name, layers, pools, {side, channels}) {
  const sum = tell => layers.reduce((total, layer) => total + tell(...layer), 0);
  return {
    name, channels: layers.length ? layers.at(-1)[1] : channels,
    parameters: sum((a, b, k) => a * b * k * k + b),
    work: side * side * sum((a, b, k) => a * b * k * k),
    field: 1 + 2 * pools + sum((a, b, k) => k - 1),
    layers: [...(pools ? ['3×3 max pooling'] : []), ...layers.map(([, b, k]) => `${k}×${k} to ${b}`)].join(', '),
  };
}
function answer(map, {one, three, five, bottlenecks, before_three: third, before_five: fifth, after_pooling: last}) {
  const all = map.channels, reduced = (first, width, k) =>
    (bottlenecks ? [[all, first, 1], [first, width, k]] : [[all, width, k]]);
  const branches = [
    branch('1×1', [[all, one, 1]], 0, map),
    branch('3×3', reduced(third, three, 3), 0, map),
    branch('5×5', reduced(fifth, five, 5), 0, map),
    branch('pooling', bottlenecks ? [[all, last, 1]] : [], 1, map),
  ];
  const total = key => branches.reduce((sum, b) => sum + b[key], 0), work = total('work');
  const most = Math.max(...branches.map(b => b.work));
  const dearest = branches.filter(b => b.work === most).map(b => b.name).join(' and ');
  const shape = channels => `${map.side}×${map.side}×${channels}`;
  const text = `${bottlenecks ? 'With' : 'Without'} bottlenecks ${shape(all)} becomes ${shape(total('channels'))}: ` +
    `${many(total('parameters'))} parameters, ${many(work)} multiply-adds, most in ${dearest}.\n` +
    `Its units see ${branches.map(b => `${b.field}×${b.field}`).join(', ')} pixels of the map, branch by branch.`;
  const body = words(8, 22, 'share of the multiply-adds, and what each branch adds') + branches.map((b, i) => {
    const y = 44 + 58 * i, wide = Math.max(2, 500 * (b.work / work));
    return words(8, y + 26, b.name) + filled(104, y, wide, 40, SERIES[i]) +
      words(104 + wide + 8, y + 26, `${percent(b.work / work)}, ${b.channels} channels`);
  }).join('');
  const table = tableOf([['branch', 'layers', 'channels out', 'parameters', 'multiply-adds', 'field'],
    ...branches.map(b => [b.name, b.layers, `${b.channels}`, many(b.parameters), many(b.work), `${b.field}×${b.field}`])]);
  return {backdrop: map.backdrop, sheet: '', words: text, table, marks: '[]',
    front: drawn(284, body, text.split('\n')[0])};
}
coursekitRules.branches = constants => ({answer: state => answer(constants, state)});
})();

// Explorers that live in a page. render({model, el}): `model` knows the settings and
// answers them with the parts of a picture, `el` is the figure on the page.
// Nothing is fetched; what Python computed lies compressed in the figure.
(() => {
'use strict';
if (window.coursekitIslands) return; // where the script stands on a page twice

const {png} = coursekitDrawing;
const make = (tag, traits, ...inside) => {
  const element = Object.assign(document.createElement(tag), traits);
  element.append(...inside);
  return element;
};
const key = values =>
  values.map(v => (typeof v === 'string' ? v : JSON.stringify(v))).join('|');
const look = (table, at) => {
  if (typeof table === 'function') return table(at); // of a rule
  return table.by ? table.at[key(table.by.map(n => at[n]))] : table.all;
};
const hangsOn = (table, names) => (table?.by ?? []).some(name => names.has(name));
const nearest = (values, wish) => {
  if (values.includes(wish) || typeof wish !== 'number') return values.includes(wish) ? wish : values[0];
  return values.reduce((best, v) => (Math.abs(v - wish) < Math.abs(best - wish) ? v : best));
};
// What a button asks for may be no state of this page: then the next one that is.
const towards = (values, wish, was) => {
  const found = nearest(values, wish);
  if (found !== was || wish === was || typeof wish !== 'number') return found;
  const beyond = values.filter(v => (v - was) * (wish - was) > 0);
  return beyond.length ? nearest(beyond, was) : found;
};

// The settings of an explorer, as its declaration in Python has them.
class Settings {
  constructor(said, rule = {}) {
    Object.assign(this, said);
    this.control = Object.fromEntries(said.controls.map(c => [c.name, Object.assign(c, rule[c.name])]));
    this.sizes = new Map();
    this.needed = this.order.map((_, i) => this.order.slice(0, i).filter(before =>
      this.order.slice(i).some(name => ['values', 'active', 'rest'].some(part =>
        hangsOn(this.control[name][part], new Set([before]))))));
  }
  pairs(name, at) {
    return look(this.control[name].values, at).map(v => (Array.isArray(v) ? v : [String(v), v]));
  }
  values(name, at) { return this.pairs(name, at).map(([, value]) => value); }
  text(name, at) {
    return this.pairs(name, at).find(([, value]) => value === at[name])?.[0] ?? String(at[name]);
  }
  counts(name, at) { return look(this.control[name].active, at); }
  // What a state is drawn as: settings that do not count now are at rest.
  drawn(state) {
    const at = {};
    for (const name of this.order)
      at[name] = this.counts(name, {...state, ...at}) ? state[name] : look(this.control[name].rest, at);
    return at;
  }
  // The state after some controls were set, all fitted to each other.
  after(state, changes) {
    const now = {...state, ...changes}, wanted = {...changes}, todo = Object.keys(changes);
    while (todo.length) {
      const name = todo.pop(), sets = this.control[name].sets;
      const more = sets ? look(sets, {...now, value: now[name]}) ?? {} : {};
      for (const n in more) if (more[n] !== now[n] && n !== name) todo.push(n);
      Object.assign(now, more);
      Object.assign(wanted, more);
    }
    const next = {...state}, moved = new Set();
    for (const name of [...this.order, ...this.also]) {
      const about = this.control[name], values = this.values(name, next);
      let value = state[name];
      if (name in wanted) value = wanted[name];
      if (about.read) {
        next[name] = value;
        if (value !== state[name]) moved.add(name);
        continue;
      }
      if (name in wanted) value = wanted[name];
      else if (hangsOn(about.start, moved)) value = look(about.start, next);
      else if (about.share && hangsOn(about.values, moved)) {
        const before = this.values(name, state);
        value = values[Math.floor((before.indexOf(value) + 0.5) / before.length * values.length)];
      }
      next[name] = towards(values, value, state[name]);
      if (next[name] !== state[name]) moved.add(name);
    }
    return next;
  }
  // How many states there are of the settings from the i-th on.
  size(i, at) {
    if (i === this.order.length) return 1;
    const place = i + '|' + key(this.needed[i].map(name => at[name]));
    if (!this.sizes.has(place)) {
      const name = this.order[i];
      this.sizes.set(place, this.held(name, at).reduce(
        (sum, value) => sum + this.size(i + 1, {...at, [name]: value}), 0));
    }
    return this.sizes.get(place);
  }
  held(name, at) {
    return this.counts(name, at) ? this.values(name, at) : [look(this.control[name].rest, at)];
  }
  // The place of a state in the list that Python made.
  number(at) {
    let number = 0;
    this.order.forEach((name, i) => {
      for (const value of this.held(name, at)) {
        if (value === at[name]) break;
        number += this.size(i + 1, {...at, [name]: value});
      }
    });
    return number;
  }
  // The nearest state to what a link asks for, and what had to give way.
  asked(wishes) {
    const state = {...this.now}, gave = [];
    for (const name of this.order) {
      const pairs = this.pairs(name, state), values = pairs.map(([, value]) => value);
      const wish = wishes[name];
      if (wish === undefined) {
        state[name] = nearest(values, state[name]);
        continue;
      }
      const own = this.control[name].read?.(wish);
      const found = own ? [own, own] : pairs.find(([text, value]) => String(value) === wish || text === wish);
      state[name] = found ? found[1] : nearest(values, wish.trim() && !isNaN(wish) ? +wish : wish);
      if (!found) gave.push(`${look(this.control[name].label, state)} ${wish} (now ${this.text(name, state)})`);
    }
    for (const name in wishes)
      if (!this.order.includes(name)) gave.push(`a setting “${name}”`);
    for (const name of this.also)
      if (this.control[name].start) state[name] = look(this.control[name].start, state);
    return [state, gave];
  }
}

// The answer to a state: from the table that Python computed, see packed.py.
const tabled = (settings, states) => state => {
  const number = settings.number(settings.drawn(state));
  return Object.fromEntries(Object.entries(states).map(([name, text]) => [name, text(number)]));
};
class Unpacked {
  constructor(bytes) {
    const size = new DataView(bytes.buffer).getUint32(0, true), decoder = new TextDecoder();
    const {parts, pieces, pictures, ...said} = JSON.parse(decoder.decode(bytes.subarray(4, 4 + size)));
    this.said = said;
    this.pieces = decoder.decode(bytes.subarray(4 + size, 4 + size + pieces)).split('\0');
    this.states = {};
    let at = 4 + size + pieces;
    for (const [name, [states, texts, count]] of Object.entries(parts)) {
      this.states[name] = this.part(bytes.subarray(at, at += 3 * count), states, texts, count);
    }
    this.pictures = pictures.flatMap(([head, count]) => Array.from({length: count}, () => {
      const size = head[4] + head[5] + head[6];
      return {head, bytes: bytes.subarray(at, at += size)};
    }));
  }
  piece(number) {
    const text = this.pieces[number];
    if (text[0] !== '\x01') return text;
    const {head, bytes} = this.pictures[text.slice(1)];
    return `data:image/png;base64,${png(head, bytes)}"`;
  }
  part(planes, states, texts, count) {
    const number = i => planes[i] | planes[count + i] << 8 | planes[2 * count + i] << 16;
    const of = new Uint32Array(states), row = new Uint32Array(texts), rows = new Map(), first = new Map();
    for (let i = 0, now = 0; i < states; i++) of[i] = now = now + number(i) & 0xffffff;
    for (let i = 0; i < texts; i++) {
      const length = number(states + i);
      row[i] = rows.get(length) ?? 0;
      rows.set(length, row[i] + 1);
    }
    let at = states + texts;
    for (const [length, high] of rows) first.set(length, (at += length * high) - length * high);
    return state => {
      const length = number(states + of[state]), high = rows.get(length), start = first.get(length);
      let text = '';
      for (let i = 0; i < length; i++) text += this.piece(number(start + i * high + row[of[state]]));
      return text;
    };
  }
}

function render({model, el}) {
  const part = name => el.querySelector(`.coursekit-${name}`);
  const layers = [...el.querySelectorAll('.coursekit-layer')];
  const touch = make('div', {className: 'coursekit-touch'});
  part('layers').append(touch);
  const shown = {}, controls = {};
  let state = model.settings.now;

  const put = (name, text, show) => {
    if (shown[name] !== text) show(shown[name] = text);
  };
  const draw = note => {
    const parts = model.answer(state);
    ['backdrop', 'sheet', 'front'].forEach((name, i) =>
      put(name, parts[name], html => { layers[i].innerHTML = html; }));
    const words = note ? parts.words + '\n' + note : parts.words;
    put('words', words, text => part('words').replaceChildren(
      ...text.split('\n').flatMap((line, i) => (i ? [make('br'), line] : [line]))));
    put('table', parts.table, html => { part('table').innerHTML = html; });
    put('marks', parts.marks, text => lay(touch, JSON.parse(text), parts.backdrop || parts.front, set));
    for (const name in controls) controls[name].follow(state);
    part('now').textContent = Object.keys(controls).filter(n => n in state && model.settings.counts(n, state))
      .map(n => `${look(model.settings.control[n].label, state)} ${model.settings.text(n, state)}`).join(' · ');
  };
  const go = (next, note = '') => { state = next; draw(note); };
  const set = (changes, settled) => {
    go(model.settings.after(state, changes));
    el.dispatchEvent(new CustomEvent('coursekit-moved', {bubbles: true, detail: settled && Object.keys(changes).join()}));
  };
  const groups = new Map([['', part('controls')]]);
  for (const about of model.settings.controls) {
    const control = KINDS[about.kind]?.(about, model.settings, changes => set(changes, false), changes => set(changes, true));
    if (!control) continue;
    if (!groups.has(about.group)) {
      const field = make('fieldset', {}, make('legend', {}, about.group));
      part('controls').append(field);
      groups.set(about.group, field);
    }
    groups.get(about.group).append(control.element);
    controls[about.name] = control;
  }
  el.classList.add('coursekit-live');
  draw();
  return {go, state: () => state};
}

// Controls: an element, and how it follows the state.
const named = (about, settings, input, ...more) => {
  const label = make('span', {}), element = make('label', {}, label, input, ...more);
  return {element, follow(state) {
    input.ariaLabel = label.textContent = look(about.label, state);
    input.disabled = !settings.counts(about.name, state);
  }};
};
const KINDS = {
  slider(about, settings, set, settle) {
    const input = make('input', {type: 'range', min: 0, step: 1}), number = make('span', {className: 'coursekit-number'});
    const base = named(about, settings, input);
    base.element.firstChild.after(' ', number);
    let values = [];
    const value = () => ({[about.name]: values[input.value]});
    input.oninput = () => set(value());
    input.onchange = () => settle(value());
    if (about.play) base.element.append(player(about, input));
    return {...base, follow(state) {
      base.follow(state);
      values = settings.values(about.name, state);
      input.disabled ||= values.length < 2;
      input.max = values.length - 1;
      input.value = values.indexOf(state[about.name]);
      input.ariaValueText = number.textContent = settings.text(about.name, state);
    }};
  },
  menu(about, settings, set, settle) {
    const input = make('select', {}), base = named(about, settings, input);
    let said = '', values = [];
    input.onchange = () => settle({[about.name]: values[input.selectedIndex]});
    return {...base, follow(state) {
      base.follow(state);
      const pairs = settings.pairs(about.name, state), texts = pairs.map(([text]) => text);
      values = pairs.map(([, value]) => value);
      if (said !== texts.join('\n')) {
        said = texts.join('\n');
        input.replaceChildren(...texts.map(text => make('option', {}, text)));
      }
      input.selectedIndex = values.indexOf(state[about.name]);
    }};
  },
  box(about, settings, set, settle) {
    const input = make('input', {type: 'checkbox'}), base = named(about, settings, input);
    base.element.className = 'coursekit-box';
    base.element.prepend(input);
    input.onchange = () => settle({[about.name]: input.checked});
    return {...base, follow(state) {
      base.follow(state);
      input.checked = state[about.name];
    }};
  },
  button(about, settings, set, settle) {
    const element = make('button', {type: 'button'});
    element.onclick = () => settle({[about.name]: null});
    return {element, follow(state) { element.textContent = look(about.label, state); }};
  },
};

// A button that moves a slider by itself; nobody gets it who asked for less motion.
function player(about, input) {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return '';
  const button = make('button', {type: 'button'}, about.play);
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; button.ariaPressed = 'false'; };
  const step = () => {
    if (+input.value >= +input.max) return stop();
    input.value = +input.value + 1;
    input.dispatchEvent(new Event('input'));
  };
  button.onclick = () => {
    if (timer) return stop();
    if (+input.value >= +input.max) input.value = -1;
    timer = setInterval(step, 500);
    button.ariaPressed = 'true';
  };
  button.ariaPressed = 'false';
  return button;
}

// Lay what can be pointed at over the picture: see Mark in coursekit/explore/marks.py.
function lay(touch, marks, picture, set) {
  const space = 'http://www.w3.org/2000/svg', svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', picture.match(/viewBox="([^"]*)"/)[1]);
  svg.setAttribute('aria-hidden', 'true');
  for (const [x, y, width, height, sets, rows, columns] of marks) {
    const rect = document.createElementNS(space, 'rect');
    Object.entries({x, y, width, height}).forEach(pair => rect.setAttribute(...pair));
    if (rows * columns > 1) rect.dataset.cells = '';
    let said = '';
    const point = (event, settled) => {
      const box = rect.getBoundingClientRect();
      const cell = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
      const row = cell((event.clientY - box.top) / box.height, rows);
      const column = cell((event.clientX - box.left) / box.width, columns);
      const values = {...sets};
      for (const name in values) if (Array.isArray(values[name])) {
        const [first, down, across] = values[name];
        values[name] = first + down * row + across * column;
      }
      if (!settled && said === JSON.stringify(values)) return;
      said = JSON.stringify(values);
      set(values, settled);
    };
    rect.onpointerdown = event => {
      if (event.button) return;
      event.preventDefault();
      held.take(event, point);
    };
    svg.append(rect);
  }
  touch.replaceChildren(svg);
  const held = {
    // The picture changes under the pointer: the first rectangle keeps it until the end.
    take(event, point) {
      touch.setPointerCapture(event.pointerId);
      point(event, false);
      touch.onpointermove = moved => point(moved, false);
      touch.onpointerup = touch.onpointercancel = last => {
        touch.onpointermove = touch.onpointerup = touch.onpointercancel = null;
        point(last, true);
      };
    },
  };
}

async function opened(letters) {
  const bytes = Uint8Array.from(atob(letters), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Unpacked(new Uint8Array(await new Response(stream).arrayBuffer()));
}

// All islands of the page and its address: #width=3, or #padding.width=3 among several.
const live = new Map();
const wishes = () => {
  const asked = {};
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const [island, setting] = name.includes('.') ? name.split('.') : [live.keys().next().value, name];
    (asked[island] ??= {})[setting] = value;
  }
  return asked;
};
const follow = () => {
  const asked = location.hash.includes('=') ? wishes() : {};
  for (const [name, {model, view, el}] of live) {
    const [state, gave] = model.settings.asked(asked[name] ?? {});
    const note = gave.length ? `The link asks for what is not there: ${gave.join(', ')}.` : '';
    view.go(state, note);
    if (asked[name]) el.scrollIntoView({block: 'nearest'});
  }
};
const address = () => {
  const asked = new URLSearchParams();
  for (const [name, {model, view}] of live)
    for (const [setting, value] of Object.entries(view.state()))
      if (model.settings.order.includes(setting) && value !== model.settings.now[setting])
        asked.append(live.size > 1 ? `${name}.${setting}` : setting, value);
  return asked.size ? `#${asked}` : location.pathname + location.search;
};
// One step back leads to before a control was moved, however often it was.
let last = '';
document.addEventListener('coursekit-moved', event => {
  if (!event.detail) return;
  const moved = event.target.dataset.name + event.detail;
  history[moved === last ? 'replaceState' : 'pushState'](null, '', address());
  last = moved;
});
const back = () => { last = ''; follow(); };
addEventListener('popstate', back);
addEventListener('hashchange', back);

async function start() {
  for (const el of document.querySelectorAll('.coursekit-island')) {
    if (!window.DecompressionStream) {
      el.querySelector('.coursekit-why').textContent =
        'A still picture: this browser is too old to unpack the others.';
      continue;
    }
    const {states, said} = await opened(el.querySelector('.coursekit-states').textContent);
    const rule = said.constants && coursekitRules[el.dataset.name](said.constants);
    const settings = new Settings(said, rule?.settings);
    const model = {settings, answer: rule?.answer ?? tabled(settings, states)};
    let name = el.dataset.name;
    for (let n = 2; live.has(name); n++) name = `${el.dataset.name}-${n}`;
    live.set(name, {model, el, view: render({model, el})});
  }
  if (location.hash.includes('=')) follow();
  document.documentElement.dataset.coursekitIslands = 'ready';
}
window.coursekitIslands = {live, render, Settings};
if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start);
else start();
})();

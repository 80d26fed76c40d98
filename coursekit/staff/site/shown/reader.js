// A session's page: predictions that are judged, results that wait for them, a quiz.
// Without this script the page shows everything.
document.addEventListener("DOMContentLoaded", () => {
  const KEY = "coursekit-predictions", MARKS = "coursekit-quiz";
  const article = document.querySelector("article.bd-article") || document.body;
  const forms = new Map();

  function read(key) {
    try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; }
  }
  function keep(key, name, value) {
    try {
      localStorage.setItem(key, JSON.stringify({ ...read(key), [name]: value }));
    } catch { /* a browser that keeps nothing: the answer holds until the page goes */ }
  }
  function make(tag, attributes = {}, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  }

  // ---- predictions -------------------------------------------------------------
  for (const form of article.querySelectorAll("form.ck-form")) {
    const asked = JSON.parse(form.dataset.asked);
    const kept = read(KEY)[asked.name];
    forms.set(asked.name, { form, asked, answer: kept === undefined ? undefined : kept });
    form.addEventListener("submit", (event) => { event.preventDefault(); commit(asked.name); });
  }

  function field(asked) {
    if (asked.options.length)
      return asked.options.map((option, n) =>
        make("label", { class: "ck-option" },
          make("input", { type: "radio", name: asked.name, value: n, required: "" }),
          " ", typeof option === "number" && asked.unit ? `${option.toLocaleString("en")} ${asked.unit}`
            : typeof option === "number" ? option.toLocaleString("en") : String(option)));
    const box = make("input", { type: "text", inputmode: "decimal", size: 10, autocomplete: "off", required: "" });
    return [make("label", {}, "a number ", box, asked.unit ? ` ${asked.unit}` : "")];
  }
  function margin(asked) {
    if (asked.factor !== null) return `right within a factor of ${asked.factor}`;
    if (asked.within) return `right within ±${asked.within} ${asked.unit}`.trim();
    return asked.options.filter((one) => typeof one === "number").length > 1
      ? "the nearest is right" : "";
  }
  function ask(name) {
    const { form, asked } = forms.get(name);
    const skip = make("button", { type: "button", class: "ck-quiet" }, "skip and read on");
    skip.addEventListener("click", () => settle(name, null));
    form.replaceChildren(
      make("fieldset", {}, make("legend", {}, "Your prediction"), ...field(asked),
        make("p", { class: "ck-margin" }, margin(asked))),
      make("p", { class: "ck-buttons" }, make("button", { type: "submit" }, "Predict"), " ", skip),
      make("p", { class: "ck-say", role: "alert" }));
  }
  function commit(name) {
    const { form, asked } = forms.get(name);
    if (asked.options.length) {
      const option = asked.options[form.querySelector("input:checked").value];
      return settle(name, { value: option, whole: Number.isInteger(option) });
    }
    const guess = coursekitJudge.typed(form.querySelector("input").value);
    if (guess === null) form.querySelector(".ck-say").textContent = "A number, please, such as 12 or 0.5.";
    else settle(name, guess);
  }
  function settle(name, answer) {
    forms.get(name).answer = answer;
    keep(KEY, name, answer);
    show();
    forms.get(name).form.querySelector("button").focus();
  }
  function noted(name) {
    const { form, asked, answer } = forms.get(name);
    const words = answer === null ? "skipped" : `noted, ${coursekitJudge.written(answer)} ${typeof answer.value === "number" ? asked.unit : ""}`.trim();
    const again = make("button", { type: "button", class: "ck-quiet" }, "change");
    again.addEventListener("click", () => {
      forms.get(name).answer = undefined;
      show();
      form.querySelector("input").focus();
    });
    form.replaceChildren(make("p", { role: "status" }, `Your prediction: ${words}. `, again));
  }

  // ---- what waits for them -----------------------------------------------------
  // Everything between a prediction and the end of the part in which it is revealed.
  function blocks(root) {
    return [...root.children].flatMap((one) =>
      one.matches("section") ? blocks(one) : [one]);
  }
  const heading = /^H[1-6]$/;
  function waiting() {
    const open = new Map(), found = [];
    for (const block of blocks(article)) {
      if (heading.test(block.tagName) || /^\s*(Predict:|Exercise |Challenge )/.test(block.textContent))
        for (const [name, told] of open) if (told) open.delete(name);
      if (open.size) found.push([block, [...open.keys()]]);
      const form = block.matches("form.ck-form") ? block : block.querySelector("form.ck-form");
      if (form) open.set(JSON.parse(form.dataset.asked).name, false);
      for (const told of block.querySelectorAll("[data-told]"))
        if (open.has(told.dataset.told)) open.set(told.dataset.told, true);
    }
    return found;
  }
  const waits = waiting();

  function card(place, asked, answer) {
    const words = coursekitJudge.sentence(asked, answer);
    if (place.tagName === "SPAN") { place.textContent = words; return; }
    const hit = answer === null ? null : coursekitJudge.isHit(asked, answer);
    const sign = hit === null ? "–" : hit ? "✓" : "✗";
    const colour = hit === null ? "grey" : hit ? "right" : "wrong";
    place.className = `ck-told ck-${colour}`;
    place.replaceChildren(make("strong", {}, `${sign} ${words}`));
  }
  function show() {
    const isOpen = (name) => forms.get(name).answer === undefined;
    for (const [name, { asked, answer }] of forms) {
      if (answer === undefined) { if (!forms.get(name).form.querySelector("fieldset")) ask(name); }
      else noted(name);
      for (const place of article.querySelectorAll(`[data-told="${CSS.escape(name)}"]`))
        card(place, asked, answer === undefined ? null : answer);
    }
    for (const [block, names] of waits) block.classList.toggle("ck-waits", names.some(isOpen));
    for (const [name, { form }] of forms) {
      const count = waits.filter(([, names]) => names.includes(name)).length;
      if (isOpen(name) && count)
        form.append(make("p", { class: "ck-margin" }, "The experiment and its result wait for your answer."));
    }
    hits();
    reach();
  }
  // What is wider than its box scrolls by keyboard, too, once it is in sight.
  function reach() {
    for (const box of article.querySelectorAll("pre, .cell_output, .output"))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
  article.addEventListener("toggle", reach, true);
  for (const event of ["load", "resize"]) addEventListener(event, () => setTimeout(reach, 500));
  function hits() {
    const place = article.querySelector(".ck-hits");
    if (!place) return;
    const all = [...forms.values()], made = all.filter((one) => one.answer);
    const right = made.filter((one) => coursekitJudge.isHit(one.asked, one.answer));
    const missed = made.filter((one) => !right.includes(one));
    const rows = all.map(({ asked, answer }) => make("tr", {},
      make("th", { scope: "row" }, asked.name.slice(3).replaceAll("-", " ")),
      make("td", {}, answer === undefined ? "still open" : coursekitJudge.sentence(asked, answer))));
    place.replaceChildren(
      make("p", {}, make("strong", {}, `${right.length} of ${made.length} predictions hit`),
        all.length > made.length ? `; ${all.length - made.length} not made` : "",
        missed.length ? ". Where intuition failed is where you learnt most." : ""),
      make("table", {}, make("tbody", {}, ...rows)));
  }

  // ---- the whole page at once, and links into what waits --------------------------
  if (forms.size) {
    const first = article.querySelector(".ck-open");
    const all = make("button", { type: "button", class: "ck-quiet" }, "show everything");
    const anew = make("button", { type: "button", class: "ck-quiet" }, "ask me anew");
    all.addEventListener("click", () => {
      for (const [name, one] of forms) if (one.answer === undefined) { one.answer = null; keep(KEY, name, null); }
      show();
    });
    anew.addEventListener("click", () => {
      for (const [name, one] of forms) { one.answer = undefined; keep(KEY, name, undefined); }
      show();
    });
    const many = `${forms.size} predictions on this page, judged here. `;
    (first || article).append(make("p", { class: "ck-all" }, many, all, " ", anew));
    show();
    const follow = () => {
      const id = decodeURIComponent(location.hash.slice(1));
      const target = id && !id.includes("=") && document.getElementById(id);
      for (const [block, names] of waits)
        if (target && (block === target || block.contains(target)) && block.classList.contains("ck-waits"))
          for (const name of names) if (forms.get(name).answer === undefined) settle(name, null);
      if (target) target.scrollIntoView();
    };
    addEventListener("hashchange", follow);
    if (location.hash) follow();
  }

  // ---- quiz ---------------------------------------------------------------------
  const page = location.pathname.split("/").pop();
  const quiz = [...article.querySelectorAll("details")].filter(
    (one) => one.querySelector("summary")?.textContent.trim() === "Answer");
  const score = make("p", { class: "ck-score", role: "status" });
  function count() {
    const kept = read(MARKS), mine = quiz.map((_, n) => kept[`${page} ${n}`]);
    const done = mine.filter((one) => one !== undefined).length;
    score.textContent = `Quiz: ${mine.filter(Boolean).length} of ${quiz.length} known` +
      (done < quiz.length ? `, ${quiz.length - done} not answered yet.` : ".");
    quiz.forEach((fold, n) => fold.querySelectorAll(".ck-mark").forEach((button) =>
      button.setAttribute("aria-pressed", String(mine[n] === (button.value === "yes")))));
  }
  quiz.forEach((fold, n) => {
    const marks = [["yes", "I knew it"], ["no", "not yet"]].map(([value, words]) => {
      const button = make("button", { type: "button", class: "ck-mark", value }, words);
      button.addEventListener("click", () => { keep(MARKS, `${page} ${n}`, value === "yes"); count(); });
      return button;
    });
    fold.append(make("p", { class: "ck-buttons" }, marks[0], " ", marks[1]));
    const paper = make("textarea", { rows: 2, "aria-label": `Your answer to question ${n + 1}`,
      placeholder: "Your answer, in a few words" });
    fold.before(paper);
  });
  if (quiz.length) { quiz.at(-1).after(score); count(); }

  // ---- copy buttons ---------------------------------------------------------------
  for (const code of document.querySelectorAll("article .highlight pre")) {
    const button = make("button", { type: "button", class: "ck-copy", "aria-label": "Copy this code" }, "copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent.replace(/^copy/, ""));
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
    code.parentElement.append(button);
    code.tabIndex = 0;
  }

  // ---- a table that can be searched -------------------------------------------------
  for (const box of document.querySelectorAll("input.ck-search")) {
    const rows = [...document.querySelectorAll(`#${box.dataset.table} tbody tr`)];
    const found = document.getElementById(box.getAttribute("aria-describedby"));
    const choice = document.querySelector("select.ck-verdict");
    const look = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows)
        row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word))
          || Boolean(choice.value) && row.dataset.verdict !== choice.value;
      const left = rows.filter((row) => !row.hidden).length;
      found.textContent = `${left} of ${rows.length} claims`;
    };
    box.addEventListener("input", look);
    choice.addEventListener("input", look);
    look();
  }
});

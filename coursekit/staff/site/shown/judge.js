// Whether a prediction was right, by the rule of coursekit.course.predictions; the tests
// compare both. `asked` is what outcome_data.told wrote; `guess` a number or an option.
const coursekitJudge = (() => {
  const near = 1 + 1e-9;

  function same(one, other) {
    if (typeof one === "string" && typeof other === "string")
      return one.trim().toLowerCase() === other.trim().toLowerCase();
    return (typeof one === "boolean") === (typeof other === "boolean") && one === other;
  }

  // The options that are right: the one measured, else the nearest numbers.
  function nearest(asked) {
    const equal = asked.options.filter((one) => same(one, asked.measured));
    if (equal.length || typeof asked.measured !== "number") return equal;
    const numbers = asked.options.filter((one) => typeof one === "number");
    const away = (one) => Math.abs(one - asked.measured);
    const least = Math.min(...numbers.map(away));
    return numbers.filter((one) => away(one) === least);
  }

  function isHit(asked, guess) {
    if (asked.options.length) return nearest(asked).some((one) => same(guess.value, one));
    const [said, measured] = [guess.value, asked.measured];
    if (asked.factor !== null) {
      const [low, high] = [said, measured].map(Math.abs).sort((a, b) => a - b);
      return said * measured > 0 && high <= asked.factor * low * near;
    }
    return Math.abs(said - measured) <= asked.within * near || written(guess) === asked.text;
  }

  // As Python's number_text: 1,234 for whole numbers, else four significant digits.
  function written(guess) {
    if (typeof guess.value === "string") return guess.value;
    if (typeof guess.value === "boolean") return guess.value ? "True" : "False";
    if (guess.whole) return grouped(guess.value.toFixed(0));
    const short = Number(guess.value.toPrecision(4)), size = Math.abs(short);
    if (size >= 1e4 && size < 1e15) return grouped(short.toFixed(0));
    if (size === 0 || (size >= 1e-4 && size < 1e4)) return String(short);
    return short.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }

  function grouped(digits) {
    return digits.replace(/\B(?=(\d{3})+$)/g, ",");
  }

  function withUnit(asked, guess) {
    const bare = typeof guess.value !== "number" || !asked.unit;
    return bare ? written(guess) : `${written(guess)} ${asked.unit}`;
  }

  function because(asked, guess, hit) {
    if (!hit || written(guess) === asked.exact) return "";
    if (asked.options.length) return ": the nearest of the options";
    if (asked.factor !== null) return ` within a factor of ${tolerance(asked.factor)}`;
    return asked.within ? ` within ±${tolerance(asked.within)}` : "";
  }

  function tolerance(value) {
    return written({ value, whole: false });
  }

  function sentence(asked, guess) {
    if (guess === null) return `No prediction; measured ${asked.shown}.`;
    const hit = isHit(asked, guess), word = hit ? "Right" : "Not this time";
    const said = withUnit(asked, guess);
    return `You said ${said}, measured ${asked.shown}. ${word}${because(asked, guess, hit)}.`;
  }

  // What was typed as a number: {value, whole}, or null where it is none.
  function typed(text) {
    const plain = text.trim().replace(/[\s_,](?=\d{3}(\D|$))/g, "").replace(/\s*%$/, "");
    if (!/^[-+−]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain)) return null;
    const value = Number(plain.replace("−", "-"));
    return Number.isFinite(value) ? { value, whole: /^[-+−]?\d+$/.test(plain) } : null;
  }

  return { isHit, sentence, typed, written };
})();

// What the page can do beyond being read: choose a part, sort a table, move the threshold, change the colours.
// Texts are only ever set as text, and numbers come from the JSON in the page.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  // Colours: the reader's system decides until the button is pressed.
  function offerColours() {
    const button = byId("theme");
    const dark = () =>
      (document.documentElement.dataset.theme ||
        (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const tell = () => {
      button.textContent = dark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `${button.textContent} colours`);
    };
    button.addEventListener("click", () => {
      document.documentElement.dataset.theme = dark() ? "light" : "dark";
      tell();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
    tell();
    button.hidden = false;
  }

  // Parts of which one is shown: those that match every chosen option.
  function offerChoices(chooser) {
    const panels = all(`[data-of="${chooser.dataset.panels}"]`);
    const show = () => {
      const chosen = all("input:checked", chooser);
      for (const panel of panels) {
        const wanted = chosen.every((input) => panel.dataset[input.dataset.key] === input.value);
        panel.classList.toggle("off", !wanted);
      }
    };
    chooser.addEventListener("change", show);
    chooser.hidden = false;
    show();
  }

  // Sorting by a column: as numbers where the cells are some, else as text. The first row, of all rows, stays, unless
  // the table says that every row is sorted.
  function offerSorting(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if ("fixed" in head.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const falling = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const rows = [...body.rows];
        const staying = rows.splice(0, table.dataset.sortable === "all" ? 0 : 1);
        rows.sort((one, other) => (falling ? -1 : 1) * compare(key(one, column), key(other, column)));
        body.append(...staying, ...rows);
      });
    });
  }

  function key(row, column) {
    const text = row.cells[column].textContent.trim();
    const number = Number.parseFloat(text.replace(/[,<+\s]/g, "").replace("\u2212", "-"));
    return /^[+\u2212<]?\s*\d/.test(text) ? number : text;
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  // Confusion matrices at a threshold: counts of every model at some hundred of them are in the page.
  const counts = JSON.parse(byId("threshold-counts")?.textContent ?? "null");

  function offerThresholds() {
    const slider = byId("threshold");
    const told = byId("threshold-told");
    const ownTold = told.textContent;
    const own = byId("threshold-own");
    const show = (place) => {
      const cells = counts.models.map((model) => cellsAt(model, place));
      cells.forEach((model, number) => showModel(model, cells[0], number));
      const text = place === null ? ownTold : counts.thresholds[place].toFixed(counts.decimals);
      told.textContent = text;
      slider.setAttribute("aria-valuetext", text);
      own.disabled = place === null;
    };
    slider.addEventListener("input", () => show(Number(slider.value)));
    own.addEventListener("click", () => show(null));
    byId("threshold-control").hidden = false;
    show(null);
  }

  function cellsAt(model, place) {
    const tp = place === null ? model.own[0] : model.tp[place];
    const fp = place === null ? model.own[1] : model.fp[place];
    return { tp, fp, fn: model.positives - tp, tn: model.negatives - fp, p: model.positives, n: model.negatives };
  }

  function rates({ tp, fp, fn, tn }) {
    return {
      accuracy: (tp + tn) / (tp + fp + fn + tn),
      precision: tp / (tp + fp),
      recall: tp / (tp + fn),
      f1: (2 * tp) / (2 * tp + fp + fn),
      positive: (tp + fp) / (tp + fp + fn + tn),
    };
  }

  function showModel(model, baseline, number) {
    for (const name of ["tp", "fp", "fn", "tn"]) {
      const whole = name === "tp" || name === "fn" ? "p" : "n";
      const share = model[name] / model[whole];
      const change = share - baseline[name] / baseline[whole];
      const right = name === "tp" || name === "tn";
      fill(`${number}-${name}`, amount(model[name]), percent(share), right ? "right" : "wrong", share);
      const good = change === 0 ? "none" : change > 0 === right ? "right" : "wrong";
      const moved = model[name] - baseline[name];
      const told = [signed(change, points), ""];
      if (counts.paired) told.unshift(signed(moved, amount));
      fill(`${number}-${name}-change`, told[0], told[1], good, 10 * Math.abs(change));
    }
    const now = rates(model);
    const then = rates(baseline);
    for (const name of Object.keys(now)) {
      all(`[data-rate="${number}-${name}"]`).forEach((cell) => {
        cell.querySelector("b").textContent = percent(now[name]);
        cell.querySelector("small").textContent = number === 0 ? "" : signed(now[name] - then[name], points);
      });
    }
    all(`[data-at="${number}"]`).forEach((dot) => {
      const precision = dot.dataset.plot === "precision";
      const x = precision ? now.recall : model.fp / model.n;
      const y = precision ? now.precision : now.recall;
      const defined = Number.isFinite(x) && Number.isFinite(y);
      dot.setAttribute("visibility", defined ? "visible" : "hidden");
      if (!defined) return;
      dot.setAttribute("cx", Number(dot.dataset.left) + x * Number(dot.dataset.side));
      dot.setAttribute("cy", Number(dot.dataset.top) + (1 - y) * Number(dot.dataset.side));
    });
  }

  function fill(id, main, below, tone, depth) {
    all(`[data-cell="${id}"]`).forEach((cell) => {
      cell.querySelector("b").textContent = main;
      cell.querySelector("small").textContent = below;
      cell.dataset.tone = tone;
      cell.dataset.depth = Number.isFinite(depth) ? Math.min(5, Math.round(5 * depth)) : 0;
    });
  }

  function amount(value) {
    const digits = Number.isInteger(value) ? 0 : 1;
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  const points = (share) => `${(100 * share).toFixed(1)}%`;

  // As pictures.py has it: nothing is rounded to 0% or 100% that is not exactly that.
  function percent(share) {
    if (!Number.isFinite(share)) return "n/a";
    if (share === 0 || share === 1) return `${100 * share}%`;
    if (share < 0.001) return "<0.1%";
    return share > 0.999 ? ">99.9%" : points(share);
  }

  function signed(value, write) {
    if (!Number.isFinite(value)) return "n/a";
    const text = write(Math.abs(value));
    if (!/[1-9]/.test(text)) return text;
    return (value < 0 ? "\u2212" : "+") + text;
  }

  addEventListener("beforeprint", () => all("details").forEach((details) => (details.open = true)));
  offerColours();
  all(".chooser").forEach(offerChoices);
  all("[data-sortable]").forEach(offerSorting);
  if (counts) offerThresholds();
})();

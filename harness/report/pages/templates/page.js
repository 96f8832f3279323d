"use strict";
// Sorts, filters, copies and searches what the page already shows. The page reads the same without it.

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

const button = (text, action, attributes = {}) => {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", () => action(element));
  return element;
};

// The words of a cell: notes under the number belong to it, hidden helpers do not.
const textOf = (cell) => {
  const copy = cell.cloneNode(true);
  for (const part of copy.querySelectorAll("[aria-hidden], .spark")) part.remove();
  for (const part of copy.querySelectorAll(".ci, .note")) part.prepend(" ");
  return copy.textContent.replace(/\s+/g, " ").trim();
};

const plainNumber = (text) => text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "");
const numberOf = (cell) => {
  if (cell.dataset.value !== undefined) return parseFloat(cell.dataset.value);
  return parseFloat(plainNumber(textOf(cell)).replace(/^[^\d.+-]+/, ""));
};

const say = (element, words) => {
  const before = element.textContent;
  element.textContent = words;
  setTimeout(() => { element.textContent = before; }, 1500);
};

const copyText = async (text, element) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page inside a frame may not use the clipboard.
    const area = make("textarea", { "aria-label": "text to copy" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(element, "copied");
};

// Tables as text ---------------------------------------------------------------------------------------------------

const shownRows = (table) => [...table.rows].filter((row) => !row.hidden).map(
  (row) => [...row.cells].filter((cell) => !cell.hidden && !cell.classList.contains("bars")).map(textOf));

// A spreadsheet would run a cell that begins like a formula.
const defused = (text) => (/^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.,]+%?$/.test(text) ? `'${text}` : text);
const csvCell = (text) => {
  const safe = defused(plainNumber(text));
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const markdownCell = (text) => text.replace(/([\\`*_[\]|<>&~])/g, "\\$1");
const latexWords = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
  "<": "\\textless{}", ">": "\\textgreater{}", "\u2212": "$-$", "\u2013": "--" };
const latexCell = (text) => text.replace(/[\\~^<>\u2212\u2013]|[{}$&#%_]/g, (found) => latexWords[found] ?? `\\${found}`)
  .replace(/^([[*])/, "{$1}");

const formats = {
  Markdown: (rows) => rows.map((row, place) => {
    const line = `| ${row.map(markdownCell).join(" | ")} |`;
    return place === 0 ? `${line}\n|${" --- |".repeat(row.length)}` : line;
  }).join("\n"),
  LaTeX: (rows) => {
    const lines = rows.map((row) => `${row.map(latexCell).join(" & ")} \\\\`);
    const head = `\\begin{tabular}{l${"r".repeat(Math.max(rows[0].length - 1, 0))}}\n\\toprule`;
    return [head, lines[0], "\\midrule", ...lines.slice(1), "\\bottomrule", "\\end{tabular}"].join("\n");
  },
  CSV: (rows) => rows.map((row) => row.map(csvCell).join(",")).join("\n"),
};

// Tools of a table -------------------------------------------------------------------------------------------------

const sortBy = (table, heading) => {
  const column = heading.cellIndex;
  const ascending = heading.getAttribute("aria-sort") === "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const body = table.tBodies[0];
  const isNumber = heading.classList.contains("n");
  const rows = [...body.rows].filter((row) => !row.dataset.last);
  const keys = new Map(rows.map((row) => [row, isNumber ? numberOf(row.cells[column]) : textOf(row.cells[column])]));
  rows.sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    if (isNumber) {
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
      return ascending ? x - y : y - x;
    }
    return ascending ? y.localeCompare(x) : x.localeCompare(y);
  });
  body.prepend(...rows);
};

const makeSortable = (table) => {
  for (const heading of table.tHead.rows[0].cells) {
    if (heading.classList.contains("bars") || !heading.textContent.trim()) continue;
    const words = make("span", {}, ...heading.childNodes);
    const sorter = button("", () => sortBy(table, heading), { class: "sort", title: "sort" });
    sorter.append(words);
    heading.append(sorter);
  }
};

const choice = (label, options, action) => {
  const select = make("select", { "aria-label": label }, ...options.map((text) => make("option", {}, text)));
  select.addEventListener("change", () => action(select.selectedIndex === 0 ? null : select.value));
  return select;
};

const makeFilters = (table, tools) => {
  const rows = [...table.tBodies[0].rows];
  const wanted = { text: "" };
  const note = make("span", { class: "note", "aria-live": "polite" });
  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      const fits = Object.entries(wanted).every(([key, value]) => !value || (key === "text"
        ? row.textContent.toLowerCase().includes(value) : row.dataset[key] === value));
      row.hidden = !fits;
      shown += fits;
    }
    note.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} rows`;
  };
  const box = make("input", { type: "search", placeholder: "filter rows", "aria-label": "filter rows" });
  box.addEventListener("input", () => { wanted.text = box.value.trim().toLowerCase(); apply(); });
  tools.append(box);
  for (const key of (table.dataset.filters ?? "").split(" ").filter(Boolean)) {
    const values = [...new Set(rows.map((row) => row.dataset[key]).filter(Boolean))].sort();
    if (values.length < 2) continue;
    tools.append(choice(key, [`every ${key}`, ...values], (value) => { wanted[key] = value; apply(); }));
  }
  tools.append(note);
};

const makeCutoffs = (table, tools) => {
  const cutoffs = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.k).filter(Boolean);
  if (cutoffs.length < 3) return;
  tools.append(choice("cutoff", ["every cutoff", ...cutoffs], (chosen) => {
    for (const cell of table.querySelectorAll("[data-k]")) cell.hidden = chosen !== null && cell.dataset.k !== chosen;
  }));
};

for (const table of document.querySelectorAll("table:not(.facts)")) {
  if (!table.tHead || !table.tBodies.length) continue;
  const tools = make("div", { class: "tools" });
  if (table.dataset.filters !== undefined && table.tBodies[0].rows.length > 3) makeFilters(table, tools);
  makeCutoffs(table, tools);
  tools.append(make("span", { class: "copy" }, "copy as ", ...Object.entries(formats).map(
    ([name, format]) => button(name, (self) => copyText(format(shownRows(table)), self)))));
  makeSortable(table);
  table.closest(".scroll").before(tools);
}

// Text to copy -----------------------------------------------------------------------------------------------------

for (const block of document.querySelectorAll("[data-copy]")) {
  const words = block.textContent.trim();
  block.after(button("copy", (self) => copyText(words, self), { class: "copy-text" }));
}

// Users ------------------------------------------------------------------------------------------------------------

for (const part of document.querySelectorAll("[data-users]")) {
  const users = [...part.querySelectorAll("details.user")];
  const note = make("p", { class: "note", "aria-live": "polite" });
  const wanted = { text: "", outcome: null };
  const apply = () => {
    const shown = users.filter((user) => {
      // An id, such as a number, is looked for whole; a title by a part of it.
      const isId = /^\d+$/.test(wanted.text) || users.some((other) => other.dataset.user.toLowerCase() === wanted.text);
      const fits = !wanted.text || user.dataset.user.toLowerCase() === wanted.text
        || (!isId && user.textContent.toLowerCase().includes(wanted.text));
      user.hidden = !fits || (wanted.outcome !== null && user.dataset.outcome !== wanted.outcome);
      return !user.hidden;
    });
    note.textContent = shown.length ? (shown.length === users.length ? "" : `${shown.length} of ${users.length} users`)
      : `${/^\d+$/.test(wanted.text) ? `User ${wanted.text} is not on this page` : "No user here fits"}. ${part.dataset.users}`;
    if (shown.length === 1) shown[0].open = true;
  };
  const box = make("input", { type: "search", placeholder: "user id or title", "aria-label": "search users" });
  box.addEventListener("input", () => { wanted.text = box.value.trim().toLowerCase(); apply(); });
  const tools = make("div", { class: "tools" }, box);
  const outcomes = [...new Set(users.map((user) => user.dataset.outcome).filter(Boolean))];
  if (outcomes.length > 1) {
    tools.append(choice("outcome", ["every outcome", ...outcomes], (value) => { wanted.outcome = value; apply(); }));
  }
  tools.append(button("open all", () => { for (const user of users) user.open = !user.hidden; }));
  users[0]?.before(tools, note);
}

// Notes on hover and focus -----------------------------------------------------------------------------------------

const tip = make("div", { class: "tip", role: "tooltip", id: "tip" });
tip.hidden = true;
document.body.append(tip);
const showTip = (target) => {
  tip.textContent = target.dataset.tip;
  tip.hidden = false;
  const box = target.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(box.left + scrollX, scrollX + innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${box.bottom + scrollY + 6}px`;
  target.setAttribute("aria-describedby", "tip");
};
const hideTip = (target) => { tip.hidden = true; target.removeAttribute("aria-describedby"); };
for (const target of document.querySelectorAll("[data-tip]")) {
  target.tabIndex = 0;
  target.addEventListener("mouseenter", () => showTip(target));
  target.addEventListener("focus", () => showTip(target));
  target.addEventListener("mouseleave", () => hideTip(target));
  target.addEventListener("blur", () => hideTip(target));
}
addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

// Light and dark ---------------------------------------------------------------------------------------------------

const root = document.documentElement;
const stored = () => { try { return localStorage.getItem("harness-theme"); } catch { return null; } };
const store = (theme) => { try { localStorage.setItem("harness-theme", theme); } catch { /* a frame has no storage */ } };
const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
if (["dark", "light"].includes(stored())) root.dataset.theme = stored();
const themeButton = button("", (self) => {
  root.dataset.theme = isDark() ? "light" : "dark";
  store(root.dataset.theme);
  self.textContent = isDark() ? "light theme" : "dark theme";
}, { class: "theme" });
themeButton.textContent = isDark() ? "light theme" : "dark theme";
document.querySelector("header")?.prepend(themeButton);

// Links and paper --------------------------------------------------------------------------------------------------

const openTarget = () => {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  target?.scrollIntoView();
};
addEventListener("hashchange", openTarget);
openTarget();

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const part of folded) part.open = true;
});
addEventListener("afterprint", () => { for (const part of folded) part.open = false; });

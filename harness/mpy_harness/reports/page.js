// Sorting and filtering. The page is whole without it.
(function () {
  "use strict";

  function key(row, column) {
    const cell = row.cells[column], value = cell.dataset.value;
    if (value === undefined) return cell.textContent.trim().toLowerCase();
    return value === "" ? null : Number(value);
  }

  function compare(one, other) {
    if (one === other) return 0;
    if (typeof one === "string") return one.localeCompare(other, "en", { numeric: true });
    return one < other ? -1 : 1;
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = Array.from(table.tHead.rows[0].cells), body = table.tBodies[0];
    heads.forEach(function (head, column) {
      head.querySelector("button").addEventListener("click", function () {
        const numbers = head.classList.contains("number"), before = head.getAttribute("aria-sort");
        const descending = before ? before === "ascending" : numbers;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        const rows = Array.from(body.rows, (row) => [key(row, column), row]);
        rows.sort(function ([one], [other]) {
          if (one === null || other === null) return (one === null) - (other === null); // without a value: last
          return descending ? -compare(one, other) : compare(one, other);
        });
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  const section = document.querySelector("#measurements"), tools = section.querySelector(".tools");
  const rows = Array.from(section.querySelectorAll("tbody tr"), (row) => [row, row.textContent.toLowerCase()]);
  const input = tools.querySelector("input"), output = tools.querySelector("output");
  const chips = Array.from(tools.querySelectorAll("[data-verdict]"));

  function filter() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "false").map((chip) => chip.dataset.verdict));
    let shown = 0;
    const covered = new Map(); // rows that match, of verdicts that are switched off
    for (const [row, text] of rows) {
      const matches = words.every((word) => text.includes(word)), verdict = row.dataset.verdict;
      row.hidden = off.has(verdict) || !matches;
      shown += !row.hidden;
      if (matches && off.has(verdict)) covered.set(verdict, (covered.get(verdict) || 0) + 1);
    }
    const named = chips.filter((chip) => covered.has(chip.dataset.verdict))
      .map((chip) => covered.get(chip.dataset.verdict) + " " + chip.firstChild.textContent.trim());
    output.textContent = (shown === rows.length ? rows.length + " rows" : shown + " of " + rows.length + " rows")
      + (words.length && named.length ? "; hidden, though they match: " + named.join(", ") : "");
  }

  for (const chip of chips) {
    chip.addEventListener("click", function () {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "true" ? "false" : "true");
      filter();
    });
  }
  const same = chips.find((chip) => chip.dataset.verdict === "same");
  if (same && chips.length > 1) same.setAttribute("aria-pressed", "false");
  input.addEventListener("input", filter);
  window.addEventListener("beforeprint", function () {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  tools.hidden = false;
  filter();
})();

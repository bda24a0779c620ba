"use strict";
// Each heading becomes a button that sorts its table: numbers by what they
// stand for, the largest first; cells with nothing go last, either way.
for (const th of document.querySelectorAll("thead th")) {
	const button = document.createElement("button");
	button.type = "button";
	button.append(...th.childNodes);
	th.append(button);
	th.setAttribute("aria-sort", "none");
	button.addEventListener("click", () => sort(th));
}

function sort(th) {
	const number = th.classList.contains("number");
	const first = number ? "descending" : "ascending";
	const other = number ? "ascending" : "descending";
	const order = th.getAttribute("aria-sort") === first ? other : first;
	for (const head of th.parentElement.children) head.setAttribute("aria-sort", "none");
	th.setAttribute("aria-sort", order);

	const sign = order === "ascending" ? 1 : -1;
	const body = th.closest("table").tBodies[0];
	const rows = Array.from(body.rows, (row) => {
		const cell = row.cells[th.cellIndex];
		const text = cell.dataset.value ?? (number ? "" : cell.textContent);
		return { row, none: text === "", key: number ? Number(text) : text };
	});
	rows.sort((a, b) => {
		if (a.none || b.none) return a.none - b.none;
		return sign * (number ? a.key - b.key : a.key.localeCompare(b.key));
	});
	body.append(...rows.map((r) => r.row));
}

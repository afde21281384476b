/* Runs before the page is drawn, so that a chosen theme does not flash. */
"use strict";
try {
  const chosen = localStorage.getItem("fabrica.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* storage is off: the system's theme stays */ }

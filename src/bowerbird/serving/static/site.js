// Three small things that HTML cannot do: say an error, keep the keyboard's place, show the dial's value while it turns.
"use strict";

const said = () => document.getElementById("said");

document.addEventListener("htmx:response:error", (event) => {
  let detail = "The server could not do that.";
  try {
    detail = JSON.parse(event.detail.ctx.text).detail;
  } catch {
    // not one of ours: a proxy's page, say
  }
  said().textContent = detail;
});

document.addEventListener("htmx:error", () => {
  said().textContent = "The server cannot be reached.";
});

document.addEventListener("htmx:after:swap", () => {
  if (document.activeElement === document.body) document.getElementById("slate")?.focus({ preventScroll: true });
});

document.addEventListener("input", (event) => {
  if (event.target.id === "dial") document.getElementById("dial-says").textContent = `${Math.round(100 * event.target.value)}%`;
});

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

// The button that was pressed is gone with its card: go on from the heading of the new slate.
const keepPlace = () => {
  if (document.activeElement === document.body) document.getElementById("slate")?.focus({ preventScroll: true });
};
document.addEventListener("htmx:after:swap", keepPlace);
document.addEventListener("htmx:finally:request", () => setTimeout(keepPlace));

document.addEventListener("input", (event) => {
  if (event.target.id === "dial") document.getElementById("dial-says").textContent = `${Math.round(100 * event.target.value)}%`;
});

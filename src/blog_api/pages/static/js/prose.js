/** Makes what is wider than the page reachable by keyboard. */
export function letScroll(prose) {
  for (const wide of prose.querySelectorAll("pre, table")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
}

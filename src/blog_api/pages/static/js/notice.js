/** A sentence that one page leaves for the next: "Post deleted." */

const KEY = "notice";

/** @param {string} text */
export function leaveNotice(text) {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // The next page says a little less.
  }
}

/** Shows what was left, once. */
export function showNotice() {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    if (text) document.getElementById("notice").textContent = text;
  } catch {
    // Nothing could be left.
  }
}

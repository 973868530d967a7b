/** Drafts, kept in this browser alone. Storage may be blocked or full: nothing here throws. */

const PREFIX = "draft:";
const LOGGED_OUT = "logged-out";

let ended = false;

// Who logs out in one tab has logged out in all of them.
addEventListener("storage", ({ key }) => {
  if (key !== LOGGED_OUT) return;
  ended = true;
  location.assign("/login");
});

/**
 * Names the place of a draft: one for each post, and one for a new one; nobody sees another's.
 *
 * @param {string} visitor
 * @param {string} [post]
 */
export const placeOf = (visitor, post = "new") => `${PREFIX}${visitor}:${post}`;

/**
 * @param {string} place
 * @param {object} draft
 * @returns {boolean} whether it is safe to leave the page
 */
export function keep(place, draft) {
  if (ended) return true;
  try {
    localStorage.setItem(place, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

/** Returns a draft, or null. */
export function recall(place) {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}

export function forget(place) {
  try {
    localStorage.removeItem(place);
  } catch {
    // What was never kept is forgotten already.
  }
}

/** Leaves nothing for the next person at this browser; from now on nothing is kept either. */
export function forgetAll() {
  ended = true;
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .forEach(forget);
    localStorage.setItem(LOGGED_OUT, String(Date.now()));
  } catch {
    // As above.
  }
}

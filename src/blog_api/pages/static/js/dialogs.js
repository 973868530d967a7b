/** Asking once more before something is gone. */

import { enable, onClick } from "./forms.js";

/**
 * Opens a dialog by a button; its own button does what is to be confirmed.
 *
 * @param {HTMLButtonElement} opener
 * @param {HTMLDialogElement} dialog with buttons `data-close` and `data-confirm`, and an alert
 * @param {() => Promise<unknown>} act may throw a Problem
 */
export function confirmIn(opener, dialog, act) {
  opener.addEventListener("click", () => dialog.showModal());
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  onClick(dialog.querySelector("[data-confirm]"), dialog, act);
  enable([opener]);
}

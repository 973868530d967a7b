/** Logging in: the answer sets the session's cookie, which no script sees. */

import { go, request } from "./api.js";
import { handle } from "./forms.js";

const form = document.getElementById("login");

handle(form, async ({ username, password }) => {
  await request("POST", "/api/session", { form: { username, password } });
  await go(form.dataset.next);
});

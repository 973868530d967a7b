/** Opening an account. */

import { go, request } from "./api.js";
import { handle } from "./forms.js";
import { randomKey } from "./keys.js";
import { leaveNotice } from "./notice.js";

const form = document.getElementById("register");
let key = randomKey();

// Sent again, the same is the same registration; something else is another.
form.addEventListener("input", () => {
  key = randomKey();
});

handle(form, async ({ username, email, password }) => {
  await request("POST", "/api/users", {
    json: { username, email, password },
    headers: { "Idempotency-Key": key },
  });
  leaveNotice("Your account is there. Log in with your e-mail and password.");
  await go("/login");
});

/** Asking for a reset link. */

import { request } from "./api.js";
import { handle, say } from "./forms.js";

const form = document.getElementById("forgot");

handle(form, async ({ email }) => {
  const { data } = await request("POST", "/api/users/forgot-password", { json: { email } });
  say(form, "status", data.message);
});

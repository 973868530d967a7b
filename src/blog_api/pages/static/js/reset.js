/** Setting another password with the token from the mail's link. */

import { go, request } from "./api.js";
import { handle, say } from "./forms.js";
import { leaveNotice } from "./notice.js";

const form = document.getElementById("reset");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname); // neither the history nor a screenshot shows it

if (token) {
  handle(form, async ({ new_password }) => {
    const { data } = await request("POST", "/api/users/reset-password", {
      json: { token, new_password },
    });
    leaveNotice(data.message);
    await go("/login");
  });
} else {
  say(
    form,
    "alert",
    "This link is not complete. Open the one in the mail again, or ask for another.",
  );
}

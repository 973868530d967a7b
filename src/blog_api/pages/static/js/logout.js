/** Logging out, on every page of somebody who is logged in. */

import { go, request } from "./api.js";
import { forgetAll } from "./drafts.js";
import { onClick } from "./forms.js";
import { leaveNotice } from "./notice.js";

onClick(document.getElementById("log-out"), document.getElementById("content"), async () => {
  await request("DELETE", "/api/session");
  forgetAll();
  leaveNotice("You are logged out.");
  await go("/");
});

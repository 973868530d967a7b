/** Logging out, on every page of somebody who is logged in. */

import { go, Problem, request } from "./api.js";
import { forgetAll } from "./drafts.js";
import { onClick } from "./forms.js";
import { leaveNotice } from "./notice.js";

onClick(document.getElementById("log-out"), document.getElementById("content"), async () => {
  try {
    await request("DELETE", "/api/session");
  } catch (error) {
    const isOver = error instanceof Problem && error.status === 401; // as it shall be
    if (!isOver) throw error;
  }
  forgetAll();
  leaveNotice("You are logged out.");
  await go("/");
});

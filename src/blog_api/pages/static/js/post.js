/** One post; its author can delete it here. */

import { go, request } from "./api.js";
import { confirmIn } from "./dialogs.js";
import { forget, placeOf } from "./drafts.js";
import { leaveNotice } from "./notice.js";
import { letScroll } from "./prose.js";

letScroll(document.querySelector(".prose"));

const button = document.getElementById("delete");
if (button) {
  const { post, tag } = button.dataset;
  confirmIn(button, document.getElementById("delete-dialog"), async () => {
    await request("DELETE", `/api/posts/${post}`, { headers: { "If-Match": tag } });
    forget(placeOf(document.body.dataset.visitor, post));
    leaveNotice("The post is deleted.");
    await go("/");
  });
}

/** Deleting a post, for its author. */

import { go, request } from "./api.js";
import { confirmIn } from "./dialogs.js";
import { forget, placeOf } from "./drafts.js";
import { leaveNotice } from "./notice.js";

const button = document.getElementById("delete");
const { post, tag } = button.dataset;

confirmIn(button, document.getElementById("delete-dialog"), async () => {
  await request("DELETE", `/api/posts/${post}`, { headers: { "If-Match": tag } });
  forget(placeOf(document.body.dataset.visitor, post));
  leaveNotice("The post is deleted.");
  await go("/");
});

/** The account page: profile, password, leaving. Pictures and sessions have their own modules. */

import { go, Problem, request } from "./api.js";
import { confirmIn } from "./dialogs.js";
import { forgetAll } from "./drafts.js";
import { handle, say } from "./forms.js";
import { leaveNotice } from "./notice.js";
import { setUpPicture } from "./picture.js";
import { setUpSessions } from "./sessions.js";

const at = (id) => document.getElementById(id);

/** Whose account it is, and the version of it that the page shows. */
const me = { ...at("account").dataset };

const profile = at("profile");
const shownEmail = profile.elements.email.value;

handle(profile, async ({ username, email }) => {
  try {
    const { data, tag } = await request("PATCH", `/api/users/${me.user}`, {
      json: { username, email },
      headers: { "If-Match": me.tag },
    });
    me.tag = tag;
    if (data.email !== shownEmail) {
      leaveNotice("Your e-mail address is changed. Please log in with it.");
      await go("/login");
    }
    document.querySelector(".visitor bdi").textContent = data.username;
    say(profile, "status", "Your profile is saved.");
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 412) throw error;
    await tellNewer();
  }
});

/** Says what the account has become elsewhere; saving again replaces it. */
async function tellNewer() {
  const { data, tag } = await request("GET", "/api/users/me");
  me.tag = tag;
  say(
    profile,
    "alert",
    `Your account was changed meanwhile, to “${data.username}”, ${data.email}. ` +
      "Save again to have it as it is here.",
  );
}

const password = at("password");

handle(password, async ({ current_password, new_password }) => {
  const { data } = await request("PATCH", "/api/users/me/password", {
    json: { current_password, new_password },
  });
  password.reset();
  say(password, "status", data.message);
  await renewSessions();
  me.tag = (await request("GET", "/api/users/me")).tag; // a password is a part of the account
});

setUpPicture(at("picture"), me);
const renewSessions = setUpSessions(at("sessions"));

confirmIn(at("delete-account"), at("delete-dialog"), async () => {
  await request("DELETE", `/api/users/${me.user}`);
  forgetAll();
  leaveNotice("Your account is deleted.");
  await go("/");
});

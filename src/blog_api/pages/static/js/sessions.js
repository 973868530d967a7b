/** Where somebody is logged in, and how to end that. */

import { go, request } from "./api.js";
import { forgetAll } from "./drafts.js";
import { enable, onClick, say, show } from "./forms.js";
import { leaveNotice } from "./notice.js";
import { showMoment } from "./times.js";

/**
 * @param {HTMLElement} part
 * @returns {() => Promise<void>} lists them anew
 */
export function setUpSessions(part) {
  const list = document.getElementById("session-list");
  const everywhere = document.getElementById("log-out-everywhere");

  async function renew() {
    try {
      const { data } = await request("GET", "/api/users/me/sessions");
      list.replaceChildren(...data.sessions.map(row));
    } catch (error) {
      show(part, error);
    } finally {
      list.ariaBusy = "false";
    }
  }

  function row(session) {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    name.id = `session-${session.id}`;
    name.textContent = nameOf(session.user_agent);
    name.title = session.user_agent;
    const used = document.createElement("time");
    showMoment(used, new Date(session.last_used_at));
    const about = document.createElement("span");
    about.append(session.current ? "This browser, last used " : "Last used ", used);
    const text = document.createElement("div");
    text.append(name, about);
    const end = document.createElement("button");
    end.type = "button";
    end.className = "button quiet";
    end.textContent = "End";
    end.setAttribute("aria-describedby", name.id);
    onClick(end, part, () => finish(session));
    item.append(text, end);
    return item;
  }

  async function finish(session) {
    await request("DELETE", `/api/users/me/sessions/${session.id}`);
    if (session.current) await leave("You are logged out.");
    await renew();
    say(part, "status", "The session is ended.");
    everywhere.focus(); // the button is gone
  }

  onClick(everywhere, part, async () => {
    await request("POST", "/api/users/logout");
    await leave("You are logged out everywhere.");
  });

  enable([everywhere]);
  renew();
  return renew;
}

function leave(words) {
  forgetAll();
  leaveNotice(words);
  return go("/");
}

const BROWSERS = {
  Edg: "Edge",
  OPR: "Opera",
  Firefox: "Firefox",
  Chrome: "Chrome",
  Safari: "Safari",
};
const SYSTEMS = {
  Android: "Android",
  iPhone: "iPhone",
  iPad: "iPad",
  Windows: "Windows",
  "Mac OS": "macOS",
  Linux: "Linux",
};

/** Returns what people call a browser; of a program, what it calls itself. */
function nameOf(userAgent) {
  const known = (names) => names[Object.keys(names).find((part) => userAgent.includes(part))];
  const [browser, system] = [known(BROWSERS), known(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  return userAgent.slice(0, 60) || "Unknown";
}

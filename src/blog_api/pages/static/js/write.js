/** Writing: a draft that outlives a failed save, a preview, and what to do with a newer version. */

import { go, Problem, request } from "./api.js";
import { forget, keep, placeOf, recall } from "./drafts.js";
import { enable, handle } from "./forms.js";
import { randomKey } from "./keys.js";
import { showMoment } from "./times.js";

const PAUSE = 600; // milliseconds without a key, after which the draft is kept and the preview made

const at = (id) => document.getElementById(id);
const form = at("write");
const { title, content } = form.elements;
const { post } = form.dataset;
const place = placeOf(document.body.dataset.visitor, post);

/** @typedef {{title: string, content: string}} Text */

/** @type {Text} what the server has; a title of several lines is shown in one */
let saved = { title: title.defaultValue.replace(/[\r\n]/g, ""), content: content.defaultValue };
/** @type {string | undefined} the version that the text began from */
let { tag } = form.dataset;
/** @type {string | null} under which a new post is sent, again if need be */
let key = null;
/** Whether nothing is lost when the page goes now. */
let kept = true;
let pause = 0;

const written = () => ({ title: title.value, content: content.value });
const isSame = (one, other) => one.title === other.title && one.content === other.content;

/** @param {Text} text */
function fill(text) {
  title.value = text.title;
  content.value = text.content;
  renewPreview();
}

/* ---------- The draft ---------- */

function keepDraft() {
  clearTimeout(pause);
  if (isSame(written(), saved)) {
    dropDraft();
    return;
  }
  kept = keep(place, { ...written(), tag, key, at: Date.now() });
  at("draft-state").textContent = kept
    ? "Draft saved"
    : "This browser keeps no drafts: save before you leave.";
}

function dropDraft() {
  clearTimeout(pause);
  forget(place);
  kept = true;
  at("draft-state").textContent = "";
  at("restored").hidden = true;
}

function restoreDraft() {
  const draft = recall(place);
  if (!draft || isSame(draft, saved)) return;
  fill(draft);
  ({ tag, key } = draft);
  showMoment(at("restored-at"), new Date(draft.at));
  at("restored").hidden = false;
}

at("discard").addEventListener("click", () => {
  dropDraft();
  ({ tag } = form.dataset);
  key = null;
  fill(saved);
  title.focus();
});

form.addEventListener("input", () => {
  key = null; // another text is another post
  kept = false;
  clearTimeout(pause);
  pause = setTimeout(() => {
    keepDraft();
    renewPreview();
  }, PAUSE);
});

title.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault(); // or it would publish
  content.focus();
});

addEventListener("pagehide", () => kept || keepDraft());
addEventListener("beforeunload", (event) => {
  if (!kept) keepDraft();
  if (!kept) event.preventDefault();
});

/* ---------- Saving ---------- */

handle(form, async (text) => {
  try {
    const { data } = post ? await save(text) : await publish(text);
    saved = text;
    dropDraft();
    await go(`/posts/${data.id}`);
  } catch (error) {
    keepDraft();
    if (error instanceof Problem && error.status === 412) return showConflict(text);
    throw error;
  }
});

/** @param {Text} text of which is sent what was changed */
function save(text) {
  const json = Object.fromEntries(
    Object.entries(text).filter(([name, value]) => value !== saved[name]),
  );
  return request("PATCH", `/api/posts/${post}`, { json, headers: { "If-Match": tag } });
}

/** @param {Text} text */
function publish(text) {
  key ??= randomKey();
  keepDraft(); // with the key: what is sent again after a reload is the same post
  return request("POST", "/api/posts", { json: text, headers: { "Idempotency-Key": key } });
}

/* ---------- A newer version ---------- */

/** @param {Text} mine */
async function showConflict(mine) {
  const { data: theirs, tag: newest } = await request("GET", `/api/posts/${post}`);
  at("my-title").textContent = mine.title;
  at("my-content").textContent = mine.content;
  at("their-title").textContent = theirs.title;
  at("their-content").textContent = theirs.content;
  at("keep-mine").onclick = () => {
    tag = newest;
    saved = { title: theirs.title, content: theirs.content };
    hideConflict();
    form.requestSubmit();
  };
  at("take-theirs").onclick = () => {
    tag = newest;
    saved = { title: theirs.title, content: theirs.content };
    fill(saved);
    dropDraft();
    hideConflict();
    title.focus();
  };
  form.hidden = true;
  at("conflict").hidden = false;
  at("conflict").focus();
}

function hideConflict() {
  at("conflict").hidden = true;
  form.hidden = false;
}

/* ---------- The preview ---------- */

const toggle = at("preview-toggle");
let asked = 0;

toggle.addEventListener("click", () => {
  const open = toggle.ariaPressed !== "true";
  toggle.ariaPressed = String(open);
  at("preview").hidden = !open;
  renewPreview();
});

async function renewPreview() {
  const turn = ++asked;
  const [part, text] = [at("preview"), at("preview-text")];
  if (part.hidden) return;
  part.replaceChildren(...previewTitle(), text);
  if (content.value === "") {
    text.textContent = "Nothing to show yet.";
    return;
  }
  part.ariaBusy = "true";
  try {
    const { data } = await request("POST", "/api/preview", { json: { content: content.value } });
    if (turn !== asked) return; // a later one is on its way
    text.innerHTML = data.content_html; // cleaned by the server, as every post is
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    text.textContent = error.detail;
  } finally {
    part.ariaBusy = null;
  }
}

function previewTitle() {
  if (title.value === "") return [];
  const heading = document.createElement("h2");
  heading.className = "preview-title";
  heading.dir = "auto";
  heading.textContent = title.value;
  return [heading];
}

enable([toggle]);
restoreDraft();

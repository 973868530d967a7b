/** Forms: checked as far as it saves a request, sent by script, and told what is wrong where. */

import { Problem } from "./api.js";

/** Errors that are about one field, though the API says so by code alone. */
const FIELD_OF = {
  username_taken: "username",
  email_taken: "email",
  wrong_password: "current_password",
};

/**
 * Sends a form by script, and shows what comes of it.
 *
 * @param {HTMLFormElement} form
 * @param {(values: Record<string, string>) => Promise<unknown>} send may throw a Problem
 */
export function handle(form, send) {
  const fields = [...form.querySelectorAll("input[name], textarea[name]")];
  const limits = new Map(fields.map((field) => [field, limitsOf(field)]));
  form.noValidate = true;
  form.addEventListener("input", ({ target }) => unmark(target));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    fields.forEach(unmark);
    say(form, "alert", "");
    say(form, "status", "");
    const wrong = fields
      .map((field) => [field, wrongWith(form, field, limits.get(field))])
      .filter(([, text]) => text);
    if (wrong.length > 0) return mark(wrong);
    await whileBusy(form, fields, () =>
      send(Object.fromEntries(fields.map(({ name, value }) => [name, value]))),
    );
  });
  // A page that comes back from the browser's memory is as it was left: busy.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  enable(form.querySelectorAll("button[type=submit]"));
}

/**
 * Does what a button outside of a form is for, and shows what went wrong in its part of the page.
 *
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} part has an element with the role alert
 * @param {() => Promise<unknown>} act may throw a Problem
 */
export function onClick(button, part, act) {
  button.addEventListener("click", async () => {
    if (button.ariaBusy === "true") return;
    say(part, "alert", "");
    button.ariaBusy = "true";
    try {
      await act();
    } catch (error) {
      show(part, error);
    } finally {
      button.ariaBusy = null;
    }
  });
  enable([button]);
}

/**
 * Shows a text to the eye and to screen readers.
 *
 * @param {HTMLElement} part
 * @param {"alert" | "status"} role what went wrong, or what went well
 * @param {string} text
 */
export function say(part, role, text) {
  const place = part.querySelector(`p[role=${role}]`);
  if (place) place.textContent = text;
}

/** Lets buttons be used that have waited for their script. */
export function enable(buttons) {
  for (const button of buttons) button.disabled = false;
}

/**
 * Shows what the API found wrong: beside its field where there is one, else as an alert.
 *
 * @param {HTMLElement} part
 * @param {unknown} error
 */
export function show(part, error) {
  if (!(error instanceof Problem)) throw error;
  const found =
    error.errors.length > 0
      ? error.errors
      : [{ pointer: `/body/${FIELD_OF[error.code]}`, detail: error.detail }];
  const marks = [];
  const rest = [];
  for (const { pointer, detail } of found) {
    const field = part.elements?.namedItem(pointer.replace("/body/", ""));
    if (field) marks.push([field, detail]);
    else rest.push(detail);
  }
  say(part, "alert", rest.join(" ") + whenAgain(error));
  mark(marks);
}

async function whileBusy(form, fields, act) {
  const button = form.querySelector("button[type=submit]");
  form.ariaBusy = button.ariaBusy = "true";
  for (const field of fields) field.readOnly = true;
  try {
    await act();
  } catch (error) {
    show(form, error);
  } finally {
    form.ariaBusy = button.ariaBusy = null;
    for (const field of fields) field.readOnly = false;
  }
}

/** Takes over from the browser, which counts UTF-16 units and silently cuts off what is pasted. */
function limitsOf(field) {
  const limits = {
    least: Math.max(field.minLength, 0),
    most: field.maxLength < 0 ? Infinity : field.maxLength,
  };
  field.removeAttribute("minlength");
  field.removeAttribute("maxlength");
  return limits;
}

/** Returns what is wrong with a field, in a sentence, or nothing. */
function wrongWith(form, field, { least, most }) {
  const length = [...field.value].length;
  if (field.required && length === 0) return "Please fill this in.";
  if (length < least) return `Please use at least ${least} characters.`;
  if (length > most) return `Please use at most ${most} characters, not ${length}.`;
  const first = form.querySelector("[autocomplete=new-password]");
  if (field.name === "repeat" && field.value !== first.value) return "The two passwords differ.";
  return "";
}

function mark(marks) {
  for (const [field, text] of marks) {
    unmark(field);
    const error = document.createElement("p");
    error.className = "field-error";
    error.id = `${field.id}-error`;
    error.textContent = text.charAt(0).toUpperCase() + text.slice(1);
    field.after(error);
    field.ariaInvalid = "true";
    field.setAttribute("aria-describedby", [error.id, ...described(field)].join(" "));
  }
  marks[0]?.[0].focus();
}

function unmark(field) {
  const id = `${field.id}-error`;
  if (!document.getElementById(id)) return;
  document.getElementById(id).remove();
  field.ariaInvalid = null;
  const others = described(field).filter((other) => other !== id);
  if (others.length > 0) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
}

function described(field) {
  return field.getAttribute("aria-describedby")?.split(" ") ?? [];
}

function whenAgain({ status, retryAfter }) {
  if (status !== 429 || retryAfter === 0) return "";
  const minutes = Math.ceil(retryAfter / 60);
  return retryAfter <= 90
    ? ` That is in ${retryAfter} seconds.`
    : ` That is in about ${minutes} minutes.`;
}

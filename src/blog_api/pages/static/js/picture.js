/** The profile picture: shown before it is sent, and sent with progress. */

import { Problem, request, upload } from "./api.js";
import { handle, onClick, say } from "./forms.js";

/**
 * @param {HTMLFormElement} form
 * @param {{user: string, tag: string}} me
 */
export function setUpPicture(form, me) {
  const path = `/api/users/${me.user}/picture`;
  const input = form.elements.file;
  const shown = form.querySelector("img");
  const progress = form.querySelector("progress");
  const remove = document.getElementById("remove-picture");
  let current = shown.src;

  input.addEventListener("change", () => {
    const [file] = input.files;
    show(file && !wrongWith(file) ? URL.createObjectURL(file) : current);
  });

  handle(form, async () => {
    const [file] = input.files;
    const wrong = file ? wrongWith(file) : "Choose a picture first.";
    if (wrong)
      throw new Problem({
        status: 0,
        code: "unsent",
        detail: wrong,
        errors: [{ pointer: "/body/file", detail: wrong }],
      });
    progress.hidden = false;
    try {
      settle(await upload("PATCH", path, file, (percent) => (progress.value = percent)));
      say(form, "status", "Your picture is changed.");
    } finally {
      progress.hidden = true;
      progress.value = 0;
    }
  });

  onClick(remove, form, async () => {
    settle(await request("DELETE", path));
    say(form, "status", "Your picture is removed.");
    input.focus(); // the button is gone
  });

  function settle({ data, tag }) {
    me.tag = tag;
    current = data.image_path;
    form.reset();
    show(current);
    document.querySelector(".visitor img").src = current;
    remove.hidden = data.image_file === null;
  }

  function show(source) {
    if (shown.src.startsWith("blob:")) URL.revokeObjectURL(shown.src);
    shown.src = source;
  }

  function wrongWith(file) {
    const most = Number(form.dataset.maxBytes);
    if (!input.accept.split(",").includes(file.type))
      return "Please choose a JPEG, PNG, GIF or WebP.";
    if (file.size > most)
      return `Please choose a picture of at most ${Math.floor(most / 1024 / 1024)} MB.`;
    return "";
  }
}

/** On every page: the choice of a theme, times in the reader's zone, the last page's notice. */

import { showNotice } from "./notice.js";
import { localise } from "./times.js";

const theme = document.getElementById("theme");
theme.value = window.blogTheme.choice;
theme.addEventListener("change", () => {
  window.blogTheme.choice = theme.value;
});

localise(document);
showNotice();

/** Load more: takes the articles out of the next page. Without scripts, the link leads there. */

import { localise } from "./times.js";

const list = document.getElementById("posts");
const link = document.getElementById("load-more");
const label = link?.textContent;

async function load() {
  const response = await fetch(link.href);
  if (!response.ok) throw new Error(`${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const articles = [...page.querySelectorAll("#posts > article")].filter(
    ({ id }) => !document.getElementById(id),
  );
  list.append(...articles);
  articles.forEach(localise);
  articles[0]?.querySelector("a").focus();
  document.getElementById("loaded").textContent =
    `${articles.length} more posts, ${list.children.length} in all.`;
  const next = page.getElementById("load-more");
  if (next) link.href = next.href;
  else link.remove();
}

link?.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // to be opened elsewhere
  event.preventDefault();
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  try {
    await load();
    link.textContent = label;
  } catch {
    link.textContent = "Could not load more. Try again";
    document.getElementById("loaded").textContent = "Could not load more posts.";
  } finally {
    link.ariaBusy = null;
  }
});

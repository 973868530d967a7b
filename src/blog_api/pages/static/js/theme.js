// Blocks until it has run (it is no module), so that a dark page never flashes white.
(() => {
  const theme = {
    /** The reader's choice: "light", "dark", or "auto" for the system's. */
    get choice() {
      try {
        const kept = localStorage.getItem("theme");
        return kept === "light" || kept === "dark" ? kept : "auto";
      } catch {
        return document.documentElement.dataset.theme ?? "auto"; // no storage: kept for this page
      }
    },

    set choice(choice) {
      try {
        localStorage.setItem("theme", choice);
      } catch {
        // Without storage the choice lasts until the next page.
      }
      show(choice);
    },
  };

  function show(choice) {
    document.documentElement.dataset.theme = choice;
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
      const { theme: own } = meta.dataset;
      const system = `(prefers-color-scheme: ${own})`;
      meta.media = choice === "auto" ? system : choice === own ? "all" : "not all";
    }
  }

  show(theme.choice);
  window.blogTheme = theme;
})();

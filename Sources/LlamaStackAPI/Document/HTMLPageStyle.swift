extension HTMLPage {
    /// Light and dark by the reader's own setting; one column on a narrow screen.
    static let style = """
        :root {
          color-scheme: light dark;
          --text: #1c2024; --soft: #60646c; --line: #e0e1e6; --card: #fff; --page: #f7f7f8; --link: #0a58ca;
          --get: #0b6e4f; --post: #0a58ca; --put: #8a5a00; --delete: #b42318;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --text: #edeef0; --soft: #9ba1a6; --line: #2e3135; --card: #18191b; --page: #111113; --link: #70b8ff;
            --get: #3dd68c; --post: #70b8ff; --put: #ffca16; --delete: #ff9592;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr);
          font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
        }
        nav {
          position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem;
          border-right: 1px solid var(--line);
        }
        nav h1 { font-size: 1.05rem; margin: 0; }
        nav h2 { font-size: .9rem; margin: 1.2rem 0 .2rem; }
        nav ul { list-style: none; margin: 0; padding: 0; font-size: .85rem; }
        nav p { color: var(--soft); margin: .2rem 0; }
        main { padding: 1.5rem 2rem 6rem; max-width: 60rem; }
        main > h2 { margin: 2.5rem 0 1rem; }
        main > h2:first-child { margin-top: 0; }
        article {
          background: var(--card); border: 1px solid var(--line); border-radius: 8px;
          padding: 1rem 1.25rem; margin: 0 0 1rem; scroll-margin-top: 1rem;
        }
        article:target { border-color: var(--link); }
        article p { margin: 0; color: var(--soft); }
        h3 { margin: 0 0 .3rem; font-size: 1rem; overflow-wrap: anywhere; }
        h3 b { font-size: .8rem; margin-right: .4rem; }
        .get { color: var(--get); }
        .post { color: var(--post); }
        .put { color: var(--put); }
        .delete { color: var(--delete); }
        table { width: 100%; border-collapse: collapse; margin-top: .6rem; }
        th, td {
          text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
          border-top: 1px solid var(--line);
        }
        th { width: 14rem; font-weight: 500; overflow-wrap: anywhere; }
        td span { color: var(--soft); font-size: .85em; }
        code { font: .9em ui-monospace, monospace; }
        a { color: var(--link); text-decoration: none; }
        a:hover { text-decoration: underline; }
        @media (max-width: 50rem) {
          body { display: block; }
          nav { position: static; height: auto; border: 0; }
          nav ul { columns: 2; }
          main { padding: 1rem; }
          th { width: 9rem; }
        }
        """
}

// Runs before the first paint, so that a dark page never flashes white. Small, and not a module on purpose.
(() => {
  const cookie = name => document.cookie.split('; ').find(part => part.startsWith(`${name}=`))?.slice(name.length + 1);
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const wanted = cookie('mp-theme') ?? 'system';
    const theme = wanted === 'system' ? (system.matches ? 'dark' : 'light') : wanted;
    const root = document.documentElement;
    if (root.dataset.theme !== theme) {
      root.dataset.theme = theme;
      window.dispatchEvent(new CustomEvent('mp-theme', { detail: theme }));
    }
    root.dataset.themeChoice = wanted;
    root.dataset.density = cookie('mp-density') ?? 'compact';
  };
  apply();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && cookie('mp-zone') !== encodeURIComponent(zone)) document.cookie = `mp-zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
  system.addEventListener('change', apply);
  window.mpAppearance = {
    set(name, value) {
      document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
      apply();
    },
    apply,
    /** Called once the page answers to clicks; tests and screen recorders wait for it. */
    live: () => { document.documentElement.dataset.live = 'true'; },
    zone: () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC',
  };
})();

// Runs before the first paint, so that a dark page never flashes white. The
// choice is "light", "dark" or nothing, which follows the system.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('hk-theme');
  } catch {
    // Storage is blocked: follow the system.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
})();

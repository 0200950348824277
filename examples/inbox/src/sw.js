// The service worker. It keeps the shell of the app (SHELL, which the build puts above)
// so that the app opens without a network. It keeps nothing of anybody's queue: what is
// not of the shell, /graphql above all, goes past it to the network.

const CACHE = `shell-${SHELL.build}`;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL.files)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOtherBuilds().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin || !SHELL.files.includes(pathname)) return;
  // The page itself is asked for first, so that a new build is seen at once.
  event.respondWith(
    request.mode === "navigate"
      ? fetch(request).catch(() => caches.match("/"))
      : caches.match(pathname).then((kept) => kept ?? fetch(request)),
  );
});

async function forgetOtherBuilds() {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith("shell-") && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
}

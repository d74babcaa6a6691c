// The browser's part of stube: what htmx leaves open between a page and a server that may be killed at
// any moment. Every user action is sent until the server has answered it, with one id over all attempts,
// so that nothing is lost and nothing happens twice; and people see and hear what goes on.
// Beside it: stube-events.js (which events are sent, and with what), stube-page.js (what the server's
// messages do to the page), stube-history.js (the browser's Back and Forward, and the address).
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  const view = document.getElementById('stube-view');
  const notice = document.getElementById('stube-notice');

  const FIRST_PAUSE = 250;
  const LONGEST_PAUSE = 5000;
  const ATTEMPT_LIMIT = 15000;
  const PATIENCE = 300;         // an answer that takes longer than this gets a sign of waiting
  const STREAM_PATIENCE = 3000; // a restart of the server is shorter than this and needs no words

  // hx-sse would wait for up to a minute between two attempts to reconnect.
  htmx.config.sse = {reconnectMaxDelay: LONGEST_PAUSE, ...htmx.config.sse};

  // ---- what the user is told ----------------------------------------------------------------------

  const status = document.createElement('p');
  status.id = 'stube-status';
  status.setAttribute('role', 'status');
  root.prepend(status);

  const events = new Set(); // the user's actions that have no answer yet
  let streamIsLost = false;

  const askBeforeLeaving = event => event.preventDefault();

  function tell(text) {
    if (status.textContent !== text) status.textContent = text; // the same text again would be read out again
  }

  function showState() {
    const waiting = [...events].filter(event => event.isSlow);
    const kept = waiting.some(event => event.hasFailed);
    root.classList.toggle('stube-waiting', waiting.length > 0);
    view.ariaBusy = waiting.length > 0 ? 'true' : null; // not on root: that would silence the notices in it
    tell(kept ? 'Connection lost. Your last action is kept and will be sent.'
      : streamIsLost ? 'Connection lost. Trying to reconnect.' : '');
    // Only while it is needed: the mere presence of this listener keeps pages out of some back/forward caches.
    (kept ? addEventListener : removeEventListener)('beforeunload', askBeforeLeaving);
  }

  // ---- sending until there is an answer -----------------------------------------------------------

  // Rests, but not beyond a sign that the server can be reached again.
  const rest = milliseconds => new Promise(done => {
    const resting = new AbortController();
    const finish = () => {
      resting.abort();
      clearTimeout(timer);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    addEventListener('online', finish, {signal: resting.signal});
    document.addEventListener('htmx:sse:after:connection', finish, {signal: resting.signal});
  });

  // One attempt. Throws where there is no connection or none in time; a response may still be no answer.
  async function attempt(url, request, isAnswer) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), ATTEMPT_LIMIT);
    try {
      const response = await fetch(url, {...request, signal: AbortSignal.any([request.signal, limit.signal])});
      return await isAnswer(response) ? response : null;
    } finally {
      clearTimeout(timer);
    }
  }

  async function sendUntilAnswered(url, request, isAnswer, onFailure = () => {}) {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const response = await attempt(url, request, isAnswer).catch(() => null);
      request.signal.throwIfAborted(); // htmx has given this request up
      if (response) return response;
      onFailure();
      await rest(pause * (0.75 + Math.random() / 2)); // so that a thousand pages do not come back at once
    }
  }

  // Also waits for the whole body: where the connection breaks in the middle of it, this throws.
  const isOurs = async response => /<hx-[a-z]/.test(await response.clone().text());

  // What a gateway says while the server behind it is away is no answer.
  const answersEvent = async response => await isOurs(response) || ![502, 503, 504].includes(response.status);

  // Of a server that answers with pages of its own, also as a success (a proxy's page for signing in, a hotel's
  // network), nothing is put into this page, and to htmx it is a failure.
  const failureFrom = ({ok, status, headers}) => new Response(null, {status: ok || !status ? 502 : status, headers});

  const wordsOn = ({ok, type, status}) => ok || type === 'opaqueredirect'
    ? 'This did not work: something other than the server of this page has answered. ' +
      'You may have been signed out. Please reload the page.'
    : `This did not work: the server answered ${status}.`;

  async function sendEvent(url, request) {
    request.headers['Stube-Event-Id'] = nextEventId();
    const event = {isSlow: false, hasFailed: false};
    const oldNotice = [...notice.childNodes];
    const timer = setTimeout(() => {
      event.isSlow = true;
      showState();
    }, PATIENCE);
    events.add(event);
    try {
      // A redirect would lead to a page, here or elsewhere: stube answers events with none.
      const response = await sendUntilAnswered(url, {...request, redirect: 'manual'}, answersEvent, () => {
        event.hasFailed = true;
        showState();
      });
      if (response.status !== 204 && !await isOurs(response)) {
        notice.textContent = wordsOn(response);
        return failureFrom(response);
      }
      if (response.ok) oldNotice.forEach(node => node.remove());
      return response;
    } finally {
      clearTimeout(timer);
      events.delete(event);
      showState();
    }
  }

  // hx-sse reconnects a stream that was open once; the first connection is ours to insist on.
  const openStream = (url, request) =>
    sendUntilAnswered(url, request, response => response.status < 500 && response.status !== 429);

  // ---- htmx's requests ----------------------------------------------------------------------------

  const isEvent = request => request.method === 'POST' && /\/stube\/(event|back)\//.test(request.action);

  // 10 hexadecimal digits that are this page's, and 6 that number its events: htmx's queue sends one after the
  // other, so the server need only remember the last of each page.
  const hex = (number, digits) => number.toString(16).padStart(digits, '0');
  const drawPage = () => [...crypto.getRandomValues(new Uint8Array(5))].map(byte => hex(byte, 2)).join('');
  let page = drawPage();
  let sent = 0;

  function nextEventId() {
    if (++sent > 0xffffff) [page, sent] = [drawPage(), 1];
    return page + hex(sent, 6);
  }

  // htmx finds the page's queue through the element's ancestors. An element that a patch has removed while
  // its event waited in the queue has none, and all events behind it would wait for ever: the root steps in.
  function outliveElement(ctx) {
    let element = ctx.sourceElement;
    Object.defineProperty(ctx, 'sourceElement', {
      get: () => element.isConnected ? element : root,
      set: other => { element = other; },
    });
  }

  document.addEventListener('htmx:config:request', ({detail: {ctx}, defaultPrevented}) => {
    if (defaultPrevented) return;
    if (ctx.sourceElement === stream) {
      ctx.fetch = openStream;
    } else if (isEvent(ctx.request)) {
      ctx.fetch = sendEvent;
      outliveElement(ctx);
    } else {
      return;
    }
    ctx.request.timeout = 0; // each attempt has its own limit, the whole has none
  });

  // ---- the stream ---------------------------------------------------------------------------------

  let streamIsOpen = false;
  let lossTimer;

  document.addEventListener('htmx:sse:after:connection', () => {
    clearTimeout(lossTimer);
    lossTimer = undefined;
    streamIsOpen = true;
    streamIsLost = false;
    showState();
  });

  document.addEventListener('htmx:sse:error', () => {
    lossTimer ??= setTimeout(() => {
      streamIsLost = true;
      showState();
    }, STREAM_PATIENCE);
  });

  document.addEventListener('htmx:sse:close', () => { streamIsOpen = false; });

  // The end comes as an event of the stream, or in the answer to an event, which then removes the stream.
  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');
  stream.addEventListener('stube-end', () => stream.removeAttribute('hx-sse:connect'));

  // A page out of the back/forward cache shows what was true when it was left. An open stream catches up.
  addEventListener('pageshow', event => {
    if (event.persisted && !streamIsOpen && !hasEnded()) location.reload();
  });
})();

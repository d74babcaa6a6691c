// The browser's part of stube: what htmx leaves open between a page and a server that may be killed at
// any moment. Every user action is sent until the server has answered it, with one id over all attempts,
// so that nothing is lost and nothing happens twice; and people see and hear what goes on.
// Beside it: stube-events.js (which events are sent, and with what), stube-page.js (what the server's
// messages do to the page), stube-user.js (what they must leave alone), stube-history.js (the browser's Back and
// Forward, and the address).
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  const view = document.getElementById('stube-view');
  const notice = document.getElementById('stube-notice');

  // Not in the markup: where this script does not run htmx finds nothing to do. Everything in #stube has one queue
  // for its events: each is sent, in order, one after the other (htmx's own queue of one element holds only two).
  stream.setAttribute('hx-sse:connect', stream.dataset.stream);
  stream.setAttribute('hx-sse:close', 'stube-end');
  stream.setAttribute('hx-swap', 'none');
  root.setAttribute('hx-swap:inherited', 'none');
  root.setAttribute('hx-target:inherited', '#stube-view');
  root.setAttribute('hx-sync:inherited', '#stube:queue all');

  const FIRST_PAUSE = 250;
  const LONGEST_PAUSE = 5000;
  const FIRST_LIMIT = 30000;     // for an attempt, as the server takes a request; the next ones get more
  const LONGEST_LIMIT = 240000;
  const OPENING_LIMIT = 15000;   // for the head of a stream
  const PATIENCE = 300;         // an answer that takes longer than this gets a sign of waiting
  const STREAM_PATIENCE = 3000; // a restart of the server is shorter than this and needs no words
  const NEWS_PATIENCE = 2000;   // for the stream to bring what an answer says that it does

  // ---- what the user is told ----------------------------------------------------------------------

  const status = document.createElement('p');
  status.id = 'stube-status';
  status.setAttribute('role', 'status');
  root.prepend(status);

  const events = new Set(); // the user's actions that have no answer yet
  let streamIsLost = false;
  let isDisplaced = false; // by newer pages of the same conversation

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
      : isDisplaced ? 'Shown in too many places at once. This one is up to date again when you use it.'
        : streamIsLost && !hasNews ? 'Connection lost. Trying to reconnect.' : '');
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
    document.addEventListener('stube:connected', finish, {signal: resting.signal});
  });

  // One attempt. Throws where there is no connection or none in time; a response may still be no answer.
  async function attempt(url, request, isAnswer, milliseconds) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), milliseconds);
    try {
      const response = await fetch(url, {...request, signal: AbortSignal.any([request.signal, limit.signal])});
      if (await isAnswer(response)) return response;
      limit.abort(); // its body is of no use
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  const around = pause => pause * (0.75 + Math.random() / 2); // so that a thousand pages do not come back at once

  async function sendUntilAnswered(url, request, isAnswer, onFailure) {
    for (let pause = FIRST_PAUSE, limit = FIRST_LIMIT; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const response = await attempt(url, request, isAnswer, limit).catch(() => null);
      request.signal.throwIfAborted(); // htmx has given this request up
      if (response) return response;
      onFailure();
      limit = Math.min(2 * limit, LONGEST_LIMIT); // a slow connection gets through in the end
      await rest(around(pause));
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
    if (!connection?.isGreeted) request.headers['Stube-Seen'] = String(brought);
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
      if (response.status === 204 && !noteRevision(request, response)) expectNews(revisionOf(response));
      await released();
      return response;
    } finally {
      clearTimeout(timer);
      events.delete(event);
      showState();
    }
  }

  // ---- a button that is pressed ---------------------------------------------------------------------

  // A click needs the element that was pressed to be there when it is released. So patches wait meanwhile: for the
  // click, which comes at or shortly after the release, or for none. Not for ever: of some presses no end is told.
  const LONGEST_PRESS = 3000;
  const CLICK_PATIENCE = 300;
  let press; // a promise, and what resolves it

  const released = () => press?.promise;

  function hold() {
    if (!press) {
      press = {};
      press.promise = new Promise(done => { press.resolve = done; });
    }
    endPressIn(LONGEST_PRESS);
  }

  function endPressIn(milliseconds) {
    if (!press) return;
    const {resolve} = press;
    clearTimeout(press.timer);
    press.timer = setTimeout(() => {
      press = undefined;
      resolve();
    }, milliseconds);
  }

  root.addEventListener('pointerdown', ({isPrimary, button}) => isPrimary && button === 0 && hold(), true);
  root.addEventListener('keydown', ({key}) => key === ' ' && hold(), true);
  for (const end of ['click', 'keyup', 'pointercancel', 'dragstart', 'contextmenu']) {
    addEventListener(end, () => endPressIn(0), true);
  }
  addEventListener('blur', () => endPressIn(0)); // of the window
  addEventListener('pointerup', () => endPressIn(CLICK_PATIENCE), true);

  // ---- htmx's requests ----------------------------------------------------------------------------

  const isNews = request => /\/stube\/news\//.test(request.action);
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

  document.addEventListener('htmx:config:request', event => {
    const {detail: {ctx}, defaultPrevented} = event;
    if (defaultPrevented) return;
    if (ctx.sourceElement === stream) {
      isOpening = !isPaused; // nobody has seen the page yet
      if (isPaused) return event.preventDefault();
      ctx.fetch = openStream;
    } else if (isEvent(ctx.request)) {
      ctx.stubeIsEvent = true;
      ctx.fetch = sendEvent;
      outliveElement(ctx);
    } else if (isNews(ctx.request)) {
      ctx.fetch = askForNews;
    } else {
      return;
    }
    ctx.request.timeout = 0; // each attempt has its own limit, the whole has none
  });

  // ---- the stream ---------------------------------------------------------------------------------

  // hx-sse reads it. When to open it, and when to give it up, is decided here.
  stream.setAttribute('hx-config', 'sse.reconnect:false sse.pauseOnBackground:false');

  // The revision that the page shows: of the page as it was loaded, then of the stream's messages and of answers.
  let brought = Number(/\brev=(\d+)/.exec(stream.getAttribute('hx-sse:connect'))?.[1]);
  const revisionOf = ({headers}) => Number(headers.get('Stube-Revision') ?? NaN);

  const heartbeat = Math.max(stream.dataset.heartbeat, 1000); // the server's
  let connection;          // hx-sse's, while there is a stream
  let isOpening = true;    // hx-sse begins by itself
  let isPaused = document.hidden; // nobody sees the page
  let pause = FIRST_PAUSE; // before the stream is opened again
  let signs = 0;           // how often something came
  let silence;             // a timer
  let lossTimer;

  // The end comes as an event of the stream, or in the answer to an event, which then removes the stream.
  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');
  stream.addEventListener('stube-end', () => stream.removeAttribute('hx-sse:connect'));

  const isStream = ({ok, headers}) => ok && /^text\/event-stream\b/.test(headers.get('Content-Type'));

  const restBeforeOpening = () => {
    const now = pause;
    pause = Math.min(2 * pause, LONGEST_PAUSE);
    return rest(around(now));
  };

  // The fetch of the stream's requests.
  async function openStream(url, request) {
    lossTimer ??= setTimeout(() => {
      streamIsLost = true;
      showState();
      ask();
    }, STREAM_PATIENCE);
    request.headers['Last-Event-ID'] = String(brought);
    openedAt = brought;
    for (;;) {
      // With its cache, Firefox would hold a second tab's request until the first tab's stream has ended.
      const response = await attempt(url, {...request, cache: 'no-store'}, isStream, OPENING_LIMIT).catch(() => null);
      request.signal.throwIfAborted();
      if (response) return heard(response);
      await restBeforeOpening();
      while (isPaused) await new Promise(done => document.addEventListener('visibilitychange', done, {once: true}));
    }
  }

  // The same response, but each piece of it is a sign of life: a large view may take its time. Where the connection
  // breaks, it ends: to htmx that would be an error, for the page's user and its developer it is none.
  function heard(response) {
    noteSign();
    const reader = response.body.getReader();
    return new Response(new ReadableStream({
      async pull(out) {
        const {done, value} = await reader.read().catch(() => ({done: true}));
        if (done) return out.close();
        noteSign();
        out.enqueue(value);
      },
      cancel: reason => reader.cancel(reason),
    }), response);
  }

  // A connection may be dead and nobody says so. The server is never silent for longer than its heartbeat.
  function noteSign() {
    ++signs;
    clearTimeout(silence);
    silence = setTimeout(giveUpStream, 2.5 * heartbeat);
  }

  function giveUpStream() {
    connection?.reader?.cancel().catch(() => {}); // upon which it is opened again
  }

  // Of an event that was answered with nothing, the stream brings the patches.
  function expectNews(revision) {
    const before = signs;
    setTimeout(() => {
      if (brought < revision && signs === before) giveUpStream();
    }, NEWS_PATIENCE);
  }

  function open() {
    if (isOpening || connection || isPaused || hasEnded()) return;
    isOpening = true;
    isDisplaced = false;
    htmx.ajax('GET', stream.getAttribute('hx-sse:connect'), {source: stream});
  }

  stream.addEventListener('htmx:sse:before:connection', event => {
    isOpening = false;
    if (isPaused || hasEnded()) event.preventDefault();
    else ({connection} = event.detail);
  });

  stream.addEventListener('htmx:sse:close', async () => {
    connection = undefined;
    clearTimeout(silence);
    if (isPaused || isDisplaced) return;
    await restBeforeOpening();
    open();
  });

  stream.addEventListener('htmx:sse:before:message', ({detail: {message, waitUntil}}) => {
    if (message.event) return;
    waitUntil(Promise.resolve(released()).then(() => {
      const revision = Number(message.id);
      isRepeated = openedAt < revision && revision <= caughtUp;
      if (message.id && !isRepeated) brought = revision;
    }));
  });

  // The first thing that the server says, and now and then again. Whatever else answers in its place does not.
  stream.addEventListener('stube-beat', () => {
    if (!connection || connection.isGreeted) return;
    connection.isGreeted = true;
    pause = FIRST_PAUSE;
    forgetLoss();
    document.dispatchEvent(new CustomEvent('stube:connected'));
  });

  function forgetLoss() {
    clearTimeout(lossTimer);
    lossTimer = undefined;
    streamIsLost = hasNews = false;
    showState();
  }

  // Comes back when someone uses it: of too many pages that all come back by themselves, none would stay.
  stream.addEventListener('stube-displaced', () => {
    isDisplaced = true;
    showState();
  });
  for (const use of ['focus', 'pointerdown', 'keydown']) addEventListener(use, () => isDisplaced && open(), true);

  // A page that nobody sees needs no stream, and catches up when it is seen again.
  function pauseOrGoOn() {
    isPaused = document.hidden;
    if (!isPaused) return open();
    forgetLoss();
    giveUpStream();
  }
  document.addEventListener('visibilitychange', pauseOrGoOn);
  addEventListener('pageshow', event => event.persisted && pauseOrGoOn());

  // ---- answers, and what the page shows of them ---------------------------------------------------

  // The stream may bring later what an answer with nothing in it says that it does.
  const answered = new Set(); // htmx's contexts of events

  const isShown = ({response}) => !(response?.status === 204 && revisionOf(response) > brought) || hasEnded();
  const hasWorked = ({response}) => response?.status < 400 && !response.headers.has('Stube-Failed');

  function tellAnswered() {
    for (const ctx of [...answered].filter(isShown)) {
      answered.delete(ctx);
      document.dispatchEvent(new CustomEvent('stube:answered', {detail: {ctx, hasWorked: hasWorked(ctx)}}));
    }
  }

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (!isEvent(ctx.request)) return;
    answered.add(ctx);
    tellAnswered();
  });
  document.addEventListener('htmx:after:swap', tellAnswered);
  stream.addEventListener('stube-end', tellAnswered);

  // ---- without a stream ---------------------------------------------------------------------------------

  // Some networks hold streams back until they end. Then the page asks for news: at intervals, and after an event,
  // because the answer to an event lacks the messages that its component has published.
  const NEWS_PAUSE = 5000;
  const AFTER_EVENT = 500;
  const news = stream.dataset.stream.replace('/stube/stream/', '/stube/news/').split('?')[0];
  let newsTimer;
  let hasNews = false; // the last request was answered

  function askIn(milliseconds) {
    clearTimeout(newsTimer);
    newsTimer = setTimeout(ask, milliseconds);
  }

  function ask() {
    if (connection?.isGreeted || hasEnded()) return;
    // The source is outside of #stube, because a request in the queue of the events would delay them.
    if (!isPaused && !isDisplaced && events.size === 0) {
      htmx.ajax('GET', news, {source: document.body, target: view, swap: 'none'});
    }
    askIn(NEWS_PAUSE);
  }

  // The fetch of these requests. If an event is under way, its answer is used instead.
  async function askForNews(url, request) {
    request.headers['Stube-Seen'] = String(brought);
    const isAnswer = async response => response.status === 204 || await isOurs(response);
    const response = await attempt(url, {...request, cache: 'no-store'}, isAnswer, OPENING_LIMIT).catch(() => null);
    hasNews = response !== null;
    if ([403, 404, 410].includes(response?.status)) clearTimeout(newsTimer); // the page is no longer this visitor's, or over
    showState();
    await released();
    return response && events.size === 0 ? response : new Response(null, {status: 204});
  }

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (isEvent(ctx.request) && !connection?.isGreeted) askIn(AFTER_EVENT);
  });

  // ---- what the page shows already ------------------------------------------------------------------

  // While there is no stream, an event says which revision the page shows, and its answer brings the page up to date.
  // A stream that was opened meanwhile brings the same again.
  let openedAt = 0;       // the revision that the page showed when it asked for the stream
  let caughtUp = 0;       // the last revision that an answer has brought
  let isRepeated = false; // the stream's message

  const isFresh = request => request.headers['Stube-Seen'] === String(brought);

  // Notes the revision that an answer brings. False if it may not be all that is new.
  function noteRevision(request, {headers}) {
    const revision = revisionOf({headers});
    if (!isFresh(request) || headers.has('Stube-Failed') || Number.isNaN(revision)) return false;
    brought = caughtUp = revision;
    return true;
  }

  const isShownAlready = ({sourceElement, request, response}) => sourceElement === stream ? isRepeated
    : !isFresh(request) && revisionOf(response) <= brought;

  // Notices are shown in any case.
  htmx.registerExtension('stube', {
    htmx_before_swap: (element, {ctx, tasks}) => {
      if (!ctx.response) return;
      const notices = tasks.filter(({target}) => target === notice);
      if (isShownAlready(ctx)) tasks.splice(0, tasks.length, ...notices);
      else if (ctx.sourceElement !== stream) noteRevision(ctx.request, ctx.response);
    },
  });
})();

// The browser side of stube: the parts that htmx leaves open between a page and a server that may
// be killed at any moment. Each user action is sent until the server has responded, with the same
// event id in every attempt, so that no action is lost and none takes effect twice. The page shows
// its state to sighted users and to screen readers.
//
// The other scripts: stube-events.js (which events are sent, and with which values), stube-page.js
// (how the server's messages change the page), stube-user.js (which changes of the user patches
// must keep), stube-history.js (the browser's Back and Forward, and the address).
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  const view = document.getElementById('stube-view');
  const notice = document.getElementById('stube-notice');

  // These attributes are not in the markup: where this script does not run, htmx must find nothing
  // to do. All events within #stube share one queue and are sent in order, one at a time. The
  // default queue of htmx has one element and holds only two events.
  stream.setAttribute('hx-sse:connect', stream.dataset.stream);
  stream.setAttribute('hx-sse:close', 'stube-end');
  stream.setAttribute('hx-swap', 'none');
  root.setAttribute('hx-swap:inherited', 'none');
  root.setAttribute('hx-target:inherited', '#stube-view');
  root.setAttribute('hx-sync:inherited', '#stube:queue all');

  // All in milliseconds.
  const FIRST_BACKOFF = 250;
  const LONGEST_BACKOFF = 5000;
  const FIRST_TIMEOUT = 30000;   // for an attempt, like the server's body_timeout; retries get more
  const LONGEST_TIMEOUT = 240000;
  const OPENING_TIMEOUT = 15000; // for the head of a stream
  const SLOW_AFTER = 300;        // the page shows that it waits for a slower response
  const LOST_AFTER = 3000;       // a restart of the server takes less time and is not shown
  const UPDATE_TIMEOUT = 2000;   // for an update that must be shown before one that has arrived

  // ---- the status shown to the user -------------------------------------------------------------

  const status = document.createElement('p');
  status.id = 'stube-status';
  status.setAttribute('role', 'status');
  root.prepend(status);

  const pendingEvents = new Set(); // the user's actions without a response
  let streamIsLost = false;
  let isDisplaced = false; // by newer pages of the same conversation

  const askBeforeLeaving = event => event.preventDefault();

  // Sets the text only if it differs: screen readers would read out the same text again.
  function setStatusText(text) {
    if (status.textContent !== text) status.textContent = text;
  }

  function updateStatus() {
    const slow = [...pendingEvents].filter(event => event.isSlow);
    const isRetrying = slow.some(event => event.hasFailed);
    root.classList.toggle('stube-waiting', slow.length > 0);
    // aria-busy on root would silence the notices in root.
    view.ariaBusy = slow.length > 0 ? 'true' : null;
    setStatusText(isRetrying ? 'Connection lost. Your last action is kept and will be sent.'
      : isDisplaced
        ? 'Shown in too many places at once. This one is up to date again when you use it.'
        : streamIsLost && !lastPollSucceeded ? 'Connection lost. Trying to reconnect.' : '');
    // The mere presence of this listener keeps pages out of some back/forward caches.
    (isRetrying ? addEventListener : removeEventListener)('beforeunload', askBeforeLeaving);
  }

  // ---- sending with retry and backoff -----------------------------------------------------------

  // Sleeps, but ends early when the server may be reachable again.
  const backOff = milliseconds => new Promise(done => {
    const listening = new AbortController();
    const finish = () => {
      listening.abort();
      clearTimeout(timer);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    addEventListener('online', finish, {signal: listening.signal});
    document.addEventListener('stube:connected', finish, {signal: listening.signal});
  });

  // One attempt. Throws if it fails or times out; null if the response is not acceptable.
  async function attempt(url, request, isAcceptable, milliseconds) {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), milliseconds);
    try {
      const signal = AbortSignal.any([request.signal, timeout.signal]);
      const response = await fetch(url, {...request, signal});
      if (await isAcceptable(response)) return response;
      timeout.abort(); // the body is not needed
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  // A thousand pages must not send again at the same time.
  const withJitter = pause => pause * (0.75 + Math.random() / 2);

  async function fetchWithRetry(url, request, isAcceptable, onFailure) {
    for (let pause = FIRST_BACKOFF, timeout = FIRST_TIMEOUT; ;
      pause = Math.min(2 * pause, LONGEST_BACKOFF)) {
      const response = await attempt(url, request, isAcceptable, timeout).catch(() => null);
      request.signal.throwIfAborted(); // htmx has aborted this request
      if (response) return response;
      onFailure();
      timeout = Math.min(2 * timeout, LONGEST_TIMEOUT); // a slow connection gets through in the end
      await backOff(withJitter(pause));
    }
  }

  // Waits for the whole body. Throws if the connection breaks before its end.
  const isFromStube = async response => /<hx-[a-z]/.test(await response.clone().text());

  // A 502, 503 or 504 of a gateway means that the server is away.
  const isEventResponse = async response =>
    await isFromStube(response) || ![502, 503, 504].includes(response.status);

  // Another server may answer in place of stube, also with a success (a proxy's login page, a
  // hotel's network). This page shows nothing of such a response. htmx receives a failure.
  const emptyFailure = ({ok, status, headers}) =>
    new Response(null, {status: ok || !status ? 502 : status, headers});

  const failureText = ({ok, type, status}) => ok || type === 'opaqueredirect'
    ? 'This did not work: something other than the server of this page has answered. ' +
      'You may have been signed out. Please reload the page.'
    : `This did not work: the server answered ${status}.`;

  async function sendEvent(url, request) {
    request.headers['Stube-Event-Id'] = nextEventId();
    if (!connection?.isConfirmed) request.headers['Stube-Seen'] = String(lastRevision);
    request.stubeSeen = lastRevision;
    const event = {isSlow: false, hasFailed: false};
    const oldNotices = [...notice.childNodes];
    const timer = setTimeout(() => {
      event.isSlow = true;
      updateStatus();
    }, SLOW_AFTER);
    pendingEvents.add(event);
    try {
      // stube answers no event with a redirect, so a redirect is from another server.
      const options = {...request, redirect: 'manual'};
      const response = await fetchWithRetry(url, options, isEventResponse, () => {
        event.hasFailed = true;
        updateStatus();
      });
      if (response.status !== 204 && !await isFromStube(response)) {
        notice.textContent = failureText(response);
        return emptyFailure(response);
      }
      if (response.ok) oldNotices.forEach(node => node.remove());
      await pressEnded();
      await takeTurnOfResponse(request, response);
      return response;
    } finally {
      clearTimeout(timer);
      pendingEvents.delete(event);
      updateStatus();
    }
  }

  // ---- a pressed button -------------------------------------------------------------------------

  // A browser fires a click only if the pressed element is still on the page when it is released.
  // Patches therefore wait until the click, which comes at or shortly after the release, or until
  // none has come. The wait is limited, because browsers do not report the end of every press.
  const LONGEST_PRESS = 3000;
  const CLICK_TIMEOUT = 300; // from the release
  let press; // a promise, its resolve function, and the timer that ends the press

  const pressEnded = () => press?.promise;

  function beginPress() {
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

  root.addEventListener('pointerdown', ({isPrimary, button}) => {
    if (isPrimary && button === 0) beginPress();
  }, true);
  root.addEventListener('keydown', ({key}) => key === ' ' && beginPress(), true);
  for (const type of ['click', 'keyup', 'pointercancel', 'dragstart', 'contextmenu']) {
    addEventListener(type, () => endPressIn(0), true);
  }
  addEventListener('blur', () => endPressIn(0)); // of the window
  addEventListener('pointerup', () => endPressIn(CLICK_TIMEOUT), true);

  // ---- htmx's requests --------------------------------------------------------------------------

  const isNewsRequest = request => /\/stube\/news\//.test(request.action);
  const isEventRequest = request =>
    request.method === 'POST' && /\/stube\/(event|back)\//.test(request.action);

  // An event id is 10 hexadecimal digits that identify this page, and 6 that number its events.
  // htmx's queue sends one event at a time, so the server keeps only the last id of each page.
  const hex = (number, digits) => number.toString(16).padStart(digits, '0');
  const newPageId = () =>
    [...crypto.getRandomValues(new Uint8Array(5))].map(byte => hex(byte, 2)).join('');
  let pageId = newPageId();
  const streamPageId = pageId; // the server sends this page's own updates only in its responses
  let eventCount = 0;

  function nextEventId() {
    if (++eventCount > 0xffffff) [pageId, eventCount] = [newPageId(), 1];
    return pageId + hex(eventCount, 6);
  }

  // htmx finds the queue through the ancestors of the source element. A patch may remove that
  // element while its event waits in the queue. Without ancestors it would block all later events,
  // so root takes its place.
  function fallBackToRoot(ctx) {
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
      isOpening = !isPaused; // a page that was never visible does not open its stream
      if (isPaused) return event.preventDefault();
      ctx.fetch = fetchStream;
    } else if (isEventRequest(ctx.request)) {
      ctx.stubeIsEvent = true;
      ctx.fetch = sendEvent;
      fallBackToRoot(ctx);
    } else if (isNewsRequest(ctx.request)) {
      ctx.fetch = fetchNews;
    } else {
      return;
    }
    ctx.request.timeout = 0; // each attempt has a timeout, all attempts together have none
  });

  // ---- the stream -------------------------------------------------------------------------------

  // hx-sse reads the stream. This script decides when to open and when to cancel it.
  stream.setAttribute('hx-config', 'sse.reconnect:false sse.pauseOnBackground:false');

  const heartbeat = Math.max(stream.dataset.heartbeat, 1000); // the server's longest silence
  let connection;       // hx-sse's, while a stream is open
  let isOpening = true; // hx-sse opens the first stream
  let isPaused = document.hidden;
  let reopenPause = FIRST_BACKOFF;
  let activityCount = 0; // pieces received
  let silenceTimer;
  let lossTimer;

  // The end of the conversation is an event of the stream, or a response to an event. That response
  // removes the stream's element.
  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');
  stream.addEventListener('stube-end', () => stream.removeAttribute('hx-sse:connect'));

  const isStream = ({ok, headers}) =>
    ok && /^text\/event-stream\b/.test(headers.get('Content-Type'));

  const backOffBeforeOpening = () => {
    const pause = reopenPause;
    reopenPause = Math.min(2 * reopenPause, LONGEST_BACKOFF);
    return backOff(withJitter(pause));
  };

  // Replaces fetch for the requests of the stream.
  async function fetchStream(url, request) {
    lossTimer ??= setTimeout(() => {
      streamIsLost = true;
      updateStatus();
      poll();
    }, LOST_AFTER);
    request.headers['Last-Event-ID'] = String(lastRevision);
    request.headers['Stube-Page'] = streamPageId;
    revisionAtOpening = lastRevision;
    for (;;) {
      // With its cache, Firefox would delay a second tab's request until the first tab's stream
      // ends.
      const uncached = {...request, cache: 'no-store'};
      const response = await attempt(url, uncached, isStream, OPENING_TIMEOUT).catch(() => null);
      request.signal.throwIfAborted();
      if (response) return withHeartbeat(response);
      await backOffBeforeOpening();
      while (isPaused) {
        await new Promise(done =>
          document.addEventListener('visibilitychange', done, {once: true}));
      }
    }
  }

  // The same response, but each received piece counts as activity, because a large view may arrive
  // slowly. A broken connection ends the body without an error: htmx would report one, and to the
  // user and to the developer of the page a reconnect is not an error.
  function withHeartbeat(response) {
    recordActivity();
    const reader = response.body.getReader();
    return new Response(new ReadableStream({
      async pull(out) {
        const {done, value} = await reader.read().catch(() => ({done: true}));
        if (done) return out.close();
        recordActivity();
        out.enqueue(value);
      },
      cancel: reason => reader.cancel(reason),
    }), response);
  }

  // A dead connection may report no error. A live server is never silent for longer than its
  // heartbeat, so a longer silence ends the stream.
  function recordActivity() {
    ++activityCount;
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(cancelStream, 2.5 * heartbeat);
  }

  function cancelStream() {
    connection?.reader?.cancel().catch(() => {}); // htmx:sse:close follows and opens a new stream
  }

  function openStream() {
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
    clearTimeout(silenceTimer);
    if (isPaused || isDisplaced) return;
    await backOffBeforeOpening();
    openStream();
  });

  stream.addEventListener('htmx:sse:before:message', ({detail}) => {
    const {message, waitUntil} = detail;
    if (message.event) return;
    waitUntil(takeTurnOfMessage(message).then(hasCome => { detail.cancelled = !hasCome; }));
  });

  // The server begins each stream with this event and repeats it now and then. Another server in
  // its place, such as a login page, does not send it.
  stream.addEventListener('stube-beat', () => {
    if (!connection || connection.isConfirmed) return;
    connection.isConfirmed = true;
    reopenPause = FIRST_BACKOFF;
    clearLoss();
    document.dispatchEvent(new CustomEvent('stube:connected'));
  });

  function clearLoss() {
    clearTimeout(lossTimer);
    lossTimer = undefined;
    streamIsLost = lastPollSucceeded = false;
    updateStatus();
  }

  // A displaced page reconnects only when someone uses it. If too many pages of a conversation
  // reconnected by themselves, they would displace one another forever.
  stream.addEventListener('stube-displaced', () => {
    isDisplaced = true;
    updateStatus();
  });
  for (const type of ['focus', 'pointerdown', 'keydown']) {
    addEventListener(type, () => isDisplaced && openStream(), true);
  }

  // A hidden page needs no stream. It catches up when it becomes visible.
  function pauseOrResume() {
    isPaused = document.hidden;
    if (!isPaused) return openStream();
    clearLoss();
    cancelStream();
  }
  document.addEventListener('visibilitychange', pauseOrResume);
  addEventListener('pageshow', event => event.persisted && pauseOrResume());

  // ---- responses, and whether the page shows their result ---------------------------------------

  // htmx's contexts of events whose result the page does not show yet: the stream may deliver it
  // later.
  const notYetShown = new Set();

  const isShown = ({response}) =>
    !(response && revisionOf(response) > lastRevision) || hasEnded();
  const hasWorked = ({response}) => response?.status < 400 && !response.headers.has('Stube-Failed');

  function dispatchAnswered() {
    for (const ctx of [...notYetShown].filter(isShown)) {
      notYetShown.delete(ctx);
      const detail = {ctx, hasWorked: hasWorked(ctx)};
      document.dispatchEvent(new CustomEvent('stube:answered', {detail}));
    }
  }

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (!isEventRequest(ctx.request)) return;
    notYetShown.add(ctx);
    dispatchAnswered();
  });
  document.addEventListener('htmx:after:swap', dispatchAnswered);
  stream.addEventListener('stube-end', dispatchAnswered);

  // ---- without a stream -------------------------------------------------------------------------

  // Some networks hold streams back until they end. Then the page polls: at intervals, and after an
  // event, because the response to an event lacks the messages that its component has published.
  const POLL_INTERVAL = 5000;
  const POLL_AFTER_EVENT = 500;
  const newsAddress = stream.dataset.stream.replace('/stube/stream/', '/stube/news/').split('?')[0];
  let pollTimer;
  let lastPollSucceeded = false;

  function pollIn(milliseconds) {
    clearTimeout(pollTimer);
    pollTimer = setTimeout(poll, milliseconds);
  }

  function poll() {
    if (connection?.isConfirmed || hasEnded()) return;
    // The source is outside of #stube: a request in the queue of the events would delay them.
    if (!isPaused && !isDisplaced && pendingEvents.size === 0) {
      htmx.ajax('GET', newsAddress, {source: document.body, target: view, swap: 'none'});
    }
    pollIn(POLL_INTERVAL);
  }

  // Replaces fetch for these requests. The response to a pending event takes precedence.
  async function fetchNews(url, request) {
    request.headers['Stube-Seen'] = String(lastRevision);
    request.stubeSeen = lastRevision;
    const isAcceptable = async response => response.status === 204 || await isFromStube(response);
    const uncached = {...request, cache: 'no-store'};
    const response = await attempt(url, uncached, isAcceptable, OPENING_TIMEOUT).catch(() => null);
    lastPollSucceeded = response !== null;
    // The conversation has ended, or belongs to another visitor.
    if ([403, 404, 410].includes(response?.status)) clearTimeout(pollTimer);
    updateStatus();
    await pressEnded();
    return response && pendingEvents.size === 0 ? response : new Response(null, {status: 204});
  }

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (isEventRequest(ctx.request) && !connection?.isConfirmed) pollIn(POLL_AFTER_EVENT);
  });

  // ---- the order of updates ---------------------------------------------------------------------

  // Each update makes the next revision, and the server sends it to this page once: in the response
  // to the event of this page that caused it, or else on the stream. The two arrive independently,
  // so an update waits until the page shows the revision before it. An update that contains the
  // whole view waits for nothing. The page may have received a later revision in the meantime; then
  // it drops the view.

  // The revision that the page shows.
  let lastRevision = Number(/\brev=(\d+)/.exec(stream.getAttribute('hx-sse:connect'))?.[1]);
  let revisionAtOpening = 0; // that the page showed when it requested the stream
  let streamUpdate;          // the stream's current message, as an update
  const waiting = new Set(); // functions to call after a change of lastRevision

  // In a response. Notices alone have no revision, and a failure has one only if it has made it.
  const revisionOf = ({headers}) => Number(headers.get('Stube-Revision') ?? NaN);
  const baseOf = ({headers}) => Number(headers.get('Stube-Base') ?? NaN);

  // An update makes `revision`, for a page that shows `base`; for any page if that is NaN. `seen` is
  // the revision that this page showed when it sent the request.
  function updateOf({stubeSeen}, response) {
    const base = baseOf(response);
    const hasRevision = !response.headers.has('Stube-Failed') || base >= 0;
    return {revision: hasRevision ? revisionOf(response) : NaN, base, seen: stubeSeen};
  }

  // A view that is older than `seen` is from a server that has lost changes.
  const isShownAlready = ({revision, base, seen}) =>
    revision <= lastRevision && (base >= 0 || seen < revision);

  // Returns true if the page must apply the patches of an update, and false if it must not: it
  // shows them already, or lacks the update before and will receive the whole view.
  function accept(update) {
    if (isShownAlready(update) || update.base > lastRevision) return false;
    if (update.revision >= 0) lastRevision = update.revision;
    for (const proceed of [...waiting]) proceed();
    return true;
  }

  // Resolves to true when the page shows `revision`. If it does not come in time, opens another
  // stream, which brings the whole view, and resolves to false.
  const waitFor = revision => new Promise(done => {
    let timer;
    const finish = isShown => {
      clearTimeout(timer);
      waiting.delete(proceed);
      done(isShown);
    };
    const proceed = () => lastRevision >= revision && finish(true);
    const giveUpUnlessActive = countBefore => { // a large view may arrive slowly
      if (activityCount !== countBefore) return startTimer();
      cancelStream();
      finish(false);
    };
    const startTimer = () => {
      timer = setTimeout(giveUpUnlessActive, UPDATE_TIMEOUT, activityCount);
    };
    startTimer();
    waiting.add(proceed);
    proceed();
  });

  async function takeTurnOfResponse(request, response) {
    const update = updateOf(request, response);
    if (update.base > lastRevision) await waitFor(update.base);
    if (response.status !== 204) return;
    if (update.base >= 0) accept(update);
    else if (update.revision > lastRevision) waitFor(update.revision); // comes on the stream
  }

  async function takeTurnOfMessage({id, data}) {
    await pressEnded();
    const revision = Number(id || NaN);
    const isWholeView = /^<hx-partial hx-target="#stube-view"/.test(data);
    const base = isWholeView ? NaN : revision - 1;
    streamUpdate = {revision, base, seen: revisionAtOpening};
    return !(base > lastRevision) || waitFor(base);
  }

  // Notices are shown in any case.
  htmx.registerExtension('stube', {
    htmx_before_swap: (element, {ctx: {sourceElement, request, response}, tasks}) => {
      if (!response) return;
      const update = sourceElement === stream ? streamUpdate : updateOf(request, response);
      const notices = tasks.filter(({target}) => target === notice);
      if (!accept(update)) tasks.splice(0, tasks.length, ...notices);
    },
  });
})();

// The browser's Back and Forward walk through the steps of the conversation. The address names the
// conversation. Each entry of the browser's history records the step that the page showed there,
// and all steps before it.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  const {conversation} = stream.dataset;
  const [base] = stream.getAttribute('hx-sse:connect').split('/stube/stream/');
  const backAddress = `${base}/stube/back/${conversation}`;

  // The steps up to the present entry; undefined if the entry does not belong to this conversation.
  const stepsOfEntry = () =>
    history.state?.stube?.conversation === conversation ? history.state.stube.steps : undefined;

  let shownStep = Number(stream.dataset.step ?? 0);
  let earlierSteps = stepsOfEntry()?.slice(0, -1) ?? []; // of the entries before the present one
  let pendingTravels = 0;                                // requests for a step without a response

  // An application writes addresses without the base path under which it is served.
  const withBase = url =>
    url.startsWith('/') && !url.startsWith('//') && !url.startsWith(`${base}/`) ? base + url : url;

  // Writes the step that the page shows into the present entry, or into a new one.
  function writeEntry(url = location.href, step = shownStep, write = 'replaceState') {
    const address = new URL(withBase(url), location.href);
    address.searchParams.set('c', conversation); // resumes it after a reload, from a bookmark
    if (address.origin !== location.origin) return; // browsers do not allow it
    if (write === 'pushState') earlierSteps = stepsOfEntry();
    const steps = [...earlierSteps, step];
    history[write]({...history.state, stube: {conversation, steps}}, '', address);
  }

  writeEntry();

  // ---- changes by the server --------------------------------------------------------------------

  let change;           // the step and the address of one message, which make one entry together
  const postponed = []; // functions that wait until the browser has navigated
  // {step, url}: the page shows the step already, and the browser has not reached its entry yet.
  let pendingNavigation;

  document.addEventListener('stube:command', ({detail: {step, url, push = false}}) => {
    if (step === undefined && url === undefined) return;
    change ??= {push: false};
    change.push ||= push;
    shownStep = step ?? shownStep;
    change.url = url ?? change.url;
  });

  document.addEventListener('htmx:after:swap', () => {
    if (change) {
      const complete = {...change, step: shownStep};
      afterNavigation(() => applyChange(complete));
    }
    change = undefined;
    if (!stream.isConnected) afterNavigation(leaveSteps); // a response to an event was the end
  });

  function afterNavigation(act) {
    postponed.push(act);
    runPostponed();
  }

  function runPostponed() {
    while (!pendingNavigation && postponed.length > 0) postponed.shift()();
  }

  function applyChange({push, url, step}) {
    if (push) return writeEntry(url, step, 'pushState');
    const index = pendingTravels > 0 ? -1 : earlierSteps.lastIndexOf(step);
    if (index < 0) return writeEntry(url, step);
    // The page has gone back by itself. The browser follows, so that Forward leads here again.
    pendingNavigation = {step, url};
    history.go(index - earlierSteps.length);
  }

  // ---- navigation by the user -------------------------------------------------------------------

  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');

  addEventListener('popstate', () => {
    const steps = stepsOfEntry();
    const wanted = steps?.at(-1);
    earlierSteps = steps?.slice(0, -1) ?? [...earlierSteps, shownStep];
    if (pendingNavigation && wanted === pendingNavigation.step) return finishNavigation();
    pendingNavigation = undefined; // the user has navigated elsewhere meanwhile
    postponed.length = 0;
    if (!steps) writeEntry(); // a link within the page made this entry
    else if (!hasEnded() && (wanted !== shownStep || pendingTravels > 0)) travel(wanted);
  });

  function finishNavigation() {
    const {step, url} = pendingNavigation;
    pendingNavigation = undefined;
    if (url !== undefined) writeEntry(url, step);
    runPostponed();
  }

  function travel(to) {
    ++pendingTravels;
    htmx.ajax('POST', backAddress, {source: root, swap: 'none', values: {to}});
  }

  // The request carries only the step. With root as its source, htmx adds all fields of the page.
  document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
    if (ctx.request.action !== backAddress) return;
    for (const name of [...ctx.request.body.keys()]) {
      if (name !== 'to') ctx.request.body.delete(name);
    }
  });

  // If the server has not gone to the step, the entry records the step that the page still shows.
  root.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (ctx.request.action !== backAddress) return;
    --pendingTravels;
    if (stepsOfEntry()?.at(-1) !== shownStep) writeEntry();
  });

  // After the end there are no steps to go back to: Back leaves the conversation.
  function leaveSteps() {
    if (earlierSteps.length > 0) history.go(-earlierSteps.length);
    earlierSteps = [];
  }
  stream.addEventListener('stube-end', () => afterNavigation(leaveSteps));
})();

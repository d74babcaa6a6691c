// The browser's Back and Forward walk the steps of the conversation, and the address says which conversation
// it is. Each entry of the browser's history knows the steps that the page showed there and before.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  const {conversation} = stream.dataset;
  const [base] = stream.getAttribute('hx-sse:connect').split('/stube/stream/');
  const backAddress = `${base}/stube/back/${conversation}`;

  // The steps up to the present entry; none where the entry is not one of this conversation.
  const noted = () => history.state?.stube?.conversation === conversation ? history.state.stube.steps : undefined;

  let step = Number(stream.dataset.step ?? 0); // that the page shows
  let earlier = noted()?.slice(0, -1) ?? [];   // of the entries before the present one
  let travels = 0;                             // on their way to the server

  // An application writes addresses as if it were alone on its server.
  const withBase = url => url.startsWith('/') && !url.startsWith('//') && !url.startsWith(`${base}/`) ? base + url : url;

  // Writes into the present entry, or into a new one, what the page shows.
  function note(url = location.href, shown = step, write = 'replaceState') {
    const address = new URL(withBase(url), location.href);
    address.searchParams.set('c', conversation); // reload, bookmark and restart resume it
    if (address.origin !== location.origin) return; // no browser allows it
    if (write === 'pushState') earlier = noted();
    history[write]({...history.state, stube: {conversation, steps: [...earlier, shown]}}, '', address);
  }

  note();

  // ---- what the server says -----------------------------------------------------------------------

  let news;         // a message may bring a step and an address: together they are one entry
  const later = []; // what is to be done when the browser is there
  let going;        // where to: the page is there already, and the browser takes its time

  document.addEventListener('stube:command', ({detail: {step: next, url, push = false}}) => {
    if (next === undefined && url === undefined) return;
    news ??= {push: false};
    news.push ||= push;
    step = next ?? step;
    news.url = url ?? news.url;
  });

  document.addEventListener('htmx:after:swap', () => {
    if (news) {
      const told = {...news, shown: step};
      whenThere(() => tell(told));
    }
    news = undefined;
    if (!stream.isConnected) whenThere(leaveSteps); // the answer to an event was the end
  });

  function whenThere(act) {
    later.push(act);
    catchUp();
  }

  function catchUp() {
    while (!going && later.length > 0) later.shift()();
  }

  function tell({push, url, shown}) {
    if (push) return note(url, shown, 'pushState');
    const entry = travels > 0 ? -1 : earlier.lastIndexOf(shown);
    if (entry < 0) return note(url, shown);
    going = {shown, url}; // the page itself has gone back: so does the browser, and Forward leads here again
    history.go(entry - earlier.length);
  }

  // ---- what the user does -------------------------------------------------------------------------

  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');

  addEventListener('popstate', () => {
    const steps = noted();
    const wanted = steps?.at(-1);
    earlier = steps?.slice(0, -1) ?? [...earlier, step];
    if (going && wanted === going.shown) return arrive();
    going = undefined; // someone has gone elsewhere meanwhile
    later.length = 0;
    if (!steps) note(); // a link within the page made this entry
    else if (!hasEnded() && (wanted !== step || travels > 0)) travel(wanted);
  });

  function arrive() {
    const {shown, url} = going;
    going = undefined;
    if (url !== undefined) note(url, shown);
    catchUp();
  }

  function travel(to) {
    ++travels;
    htmx.ajax('POST', backAddress, {source: root, swap: 'none', values: {to}});
  }

  // Nothing but where to: of root, htmx collects all that is filled in on the page.
  document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
    if (ctx.request.action !== backAddress) return;
    for (const name of [...ctx.request.body.keys()]) {
      if (name !== 'to') ctx.request.body.delete(name);
    }
  });

  // Where the server did not go along, the entry tells what is shown nevertheless.
  root.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (ctx.request.action !== backAddress) return;
    --travels;
    if (noted()?.at(-1) !== step) note();
  });

  // After the end there are no steps to go back to: Back leaves the conversation.
  function leaveSteps() {
    if (earlier.length > 0) history.go(-earlier.length);
    earlier = [];
  }
  stream.addEventListener('stube-end', () => whenThere(leaveSteps));
})();

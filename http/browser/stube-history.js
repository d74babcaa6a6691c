// The browser's Back and Forward walk the steps of the conversation, and the address says which conversation
// it is. Each entry of the browser's history knows the step that the page showed there.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  const {conversation} = stream.dataset;
  const backAddress = stream.getAttribute('hx-sse:connect').split('?')[0].replace('/stube/stream/', '/stube/back/');

  const noted = () => history.state?.stube?.conversation === conversation ? history.state.stube : undefined;

  let step = Number(stream.dataset.step ?? 0); // that the page shows
  let entry = noted()?.entry ?? 0;             // how many entries of this conversation stand before the present one
  let travels = 0;                             // on their way to the server

  // Writes into the present entry, or a new one, what the page shows.
  function note({push = false, url = location.href} = {}) {
    const address = new URL(url, location.href);
    address.searchParams.set('c', conversation); // reload, bookmark and restart resume it
    if (push) ++entry;
    history[push ? 'pushState' : 'replaceState']({stube: {conversation, step, entry}}, '', address);
  }

  note();

  // ---- what the server says -----------------------------------------------------------------------

  // A message may bring a step and an address: together they are one entry.
  let news;

  document.addEventListener('stube:command', ({detail: {step: next, url, push = false}}) => {
    if (next === undefined && url === undefined) return;
    news = {...news, push: push || !!news?.push};
    if (next !== undefined) step = next;
    if (url !== undefined) news.url = url;
  });

  document.addEventListener('htmx:after:swap', () => {
    if (news) note(news);
    news = undefined;
    if (!stream.isConnected) leaveSteps(); // the answer to an event was the end
  });

  // ---- what the user does -------------------------------------------------------------------------

  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');

  addEventListener('popstate', () => {
    const here = noted();
    if (!here) return note({}); // a link within the page made this entry
    entry = here.entry;
    if (here.step === step && !travels || hasEnded()) return;
    ++travels;
    htmx.ajax('POST', backAddress, {source: root, swap: 'none', values: {to: here.step}});
  });

  // Where the server did not go along, the entry tells what is shown nevertheless.
  root.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (ctx.request.action !== backAddress) return;
    --travels;
    if (noted()?.step !== step) note();
  });

  // After the end there are no steps to go back to: Back leaves the conversation.
  function leaveSteps() {
    if (entry > 0) history.go(-entry);
    entry = 0;
  }
  stream.addEventListener('stube-end', leaveSteps);
})();

// Which of the user's actions are sent, and with what: the part of on<...> that htmx does not know. It reads
// what http/wire_html.cpp writes.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  if (!root) return; // a page without a conversation

  // ---- a DOM event that is wanted only sometimes --------------------------------------------------

  // htmx could filter with eval only, which the policy forbids. So it listens for "stube:keydown" where this
  // has found the keydown to be a wanted one.
  const takesClick = 'a[href], button, input[type=submit], input[type=image]';

  const opensElsewhere = event =>
    event.type === 'click' && (event.ctrlKey || event.metaKey || event.shiftKey) && event.currentTarget.closest('a[href]');

  // What the browser would do instead of what the component does: submit a form, follow a link.
  const goesItsOwnWay = event =>
    event.type === 'submit' || (event.type === 'click' && event.currentTarget.closest(takesClick));

  function isWanted(event) {
    const {stubeOn, stubeKeys} = event.currentTarget.dataset;
    if (stubeOn !== event.type || opensElsewhere(event)) return false;
    return !stubeKeys || (!event.isComposing && JSON.parse(stubeKeys).includes(event.key));
  }

  function look(event) {
    if (!isWanted(event)) return;
    const element = event.currentTarget;
    if ('stubePrevent' in element.dataset || goesItsOwnWay(event)) event.preventDefault();
    if ('stubeStop' in element.dataset) event.stopPropagation();
    const wanted = new CustomEvent(`stube:${event.type}`);
    wanted.submitter = event.submitter; // htmx sends its name and value
    element.dispatchEvent(wanted);
  }

  const looking = new WeakMap(); // by element: ends the listening
  const spent = new WeakSet();     // elements that send once, and have: it worked, or is under way

  // htmx calls this for each element with an event, and again when its event has changed.
  function begin(element) {
    spent.delete(element);
    looking.get(element)?.abort();
    const on = element.dataset.stubeOn;
    if (!on) return;
    const end = new AbortController();
    looking.set(element, end);
    element.addEventListener(on, look, {signal: end.signal});
  }

  htmx.registerExtension('stube-events', {htmx_after_init: begin});

  // ---- before an event is sent --------------------------------------------------------------------

  function maySend(element) {
    const {stubeOnce, stubeConfirm} = element.dataset;
    if (spent.has(element) || (stubeConfirm && !confirm(stubeConfirm))) return false;
    if (stubeOnce !== undefined) spent.add(element);
    return true;
  }

  // Of an element that holds other components, htmx collects the controls of all of them.
  function keepOwn(fields, instance) {
    for (const name of [...fields.keys()]) {
      if (name !== 'stube-args' && !name.startsWith(`i${instance}-`)) fields.delete(name);
    }
  }

  // htmx puts the control whose event it is before all others. So the empty value that says of a check box
  // that it is there would come behind its tick, and count.
  function keepOrder(fields, {name, type}) {
    if (type !== 'checkbox' || !fields.has(name)) return;
    fields.delete(name);
    for (const control of document.getElementsByName(name)) {
      if (!control.disabled && (control.type !== 'checkbox' || control.checked)) fields.append(name, control.value);
    }
  }

  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    ctx.stubeInstance = /\/stube\/event\/[^/]+\/(\d+)\//.exec(ctx.request.action)?.[1]; // whom the event is for
    if (!ctx.stubeInstance) return;
    if (!ctx.stubeBehavior) {
      if (!maySend(ctx.sourceElement)) return event.preventDefault();
      ctx.stubeSender = ctx.sourceElement;
    }
    keepOwn(ctx.request.body, ctx.stubeInstance);
    keepOrder(ctx.request.body, ctx.sourceElement);
  }, true); // before what stube.js does with those that are sent

  // What has changed nothing may be tried again.
  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (!(ctx.response?.status < 400) || ctx.response.headers.has('Stube-Failed')) spent.delete(ctx.stubeSender);
  });

  // ---- a double click -----------------------------------------------------------------------------

  // The second half of a double click is meant for the event of the first half. It must not hit what the answer to
  // that has put under the pointer: another step, another control, or the same one with another event in it.
  const step = () => view.firstElementChild?.id;
  let clicked;

  function lookAt({target}) {
    const sender = target.closest('[hx-post]');
    const control = target.closest('button, a, input, summary') ?? (sender?.matches('form') ? null : sender);
    return {
      step: step(), control, address: sender?.getAttribute('hx-post'),
      words: control?.textContent, values: sender?.getAttribute('hx-vals'),
    };
  }

  const isTheSame = (first, now) => first?.step === now.step && (!now.control ||
    (first.control === now.control && first.address === now.address &&
      (first.words === now.words || first.values === now.values)));

  root.addEventListener('click', event => {
    const now = lookAt(event);
    if (event.detail < 2) {
      clicked = now;
    } else if (!isTheSame(clicked, now)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
})();

// Which of the user's actions are sent, and with what. It reads what http/wire_html.cpp writes.
// Last of the scripts: until it has run, the browser submits forms by itself, and the page works so too.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  if (!root) return; // a page without a conversation

  // ---- taking over --------------------------------------------------------------------------------

  // What the page was given for submissions without scripts (page_wire) is in no patch.
  function takeOver() {
    const enter = document.querySelector('body > .stube-enter');
    const loose = enter?.getAttribute('form') ?? 'stube-form';
    for (const control of root.querySelectorAll(`[form="${loose}"]`)) control.removeAttribute('form');
    for (const field of document.querySelectorAll('[name="stube"], [name^="stube-args-"]')) field.remove();
    for (const unused of document.querySelectorAll('body > .stube-enter, body > #stube-form')) unused.remove();
    document.getElementById('stube-form')?.removeAttribute('id');
  }

  takeOver();

  // ---- the event of an element --------------------------------------------------------------------

  const nativeAddress = {FORM: 'action', BUTTON: 'formaction', INPUT: 'formaction', A: 'href'};

  function addressOf(element) {
    const address = element.dataset.stubeAction ?? element.getAttribute(nativeAddress[element.tagName] ?? '');
    return address && /\/stube\/event\//.test(address) ? address.split('?')[0] : undefined;
  }

  function defaultEventOf(element) {
    if (element.matches('form')) return 'submit';
    return element.matches('input:not([type=submit], [type=button], [type=image]), select, textarea') ? 'change' : 'click';
  }

  const eventOf = element => element.dataset.stubeOn ?? defaultEventOf(element);

  const argumentsOf = element => element.name === 'stube-args' ? element.value : element.dataset.stubeArgs;

  const signatureOf = element => `${addressOf(element)} ${argumentsOf(element) ?? ''}`;

  // ---- a DOM event that is wanted -----------------------------------------------------------------

  const isLink = element => element.closest('a[href]');

  // What is done with a modifier key to a link, the browser does: a new tab, a new window, a download.
  const opensElsewhere = event => event.type === 'click' &&
    (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) && isLink(event.target);

  // See stube-user.js.
  const isCausedByPatch = event => root.stubePatches > 0 || event.stubeIsCaused;

  function isWanted(event, element) {
    if (!addressOf(element) || eventOf(element) !== event.type) return false;
    const {stubeKeys} = element.dataset;
    return !stubeKeys || (!event.isComposing && JSON.parse(stubeKeys).includes(strokeOf(event)));
  }

  // "Enter", "Control+Shift+Enter", "a", "?": a key and its modifiers, as runtime/component.cpp writes them. Which
  // modifiers make a character is the keyboard's business: Shift makes "?" and "A"; AltGr, which some systems call
  // Control and Alt, or Alt alone makes "@".
  function strokeOf(event) {
    const {key} = event;
    const isCharacter = key !== ' ' && [...key].length === 1;
    const isMade = {
      Control: isCharacter && event.getModifierState('AltGraph'),
      Alt: isCharacter && (event.getModifierState('AltGraph') || !/[a-z0-9]/i.test(key)),
      Shift: isCharacter,
    };
    const held = ['Control', 'Alt', 'Meta', 'Shift']
      .filter(name => event.getModifierState(name) && !isMade[name] && name !== key);
    return [...held, key].join('+');
  }

  // What the browser would do instead of what the component does: submit a form, follow a link.
  function goesItsOwnWay(event, element) {
    if (event.type === 'submit') return true;
    if (event.type !== 'click') return false;
    const link = isLink(element);
    return link ? !/^#./.test(link.getAttribute('href')) : element.closest('button, input[type=submit], input[type=image]');
  }

  function hear(event) {
    if (opensElsewhere(event) || isCausedByPatch(event)) return;
    for (let element = event.target; element instanceof Element && root.contains(element); element = element.parentElement) {
      if (isWanted(event, element)) {
        if ('stubePrevent' in element.dataset || goesItsOwnWay(event, element)) event.preventDefault();
        whenDue(element, event);
        if ('stubeStop' in element.dataset) return event.stopPropagation();
      }
      if (!event.bubbles) return;
    }
  }

  // An event that does not bubble passes the root on its way down only.
  const heard = new Set();
  function listenTo(type) {
    if (heard.has(type)) return;
    heard.add(type);
    root.addEventListener(type, hear);
    root.addEventListener(type, event => event.bubbles || hear(event), true);
  }

  function listen() {
    for (const element of root.querySelectorAll('[data-stube-on]')) listenTo(element.dataset.stubeOn);
  }

  ['click', 'submit', 'change'].forEach(listenTo);
  listen();
  document.addEventListener('htmx:after:swap', listen);

  // ---- when it is sent ----------------------------------------------------------------------------

  const pauses = new WeakMap(); // elements, to their timer and the event that waits for its end

  function whenDue(element, event) {
    const {stubeDelay, stubeThrottle} = element.dataset;
    const pause = pauses.get(element) ?? {};
    pauses.set(element, pause);
    if (stubeDelay) {
      clearTimeout(pause.timer);
      pause.timer = setTimeout(send, stubeDelay, element, event);
    } else if (!stubeThrottle) {
      send(element, event);
    } else if (pause.timer) {
      pause.waiting = event;
    } else {
      send(element, event);
      pause.timer = setTimeout(endPause, stubeThrottle, element);
    }
  }

  function endPause(element) {
    const {waiting} = pauses.get(element);
    pauses.delete(element);
    if (waiting) whenDue(element, waiting);
  }

  function send(element, event) {
    const address = addressOf(element);
    if (address && element.isConnected) htmx.ajax('POST', address, {source: element, event});
  }

  // ---- before an event is sent --------------------------------------------------------------------

  const spent = new WeakMap(); // elements that send once, to the event that they have sent or are sending

  function maySend(element) {
    const {stubeOnce, stubeConfirm} = element.dataset;
    if (stubeOnce !== undefined && spent.get(element) === signatureOf(element)) return false;
    if (stubeConfirm && !confirm(stubeConfirm)) return false;
    if (stubeOnce !== undefined) spent.set(element, signatureOf(element));
    return true;
  }

  let collectFormData; // htmx's own

  htmx.registerExtension('stube-events', {init: api => { ({collectFormData} = api); }});

  // All that is filled in of the component that the event is for, in a form or not.
  function fieldsOf(instance, element, submitted) {
    if (element.matches('form')) return submitted;
    const component = document.getElementById(`i${instance}`);
    return component ? collectFormData(component, null, null, false, false) : new FormData();
  }

  // An element may hold other components, which have controls of their own.
  function keepOwn(fields, instance) {
    for (const name of [...fields.keys()]) {
      if (name !== 'stube-args' && !name.startsWith(`i${instance}-`)) fields.delete(name);
    }
  }

  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    ctx.stubeInstance = /\/stube\/event\/[^/]+\/(\d+)\//.exec(ctx.request.action)?.[1]; // whom the event is for
    if (!ctx.stubeInstance) return;
    const element = ctx.sourceElement;
    if (!ctx.stubeBehavior) {
      ctx.request.body = fieldsOf(ctx.stubeInstance, element, ctx.request.body);
      const values = argumentsOf(element);
      if (values) ctx.request.body.set('stube-args', values);
      else ctx.request.body.delete('stube-args');
    }
    keepOwn(ctx.request.body, ctx.stubeInstance);
    if (ctx.stubeBehavior) return;
    const said = ctx.sourceEvent?.type === 'submit' && whatIsSaid(ctx.request);
    if (submits.has(said) || !maySend(element)) return event.preventDefault();
    if (said) submits.set(said, ctx);
    ctx.stubeSender = element;
  }, true); // before what stube.js does with those that are sent

  // Of a form that is submitted again before the answer is there, with nothing else in it: an impatient click, a
  // second Enter. Each click of a button with an event of its own counts.
  const submits = new Map(); // what those without an answer say, to htmx's contexts of them

  const whatIsSaid = ({action, body}) => `${action} ${new URLSearchParams(body)}`;

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    for (const [said, by] of submits) {
      if (by === ctx) submits.delete(said);
    }
  });

  const submitsForm = control => !!control.form && !!addressOf(control.form) &&
    (control.matches('input:not([type=submit], [type=button], [type=image])') || (control.type === 'submit' && !addressOf(control)));

  // Nor does a key that is held down submit again and again.
  root.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.repeat && submitsForm(event.target)) event.preventDefault();
  }, true);

  // What has changed nothing may be tried again.
  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    if (!(ctx.response?.status < 400) || ctx.response.headers.has('Stube-Failed')) spent.delete(ctx.stubeSender);
  });

  // ---- a double click -----------------------------------------------------------------------------

  // The second half of a double click is meant for the event of the first half. It must not hit what the answer to
  // that has put under the pointer: another step, another control, or the same one with another event in it.
  const step = () => view.firstElementChild?.id;
  let clicked;

  function senderAround(element) {
    while (element && !addressOf(element)) element = element.parentElement;
    return element;
  }

  function lookAt({target}) {
    const sender = senderAround(target);
    const control = target.closest('button, a, input, summary') ?? (sender?.matches('form') ? null : sender);
    return {
      step: step(), control, address: sender && addressOf(sender),
      words: control?.textContent, values: sender && argumentsOf(sender),
      toggled: control?.ariaChecked ?? control?.ariaPressed ?? control?.ariaExpanded,
      submits: control?.type === 'submit' && submitsForm(control),
    };
  }

  const isTheSame = (first, now) => first?.step === now.step && (!now.control ||
    (first.control === now.control && first.address === now.address && first.toggled === now.toggled &&
      (first.words === now.words || first.values === now.values)));

  root.addEventListener('click', event => {
    const now = lookAt(event);
    if (event.detail < 2) {
      clicked = now;
    } else if (now.submits || !isTheSame(clicked, now)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
})();

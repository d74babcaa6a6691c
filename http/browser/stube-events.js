// Decides which of the user's actions are sent, and with which values. It reads the attributes that
// http/protocol/wire_html.cpp writes. It is the last of the scripts: until it has run, the browser
// submits the forms by itself, and the page works without it.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  if (!root) return; // a page without a conversation

  // ---- taking over ------------------------------------------------------------------------------

  // A loaded page contains markup for submissions without scripts (page_wire). Patches lack it, so
  // it is removed.
  function removeSubmissionMarkup() {
    const enter = document.querySelector('body > .stube-enter');
    const formId = enter?.getAttribute('form') ?? 'stube-form';
    for (const control of root.querySelectorAll(`[form="${formId}"]`)) {
      control.removeAttribute('form');
    }
    for (const field of document.querySelectorAll('[name="stube"], [name^="stube-args-"]')) {
      field.remove();
    }
    for (const unused of document.querySelectorAll('body > .stube-enter, body > #stube-form')) {
      unused.remove();
    }
    document.getElementById('stube-form')?.removeAttribute('id');
  }

  removeSubmissionMarkup();

  // ---- the event of an element ------------------------------------------------------------------

  const nativeAddress = {FORM: 'action', BUTTON: 'formaction', INPUT: 'formaction', A: 'href'};

  function addressOf(element) {
    const address = element.dataset.stubeAction ??
      element.getAttribute(nativeAddress[element.tagName] ?? '');
    return address && /\/stube\/event\//.test(address) ? address.split('?')[0] : undefined;
  }

  function defaultEventOf(element) {
    if (element.matches('form')) return 'submit';
    const editable = 'input:not([type=submit], [type=button], [type=image]), select, textarea';
    return element.matches(editable) ? 'change' : 'click';
  }

  const eventOf = element => element.dataset.stubeOn ?? defaultEventOf(element);

  const argumentsOf = element =>
    element.name === 'stube-args' ? element.value : element.dataset.stubeArgs;

  const signatureOf = element => `${addressOf(element)} ${argumentsOf(element) ?? ''}`;

  // ---- DOM events and their bindings ------------------------------------------------------------

  const linkAround = element => element.closest('a[href]');

  // A click on a link with a modifier key is left to the browser: a new tab, a new window, a
  // download.
  const opensElsewhere = event => event.type === 'click' &&
    (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) && linkAround(event.target);

  // See stube-user.js.
  const isCausedByPatch = event => root.stubePatches > 0 || event.stubeIsCaused;

  function isBoundTo(event, element) {
    if (!addressOf(element) || eventOf(element) !== event.type) return false;
    const {stubeKeys} = element.dataset;
    return !stubeKeys ||
      (!event.isComposing && JSON.parse(stubeKeys).includes(keyCombinationOf(event)));
  }

  // "Enter", "Control+Shift+Enter", "a", "?": a key and its modifiers, as binding.cpp writes them. A
  // modifier that the keyboard needs to produce the character is left out: Shift for "?" and "A";
  // for "@" AltGr, which some systems report as Control and Alt, or Alt alone.
  function keyCombinationOf(event) {
    const {key} = event;
    const isCharacter = key !== ' ' && [...key].length === 1;
    const producesCharacter = {
      Control: isCharacter && event.getModifierState('AltGraph'),
      Alt: isCharacter && (event.getModifierState('AltGraph') || !/[a-z0-9]/i.test(key)),
      Shift: isCharacter,
    };
    const modifiers = ['Control', 'Alt', 'Meta', 'Shift']
      .filter(name => event.getModifierState(name) && !producesCharacter[name] && name !== key);
    return [...modifiers, key].join('+');
  }

  // The browser would submit a form or follow a link.
  function hasDefaultAction(event, element) {
    if (event.type === 'submit') return true;
    if (event.type !== 'click') return false;
    const link = linkAround(element);
    return link ? !/^#./.test(link.getAttribute('href'))
      : element.closest('button, input[type=submit], input[type=image]');
  }

  function handleEvent(event) {
    if (opensElsewhere(event) || isCausedByPatch(event)) return;
    for (let element = event.target; element instanceof Element && root.contains(element);
      element = element.parentElement) {
      if (isBoundTo(event, element)) {
        const {dataset} = element;
        if ('stubePrevent' in dataset || hasDefaultAction(event, element)) event.preventDefault();
        schedule(element, event);
        if ('stubeStop' in dataset) return event.stopPropagation();
      }
      if (!event.bubbles) return;
    }
  }

  // An event that does not bubble reaches root only in the capture phase.
  const listenedTypes = new Set();
  function listenTo(type) {
    if (listenedTypes.has(type)) return;
    listenedTypes.add(type);
    root.addEventListener(type, handleEvent);
    root.addEventListener(type, event => event.bubbles || handleEvent(event), true);
  }

  function listenToBoundTypes() {
    for (const {dataset} of root.querySelectorAll('[data-stube-on]')) listenTo(dataset.stubeOn);
  }

  ['click', 'submit', 'change'].forEach(listenTo);
  listenToBoundTypes();
  document.addEventListener('htmx:after:swap', listenToBoundTypes);

  // ---- debounce and throttle --------------------------------------------------------------------

  const schedules = new WeakMap(); // elements, to their timer and the event that waits for it

  function schedule(element, event) {
    const {stubeDelay, stubeThrottle} = element.dataset;
    const current = schedules.get(element) ?? {};
    schedules.set(element, current);
    if (stubeDelay) {
      clearTimeout(current.timer);
      current.timer = setTimeout(send, stubeDelay, element, event);
    } else if (!stubeThrottle) {
      send(element, event);
    } else if (current.timer) {
      current.waiting = event;
    } else {
      send(element, event);
      current.timer = setTimeout(endThrottle, stubeThrottle, element);
    }
  }

  function endThrottle(element) {
    const {waiting} = schedules.get(element);
    schedules.delete(element);
    if (waiting) schedule(element, waiting);
  }

  function send(element, event) {
    const address = addressOf(element);
    if (address && element.isConnected) htmx.ajax('POST', address, {source: element, event});
  }

  // ---- before an event is sent ------------------------------------------------------------------

  // Elements with data-stube-once, to the signature of the event that they have sent or are
  // sending.
  const sentOnce = new WeakMap();

  function maySend(element) {
    const {stubeOnce, stubeConfirm} = element.dataset;
    if (stubeOnce !== undefined && sentOnce.get(element) === signatureOf(element)) return false;
    if (stubeConfirm && !confirm(stubeConfirm)) return false;
    if (stubeOnce !== undefined) sentOnce.set(element, signatureOf(element));
    return true;
  }

  let collectFormData; // htmx's own

  htmx.registerExtension('stube-events', {init: api => { ({collectFormData} = api); }});

  // A form submits its own fields. Any other event carries all fields of its component, in a form
  // or not.
  function fieldsOf(instance, element, formData) {
    if (element.matches('form')) return formData;
    const component = document.getElementById(`i${instance}`);
    return component ? collectFormData(component, null, null, false, false) : new FormData();
  }

  // An element may contain other components, whose fields are not sent.
  function removeForeignFields(fields, instance) {
    for (const name of [...fields.keys()]) {
      if (name !== 'stube-args' && !name.startsWith(`i${instance}-`)) fields.delete(name);
    }
  }

  document.addEventListener('htmx:config:request', event => {
    const {ctx} = event.detail;
    // The component that receives the event.
    ctx.stubeInstance = /\/stube\/event\/[^/]+\/(\d+)\//.exec(ctx.request.action)?.[1];
    if (!ctx.stubeInstance) return;
    const element = ctx.sourceElement;
    if (!ctx.stubeBehavior) {
      ctx.request.body = fieldsOf(ctx.stubeInstance, element, ctx.request.body);
      const values = argumentsOf(element);
      if (values) ctx.request.body.set('stube-args', values);
      else ctx.request.body.delete('stube-args');
    }
    removeForeignFields(ctx.request.body, ctx.stubeInstance);
    if (ctx.stubeBehavior) return;
    const content = ctx.sourceEvent?.type === 'submit' && contentOf(ctx.request);
    if (pendingSubmits.has(content) || !maySend(element)) return event.preventDefault();
    if (content) pendingSubmits.set(content, ctx);
    ctx.stubeSender = element;
  }, true); // captured, so that it runs before stube.js handles the requests that are sent

  // A form that is submitted again with the same content before its response has come is not sent
  // again: an impatient click, a second Enter. Each click of a button with an event of its own
  // counts.
  const pendingSubmits = new Map(); // contents of submissions without a response, to htmx contexts

  const contentOf = ({action, body}) => `${action} ${new URLSearchParams(body)}`;

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    for (const [content, sender] of pendingSubmits) {
      if (sender === ctx) pendingSubmits.delete(content);
    }
  });

  const submitsForm = control => !!control.form && !!addressOf(control.form) &&
    (control.matches('input:not([type=submit], [type=button], [type=image])') ||
      (control.type === 'submit' && !addressOf(control)));

  // A return key that is held down submits once.
  root.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.repeat && submitsForm(event.target)) event.preventDefault();
  }, true);

  // A failed event does not count as sent: its element may send again.
  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    const hasWorked = ctx.response?.status < 400 && !ctx.response.headers.has('Stube-Failed');
    if (!hasWorked) sentOnce.delete(ctx.stubeSender);
  });

  // ---- a double click ---------------------------------------------------------------------------

  // The second click of a double click is meant for the target of the first. The response to the
  // first may have put something else under the pointer: another step, another control, or the same
  // control with another event. The second click must not reach it.
  const step = () => view.firstElementChild?.id;
  let firstClick;

  function senderAround(element) {
    while (element && !addressOf(element)) element = element.parentElement;
    return element;
  }

  function describeClick({target}) {
    const sender = senderAround(target);
    const control = target.closest('button, a, input, summary') ??
      (sender?.matches('form') ? null : sender);
    return {
      step: step(), control, address: sender && addressOf(sender),
      text: control?.textContent, values: sender && argumentsOf(sender),
      toggled: control?.ariaChecked ?? control?.ariaPressed ?? control?.ariaExpanded,
      submits: control?.type === 'submit' && submitsForm(control),
    };
  }

  const hasSameTarget = (first, second) => first?.step === second.step && (!second.control ||
    (first.control === second.control && first.address === second.address &&
      first.toggled === second.toggled &&
      (first.text === second.text || first.values === second.values)));

  root.addEventListener('click', event => {
    const click = describeClick(event);
    if (event.detail < 2) {
      firstClick = click;
    } else if (click.submits || !hasSameTarget(firstClick, click)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
})();

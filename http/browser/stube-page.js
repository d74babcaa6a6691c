// What the server's messages do to the page: patches, and commands for what is not markup. It reads what
// http/wire_patches.cpp writes. What they must not do: stube-user.js keeps what someone types, this where they are.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  if (!root) return; // a page without a conversation

  const byId = id => document.getElementById(id);

  // ---- patches ------------------------------------------------------------------------------------

  // Makes a patch a task of htmx. As a selector, the target is looked up when it is this task's turn: what
  // came before it may have brought the element. What is not on the page is left alone.
  const task = (target, style, before) => (template, {ctx, tasks}) => {
    const attribute = name => template.getAttribute(name);
    tasks.push({
      type: 'stube',
      fragment: template.content,
      target: target === root ? root : `[id="${attribute(target)}"]`,
      swapSpec: {style, before: before && attribute(before)},
      sourceElement: ctx.sourceElement,
    });
  };

  function morph(target, fragment) {
    const fresh = [...fragment.children];
    keepWhatIsThere(fragment, target);
    htmxMorph(target, fragment, false);
    return [...fresh, target];
  }

  function insert(list, fragment, {before}) {
    const fresh = [...fragment.children];
    const there = childOf(list, fresh[0]?.id);
    if (there) return insertAgain(there, fragment, before);
    keepWhatIsThere(fragment, list);
    list.insertBefore(fragment, childOf(list, before));
    return fresh;
  }

  // A message that brings what is there already brings it as it is now.
  function insertAgain(there, fragment, before) {
    const {parentNode: list, id} = there;
    const fresh = morph(there, fragment);
    moveBefore(list, byId(id), childOf(list, before));
    return fresh;
  }

  function move(element, fragment, {before}) {
    const list = element.parentNode;
    moveBefore(list, element, childOf(list, before));
    return [];
  }

  function command(target, fragment) {
    document.dispatchEvent(new CustomEvent('stube:command', {detail: JSON.parse(fragment.textContent)}));
    return [];
  }

  function childOf(list, id) {
    const child = id && byId(id);
    return child && child.parentNode === list ? child : null;
  }

  // Element.moveBefore keeps everything. Elsewhere the focus has to be brought back.
  function moveBefore(list, element, before) {
    if (list.moveBefore) return list.moveBefore(element, before);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const {selectionStart, selectionEnd} = focused ?? {};
    list.insertBefore(element, before);
    focused?.focus({preventScroll: true});
    if (selectionStart != null) focused.setSelectionRange(selectionStart, selectionEnd);
  }

  // ---- what stands on the page already ------------------------------------------------------------

  // <template id="i7" data-stube-keep> is the element i7 as it stands on the page. Something of its kind takes
  // the template's place, so that the morph finds the two to be the same, and then leaves it alone.
  // <ul id="i1-rows" data-stube-keep> keeps the children of that list; see morphSkipChildren.
  const standIns = new WeakSet();

  function keepWhatIsThere(fragment, target) {
    for (const fresh of fragment.querySelectorAll('[data-stube-keep]')) {
      const there = byId(fresh.id);
      if (!there) continue;
      const willMeet = target.contains(there);
      if (fresh.localName !== 'template') {
        if (!willMeet || there.tagName !== fresh.tagName) fresh.append(...there.childNodes);
      } else if (willMeet) {
        const standIn = there.cloneNode(false);
        standIns.add(standIn);
        fresh.replaceWith(standIn);
      } else {
        fresh.replaceWith(there);
      }
    }
  }

  htmx.config.morphSkipChildren += ', [data-stube-keep]';

  let htmxMorph;

  htmx.registerExtension('stube-page', {
    init: ({morph}) => { htmxMorph = morph; },

    htmx_process_morph: task('of', 'stube-morph'),
    htmx_process_insert: task('into', 'stube-insert', 'before'),
    htmx_process_move: task('of', 'stube-move', 'before'),
    htmx_process_remove: task('of', 'delete'),
    htmx_process_command: task(root, 'stube-command'),

    handle_swap: (style, ...rest) =>
      ({'stube-morph': morph, 'stube-insert': insert, 'stube-move': move, 'stube-command': command})[style]?.(...rest),

    // Without its tabindex, which the server did not render, what a step begins with would lose the focus.
    htmx_before_morph_attr: (element, {attrName, newValue}) =>
      !(attrName === 'tabindex' && newValue === null && element === document.activeElement),

    htmx_before_morph_node: (element, {newNode}) => !standIns.has(newNode),
  });

  // ---- commands -----------------------------------------------------------------------------------

  document.addEventListener('stube:command', ({detail: {title, focus, scroll, event, detail = null}}) => {
    if (title !== undefined) document.title = title;
    if (focus !== undefined) beginAt(byId(focus), {});
    if (scroll !== undefined) byId(scroll)?.scrollIntoView({block: 'nearest'});
    if (event !== undefined) document.dispatchEvent(new CustomEvent(event, {detail}));
  });

  // Those that a page is loaded with.
  const first = document.getElementById('stube-first');
  if (first) {
    addEventListener('DOMContentLoaded', () =>
      htmx.swap({text: first.innerHTML, sourceElement: root, swap: 'none swapEmpty:false'}));
  }

  // ---- where the user is --------------------------------------------------------------------------

  const step = () => view.firstElementChild?.id;
  let shownStep = step();
  let before; // the message that is being applied: what had the focus, and what it brings
  let isTold; // where the focus is to be: a command has said it

  const isInstance = ({id}) => /^i\d+$/.test(id);
  const takesText = element => element.matches('input, select, textarea, [contenteditable]');

  document.addEventListener('htmx:before:swap', ({detail: {tasks}}) => {
    before = {focused: document.activeElement, fresh: []};
    isTold = false;
    for (const {fragment, target, swapSpec} of tasks) {
      if (swapSpec.style === 'innerMorph') keepWhatIsThere(fragment, target);
      for (const {id} of [...fragment.querySelectorAll('[id]')].filter(isInstance)) {
        if (!byId(id)) before.fresh.push(id);
      }
      // htmx focuses [autofocus] after every patch, away from the field that someone is typing in. Ours is
      // focused once, when its component comes onto the page.
      for (const element of fragment.querySelectorAll('[autofocus]')) {
        element.removeAttribute('autofocus');
        element.setAttribute('data-stube-focus', '');
      }
    }
  });

  document.addEventListener('htmx:after:swap', () => {
    const isNewStep = step() !== shownStep;
    shownStep = step();
    const focused = document.activeElement;
    if (isTold || !(focused === document.body || root.contains(focused))) return;
    if (isNewStep) beginStep();
    else beginPart(focused);
  });

  // A step may come from another tab while the user is typing. A control of it must not get the user's next key.
  let isTyping = false;
  root.addEventListener('input', () => { isTyping = true; }, true);
  document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
    if (ctx.stubeIsEvent) isTyping = false;
  });

  // Keyboard and screen reader go on where the step begins, and it is read out.
  function beginStep() {
    const wish = isTyping && takesText(before.focused) ? null : view.querySelector('[data-stube-focus]');
    beginAt(wish ?? view.querySelector('h1, h2') ?? view);
    if (view.getBoundingClientRect().top < 0) view.scrollIntoView();
  }

  // A part of the page has changed places with another, or joined it. It takes the focus if it asks for it and
  // nobody is typing, or if what had the focus is gone.
  function beginPart(focused) {
    const fresh = before.fresh.map(byId).filter(element => element);
    const wish = fresh.map(element => element.querySelector('[data-stube-focus]')).find(element => element);
    const isLost = focused === document.body && before.focused !== document.body;
    if (wish && (isLost || !takesText(focused))) beginAt(wish);
    else if (isLost && fresh.length > 0) beginAt(fresh[0].querySelector('h1, h2, h3') ?? fresh[0]);
  }

  function beginAt(start, options = {preventScroll: true}) {
    if (!start) return;
    isTold = true;
    start.focus(options);
    if (document.activeElement === start) return;
    start.tabIndex = -1; // no control
    start.focus(options);
  }
})();

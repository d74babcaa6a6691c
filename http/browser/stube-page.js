// Applies the server's messages to the page: patches, and commands for everything that is not
// markup. http/protocol/wire_patches.cpp writes both. This script also keeps the focus where the
// user is. stube-user.js keeps what the user types.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  if (!root) return; // a page without a conversation

  const byId = id => document.getElementById(id);

  // ---- patches ----------------------------------------------------------------------------------

  // Turns a patch into a task of htmx. The target is a selector, so that htmx looks it up when the
  // task's turn comes: an earlier patch of the message may insert it. htmx drops a task whose
  // target is absent.
  const taskFor = (targetAttribute, style, beforeAttribute) => (template, {ctx, tasks}) => {
    const attribute = name => template.getAttribute(name);
    tasks.push({
      type: 'stube',
      fragment: template.content,
      target: targetAttribute === root ? root : `[id="${attribute(targetAttribute)}"]`,
      swapSpec: {style, before: beforeAttribute && attribute(beforeAttribute)},
      sourceElement: ctx.sourceElement,
    });
  };

  function morph(target, fragment) {
    const fresh = [...fragment.children];
    keepExisting(fragment, target);
    htmxMorph(target, fragment, false);
    return [...fresh, target];
  }

  function insert(list, fragment, {before}) {
    const fresh = [...fragment.children];
    const existing = childOf(list, fresh[0]?.id);
    if (existing) return updateInserted(existing, fragment, before);
    keepExisting(fragment, list);
    list.insertBefore(fragment, childOf(list, before));
    return fresh;
  }

  // If the list has the element already, the message contains its newest state and place.
  function updateInserted(existing, fragment, before) {
    const {parentNode: list, id} = existing;
    const fresh = morph(existing, fragment);
    moveBefore(list, byId(id), childOf(list, before));
    return fresh;
  }

  function move(element, fragment, {before}) {
    const list = element.parentNode;
    moveBefore(list, element, childOf(list, before));
    return [];
  }

  function command(target, fragment) {
    const detail = JSON.parse(fragment.textContent);
    document.dispatchEvent(new CustomEvent('stube:command', {detail}));
    return [];
  }

  function childOf(list, id) {
    const child = id && byId(id);
    return child && child.parentNode === list ? child : null;
  }

  // Element.moveBefore keeps the focus and all other state. Without it, the focus is restored here.
  function moveBefore(list, element, before) {
    if (list.moveBefore) return list.moveBefore(element, before);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const {selectionStart, selectionEnd} = focused ?? {};
    list.insertBefore(element, before);
    focused?.focus({preventScroll: true});
    if (selectionStart != null) focused.setSelectionRange(selectionStart, selectionEnd);
  }

  // ---- elements that a patch keeps --------------------------------------------------------------

  // <template id="i7" data-stube-keep> refers to the element i7 that the page has already. If the
  // morph will reach i7, an empty clone of it replaces the template: the morph then takes the two
  // for the same element, and this script keeps it from changing i7. Otherwise i7 itself replaces
  // the template.
  //
  // <ul id="i1-rows" data-stube-keep> keeps the children of that list; see morphSkipChildren.
  const placeholders = new WeakSet();

  function keepExisting(fragment, target) {
    for (const fresh of fragment.querySelectorAll('[data-stube-keep]')) {
      const existing = byId(fresh.id);
      if (!existing) continue;
      const isInTarget = target.contains(existing);
      if (fresh.localName !== 'template') {
        if (!isInTarget || existing.tagName !== fresh.tagName) fresh.append(...existing.childNodes);
      } else if (isInTarget) {
        const placeholder = existing.cloneNode(false);
        placeholders.add(placeholder);
        fresh.replaceWith(placeholder);
      } else {
        fresh.replaceWith(existing);
      }
    }
  }

  htmx.config.morphSkipChildren += ', [data-stube-keep]';

  const swapStyles = {
    'stube-morph': morph,
    'stube-insert': insert,
    'stube-move': move,
    'stube-command': command,
  };

  let htmxMorph;

  htmx.registerExtension('stube-page', {
    init: ({morph}) => { htmxMorph = morph; },

    htmx_process_morph: taskFor('of', 'stube-morph'),
    htmx_process_insert: taskFor('into', 'stube-insert', 'before'),
    htmx_process_move: taskFor('of', 'stube-move', 'before'),
    htmx_process_remove: taskFor('of', 'delete'),
    htmx_process_command: taskFor(root, 'stube-command'),

    handle_swap: (style, ...parameters) => swapStyles[style]?.(...parameters),

    // focusOn() sets a tabindex that the server did not render. The focus depends on it.
    htmx_before_morph_attr: (element, {attrName, newValue}) =>
      !(attrName === 'tabindex' && newValue === null && element === document.activeElement),

    htmx_before_morph_node: (element, {newNode}) => !placeholders.has(newNode),
  });

  // ---- commands ---------------------------------------------------------------------------------

  document.addEventListener('stube:command', command => {
    const {title, focus, scroll, event, detail = null} = command.detail;
    if (title !== undefined) document.title = title;
    if (focus !== undefined) focusOn(byId(focus), {});
    if (scroll !== undefined) byId(scroll)?.scrollIntoView({block: 'nearest'});
    if (event !== undefined) document.dispatchEvent(new CustomEvent(event, {detail}));
  });

  // The commands that a page is loaded with.
  const initialCommands = document.getElementById('stube-first');
  if (initialCommands) {
    addEventListener('DOMContentLoaded', () => htmx.swap({
      text: initialCommands.innerHTML, sourceElement: root, swap: 'none swapEmpty:false',
    }));
  }

  // ---- the focus --------------------------------------------------------------------------------

  const step = () => view.firstElementChild?.id;
  let shownStep = step();
  let swap; // the current one: the element that had the focus before, and the ids of new components
  let isFocusSet; // by a command or by this script

  const isInstance = ({id}) => /^i\d+$/.test(id);
  const takesText = element => element.matches('input, select, textarea, [contenteditable]');

  document.addEventListener('htmx:before:swap', ({detail: {tasks}}) => {
    swap = {focused: document.activeElement, freshIds: []};
    isFocusSet = false;
    for (const {fragment, target, swapSpec} of tasks) {
      if (swapSpec.style === 'innerMorph') keepExisting(fragment, target);
      for (const {id} of [...fragment.querySelectorAll('[id]')].filter(isInstance)) {
        if (!byId(id)) swap.freshIds.push(id);
      }
      // htmx focuses [autofocus] after every patch, which takes the focus from the field that
      // someone types in. This script focuses the element once, when its component comes onto the
      // page.
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
    if (isFocusSet || !(focused === document.body || root.contains(focused))) return;
    if (isNewStep) focusStep();
    else focusPart(focused);
  });

  // Another tab may cause a new step while the user is typing. The user's next key must not go to
  // one of its controls.
  let isTyping = false;
  root.addEventListener('input', () => { isTyping = true; }, true);
  document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
    if (ctx.stubeIsEvent) isTyping = false;
  });

  // The keyboard and the screen reader continue at the beginning of the step, which is read out.
  function focusStep() {
    const wanted = isTyping && takesText(swap.focused) ? null
      : view.querySelector('[data-stube-focus]');
    focusOn(wanted ?? view.querySelector('h1, h2') ?? view);
    if (view.getBoundingClientRect().top < 0) view.scrollIntoView();
  }

  // A component has replaced another one or has joined the page. It takes the focus if its markup
  // asks for the focus and nobody is typing, or if the focused element has been removed.
  function focusPart(focused) {
    const fresh = swap.freshIds.map(byId).filter(element => element);
    const wanted = fresh.map(element => element.querySelector('[data-stube-focus]'))
      .find(element => element);
    const wasLost = focused === document.body && swap.focused !== document.body;
    if (wanted && (wasLost || !takesText(focused))) focusOn(wanted);
    else if (wasLost && fresh.length > 0) focusOn(fresh[0].querySelector('h1, h2, h3') ?? fresh[0]);
  }

  function focusOn(element, options = {preventScroll: true}) {
    if (!element) return;
    isFocusSet = true;
    element.focus(options);
    if (document.activeElement === element) return;
    element.tabIndex = -1; // makes an element that is not a control focusable
    element.focus(options);
  }
})();

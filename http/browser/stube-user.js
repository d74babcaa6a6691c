// Keeps what belongs to the user: what they typed and chose, what they opened and closed. A patch
// changes only what the program has changed since the page was last sent. An event that a patch
// causes is not an act of the user, so it is not sent. Loaded after stube-page.js, which applies
// the patches.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  // ---- controls, and the server's value of each -------------------------------------------------

  const allControls = () =>
    [...view.querySelectorAll('input:not([type=hidden]), select, textarea')];
  const isControl = element =>
    element instanceof Element && element.matches('input, select, textarea');

  const isCheckable = ({type}) => type === 'checkbox' || type === 'radio';
  const isChoice = control => isCheckable(control) || control instanceof HTMLSelectElement;
  const selectedValues = select => [...select.selectedOptions].map(({value}) => value);

  // The text, the tick or the selection of a control, as text that can be compared.
  const stateOf = control => isCheckable(control) ? String(control.checked)
    : control instanceof HTMLSelectElement ? JSON.stringify(selectedValues(control))
      : control.value;

  // Controls made by bind<>. An event carries the values of these controls only.
  const isBound = ({name}) => /^i\d+-/.test(name);

  // The server's value of a control is its state according to the markup alone. Comparing with the
  // defaults is fast. Where they differ, only the browser knows the state: it makes its own of "5 "
  // in a number field, or of a colour field without a value.
  const showsDefaults = control => isCheckable(control) ? control.checked === control.defaultChecked
    : control instanceof HTMLSelectElement
      ? [...control.options].every(option => option.selected === option.defaultSelected)
      : control.value === control.defaultValue;

  const detachedForm = document.createElement('form');

  function resetCloneOf(control) {
    detachedForm.replaceChildren(control.cloneNode(true));
    detachedForm.reset();
    return detachedForm.firstChild;
  }

  const serverValueOf = control =>
    showsDefaults(control) ? stateOf(control) : stateOf(resetCloneOf(control));
  const showsServerValue = control =>
    showsDefaults(control) || stateOf(control) === serverValueOf(control);

  function selectOptions(select, isWanted) {
    [...select.options].forEach((option, index) => {
      if (option.selected !== isWanted(option, index)) option.selected = isWanted(option, index);
    });
  }

  function showServerValue(control) {
    if (control.type === 'file' || showsServerValue(control)) return;
    const clone = resetCloneOf(control);
    if (isCheckable(control)) {
      control.checked = control.defaultChecked;
    } else if (control instanceof HTMLSelectElement) {
      selectOptions(control, (option, index) => clone.options[index].selected);
    } else {
      control.value = clone.value;
    }
  }

  // Edited controls that a patch has taken off the page, by name: the hash of the server's value,
  // the state, and whether the state may be stored.
  const removedEdits = new Map();

  // ---- edits that the server has not seen -------------------------------------------------------

  // Controls with a state that did not come from the server and was not sent. Patches leave them
  // alone. Not every edit fires an input event that this script receives: somebody may type before
  // the scripts have run, a browser restores and autofills, and other scripts set values. Controls
  // are therefore also compared with the server's value: when the page begins, when it is shown,
  // before a patch and before an event is sent.
  const edited = new WeakSet();
  const inFlight = new Map(); // controls whose event has no response yet, to {ctx, state} as sent

  // Selecting a radio button deselects the others of its group.
  const groupOf = control => control.type === 'radio' && control.name
    ? [...document.getElementsByName(control.name)]
      .filter(({type, form}) => type === 'radio' && form === control.form)
    : [control];

  const isGroupIn = (controls, control) => groupOf(control).some(member => controls.has(member));
  const belongsToUser = control => isGroupIn(edited, control) || isGroupIn(inFlight, control);

  root.addEventListener('input', ({target}) => {
    // The input event of a tick may come after the click that has sent the tick.
    if (isControl(target) && inFlight.get(target)?.state !== stateOf(target)) edited.add(target);
  }, true);

  function findEdits() {
    const names = isRestoring ? namesOf(allControls()) : new Map();
    for (const control of allControls()) {
      if (showsServerValue(control)) {
        if (!isGroupIn(inFlight, control)) edited.delete(control);
      } else if (!edited.has(control) && inFlight.get(control)?.state !== stateOf(control)) {
        if (isRestoring && isStaleRestore(control, names.get(control))) showServerValue(control);
        else edited.add(control);
      }
    }
  }

  // ---- what the browser restores ----------------------------------------------------------------

  // Browsers restore controls without an event. Chromium does so on Back, after DOMContentLoaded.
  // Every browser does so when it reopens a tab. Firefox also does so on a reload, while it parses
  // the page. They restore typed text, but also every tick and selection (Chromium), or every value
  // that a script has once set (Firefox), even if the server has newer values. Such a stale value
  // must not count as typed.
  //
  // Each document therefore stores two 32-bit hashes for each control when it is left: of the
  // server's value, and of the state. Restored text counts as typed if it differed from the
  // server's value then, and if the server's value has not changed since. If nothing is stored (the
  // browser was ended, the tab is a duplicate), text counts as typed and a choice as stale. Any
  // other state was entered in this document.
  const MAX_DOCUMENTS = 20;
  const STORAGE_KEY = 'stube-controls';

  const hashOf = text =>
    [...text].reduce((sum, c) => Math.imul(sum ^ c.codePointAt(0), 0x01000193), 0x811c9dc5) >>> 0;

  // Maps controls to names that are the same in another document of the same page.
  function namesOf(controls) {
    const counts = {};
    return new Map(controls.map(control => {
      const name = `${control.id || control.name}=${isCheckable(control) ? control.value : ''}`;
      counts[name] = (counts[name] ?? 0) + 1;
      return [control, `${name}#${counts[name]}`];
    }));
  }

  const readStorage = () => {
    try {
      return JSON.parse(sessionStorage.getItem(STORAGE_KEY)) ?? {};
    } catch {
      return {}; // the browser may deny access
    }
  };

  const mayBeStored = ({type}) => type !== 'password' && type !== 'file';

  // The record of an edited control contains the text as well, because Firefox restores no text on
  // pages with `no-store`.
  function recordOf(control) {
    const state = stateOf(control);
    return [hashOf(serverValueOf(control)), hashOf(state), ...(edited.has(control) ? [state] : [])];
  }

  function storeControls() {
    const removed = [...removedEdits].filter(([, edit]) => edit.mayBeStored)
      .map(([name, {serverHash, state}]) => [name, [serverHash, hashOf(state), state]]);
    const present = [...namesOf(allControls())].filter(([control]) => mayBeStored(control))
      .map(([control, name]) => [name, recordOf(control)]);
    const records = [...removed, ...present];
    const documents = Object.entries(readStorage()).slice(1 - MAX_DOCUMENTS);
    try {
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(
        Object.fromEntries([...documents, [thisDocument, Object.fromEntries(records)]])));
    } catch { /* the next document then has no records */ }
  }

  function isStaleRestore(control, name) {
    // The event of an unbound choice was sent, or is lost.
    if (isChoice(control) && !isBound(control)) return true;
    if (!mayBeStored(control)) return false;
    const record = earlierRecords?.[name];
    if (!record) return isChoice(control);
    const [serverHash, stateHash] = record;
    return stateHash === hashOf(stateOf(control)) &&
      (serverHash === stateHash || serverHash !== hashOf(serverValueOf(control)));
  }

  // Each entry of the browser's history names the document that has shown it last.
  const earlierDocument = history.state?.stubeDocument;
  const earlierRecords = readStorage()[earlierDocument];
  // The key begins with a letter, because objects sort keys that are numbers.
  const thisDocument = 'd' + crypto.getRandomValues(new Uint32Array(1))[0];
  let isRestoring = earlierDocument !== undefined ||
    // The user went back to a page whose scripts had not run.
    performance.getEntriesByType('navigation')[0]?.type === 'back_forward';

  function markHistoryEntry() {
    if (history.state?.stubeDocument === thisDocument) return;
    history.replaceState({...history.state, stubeDocument: thisDocument}, '');
  }

  markHistoryEntry();
  addEventListener('popstate', markHistoryEntry);
  addEventListener('pagehide', storeControls);

  findEdits();
  addEventListener('pageshow', () => {
    findEdits();
    if (isRestoring) restoreStoredTexts();
    isRestoring = false;
  });

  function restoreStoredTexts() {
    const texts = Object.entries(earlierRecords ?? {})
      .filter(([, [,, text]]) => text !== undefined);
    for (const [name, [serverHash,, state]] of texts) {
      removedEdits.set(name, {serverHash, state, mayBeStored: true});
    }
    restoreRemovedEdits();
  }

  // Edits from before the scripts ran had no listeners. Their input and change events are
  // dispatched now.
  function dispatchEarlyEdits() {
    if (isRestoring) return;
    const early = allControls().filter(control => edited.has(control) && control.type !== 'file');
    for (const control of early.filter(({type, checked}) => type !== 'radio' || checked)) {
      const types = isChoice(control) || document.activeElement !== control
        ? ['input', 'change'] : ['input'];
      for (const type of types) control.dispatchEvent(new Event(type, {bubbles: true}));
    }
  }
  addEventListener('DOMContentLoaded', dispatchEarlyEdits); // htmx listens by then

  // ---- sending ----------------------------------------------------------------------------------

  // An event carries the values that the controls of its own component had when it was made (see
  // stube-events.js), and may then wait in the queue. When it leaves, a control counts as sent
  // unless its state has changed meanwhile.
  const carriedStates = new WeakMap(); // htmx's context of an event, to [control, state] pairs

  // An unbound choice is sent by its own event only.
  function unboundChoicesOf({sourceEvent}) {
    const control = sourceEvent?.target;
    return isControl(control) && isChoice(control) && !isBound(control) ? groupOf(control) : [];
  }

  const editedControlsOf = instance => allControls()
    .filter(control => control.name.startsWith(`i${instance}-`) && edited.has(control));

  document.addEventListener('htmx:config:request', ({detail: {ctx}, defaultPrevented}) => {
    if (!ctx.stubeInstance) return;
    if (defaultPrevented) return unboundChoicesOf(ctx).forEach(revertChoice);
    findEdits();
    carriedStates.set(ctx, [...editedControlsOf(ctx.stubeInstance), ...unboundChoicesOf(ctx)]
      .map(control => [control, stateOf(control)]));
  });

  function revertChoice(choice) {
    if (isGroupIn(inFlight, choice)) return;
    edited.delete(choice);
    showServerValue(choice);
  }

  document.addEventListener('htmx:before:request', ({detail: {ctx}, defaultPrevented}) => {
    if (defaultPrevented) return;
    for (const [control, state] of carriedStates.get(ctx) ?? []) {
      if (stateOf(control) !== state) continue;
      edited.delete(control);
      inFlight.set(control, {ctx, state});
    }
  });

  // The page now shows the result of the event (see stube.js). For the controls that were sent, the
  // server's value counts again: a field that the server has cleared is empty, a refused tick is
  // taken back. If the event failed, bound controls count as edited again, and the next event sends
  // them. An unbound choice is never sent again.
  document.addEventListener('stube:answered', ({detail: {ctx, hasWorked}}) => {
    const answered = [...inFlight.keys()].filter(control => inFlight.get(control).ctx === ctx);
    if (hasWorked) unsentTexts = unsentTexts.filter(({element}) => !answered.includes(element));
    for (const control of answered) {
      const {state} = inFlight.get(control);
      inFlight.delete(control);
      if (!hasWorked && isBound(control) && stateOf(control) === state) edited.add(control);
    }
    answered.filter(control => !belongsToUser(control)).forEach(showServerValue);
    if (hasEnded()) showUnsentTexts();
  });

  // ---- patches: controls ------------------------------------------------------------------------

  root.stubePatches = 0; // the number of patches that are being applied
  let userSelections; // [select, values] pairs: a browser selects again when options come and go
  let editsBefore;    // {control, name, serverHash, state} of each edited control

  function beginPatch({detail: {tasks}}) {
    ++root.stubePatches;
    findEdits();
    recordChanges(observer.takeRecords());
    userSelections = allControls()
      .filter(control => control instanceof HTMLSelectElement && belongsToUser(control))
      .map(select => [select, selectedValues(select)]);
    editsBefore = collectEdits();
    if (tasks.some(({swapSpec}) => swapSpec.style !== 'none')) unsentTexts = collectUnsentTexts();
  }

  // A dialog replaces a component, and the dialog's answer brings the component back. The states of
  // its edited controls come back as well, unless the server's value has changed.
  function collectEdits() {
    const all = allControls();
    if (!all.some(control => edited.has(control))) return [];
    return [...namesOf(all)].filter(([control]) => edited.has(control) && control.type !== 'file')
      .map(([control, name]) =>
        ({control, name, serverHash: hashOf(serverValueOf(control)), state: stateOf(control)}));
  }

  function keepRemovedEdits() {
    for (const edit of editsBefore) {
      if (edit.control.isConnected) continue;
      removedEdits.set(edit.name, {...edit, mayBeStored: mayBeStored(edit.control)});
    }
  }

  function restoreRemovedEdits() {
    if (removedEdits.size === 0) return;
    for (const [control, name] of namesOf(allControls())) {
      const {serverHash, state} = removedEdits.get(name) ?? {};
      if (!removedEdits.delete(name) || edited.has(control) ||
        hashOf(serverValueOf(control)) !== serverHash) continue;
      setState(control, state);
      edited.add(control);
    }
  }

  function setState(control, state) {
    const values = control instanceof HTMLSelectElement && JSON.parse(state);
    if (values) selectOptions(control, ({value}) => values.includes(value));
    else if (isCheckable(control)) control.checked = state === 'true';
    else control.value = state;
  }

  function finishPatch() {
    recordEffects(observer.takeRecords());
    keepRemovedEdits();
    restoreRemovedEdits();
    for (const [select, values] of userSelections) {
      if ([...select.options].some(({value}) => values.includes(value))) {
        selectOptions(select, ({value}) => values.includes(value));
      }
    }
    allControls().filter(control => !belongsToUser(control)).forEach(showServerValue);
  }

  // Captured, so that it runs before stube-page.js takes parts off the page.
  document.addEventListener('htmx:before:swap', beginPatch, true);
  document.addEventListener('htmx:after:swap', finishPatch);
  document.addEventListener('htmx:finally:swap', () => {
    observer.takeRecords();
    --root.stubePatches;
  });

  // A patch changes only the server's value, which is the attribute. htmx would also overwrite the
  // state.
  function setValueAttribute(control, {attrName, newValue}) {
    if (attrName !== 'value' || newValue === null) return true;
    if (!(control instanceof HTMLInputElement)) return true;
    control.setAttribute(attrName, newValue);
    return false;
  }

  // ---- patches: attributes and editable content -------------------------------------------------

  // Browsers write into attributes what users do (`open` of details and dialogs, the size of a
  // textarea, `hidden` of text found in the page), and scripts write attributes too. The server's
  // value of such an attribute is recorded. While the server's value stays the same, patches leave
  // the attribute alone.
  const changedAttributes = new WeakMap(); // elements, to maps from attribute names to these values

  function recordChanges(records) {
    for (const {type, target, attributeName, oldValue} of records) {
      if (type !== 'attributes' || htmx.config.morphIgnore.includes(attributeName)) continue;
      const serverValues = changedAttributes.get(target) ?? new Map();
      if (!serverValues.has(attributeName)) serverValues.set(attributeName, oldValue);
      changedAttributes.set(target, serverValues);
    }
  }

  const observer = new MutationObserver(records =>
    root.stubePatches ? recordEffects(records) : recordChanges(records));
  observer.observe(view, {
    subtree: true, childList: true, attributes: true, attributeOldValue: true,
  });

  function forgetOutdatedAttributes(element, fresh) {
    const serverValues = changedAttributes.get(element);
    for (const [name, value] of serverValues ?? []) {
      if (fresh.getAttribute(name) !== value) serverValues.delete(name);
    }
  }

  // Without close(), the page behind a modal dialog would stay inert.
  function closeModal(element, {attrName, newValue}) {
    if (attrName !== 'open' || newValue !== null || !element.matches('dialog:modal')) return true;
    toggledByPatch.set(element, 'closed');
    closedByPatch.add(element);
    element.close();
    return false;
  }

  // Elements with contenteditable that the user has edited, to the markup that the server sent for
  // them.
  const editedContent = new WeakMap();

  root.addEventListener('beforeinput', ({target}) => {
    const host = target instanceof Element && !isControl(target) &&
      target.closest('[contenteditable]');
    if (host && !editedContent.has(host)) editedContent.set(host, host.innerHTML);
  }, true);

  function keepEditedContent(host, fresh) {
    if (!editedContent.has(host)) return;
    if (fresh.innerHTML !== editedContent.get(host)) editedContent.delete(host);
    else fresh.replaceChildren(...host.cloneNode(true).childNodes);
  }

  htmx.registerExtension('stube-user', {
    htmx_before_morph_node(element, {newNode}) {
      if (!(element instanceof Element)) return;
      forgetOutdatedAttributes(element, newNode);
      keepEditedContent(element, newNode);
      if (element instanceof HTMLTextAreaElement) element.defaultValue = newNode.defaultValue;
    },
    htmx_before_morph_attr: (element, change) =>
      !changedAttributes.get(element)?.has(change.attrName) &&
        closeModal(element, change) && setValueAttribute(element, change),
  });

  // ---- events that a patch causes ---------------------------------------------------------------

  // An event that a patch causes is not sent (see stube-events.js): the response would be another
  // patch. Some of these events fire while the patch is applied. Others fire later and are
  // recognised here: from what the patch has opened, closed or inserted; a scroll while nobody
  // scrolls; the pointer over another element while nobody has moved it.
  const toggledByPatch = new WeakMap(); // elements, to 'open' or 'closed'
  const closedByPatch = new WeakSet();  // dialogs
  const loadedByPatch = new WeakSet();  // pictures and the like
  const WHEEL_INERTIA = 100; // milliseconds between a turn of the wheel and its last effect
  let pointer = {};
  let userHasActed = false;    // since the last patch
  let userIsScrolling = false; // inertia may continue a scroll that the user began
  let lastWheelTime = -WHEEL_INERTIA;

  function recordEffects(records) {
    userHasActed = userIsScrolling || performance.now() - lastWheelTime < WHEEL_INERTIA;
    for (const {target, attributeName, addedNodes} of records) {
      if (attributeName === 'open') recordToggle(target);
      if (attributeName === 'src' || attributeName === 'srcset') loadedByPatch.add(target);
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        for (const element of [node, ...node.querySelectorAll('[open], [src], [srcset]')]) {
          if (element.open) recordToggle(element);
          if (element.src || element.srcset) loadedByPatch.add(element);
        }
      }
    }
  }

  function recordToggle(element) {
    if (!(element instanceof HTMLDetailsElement)) return;
    toggledByPatch.set(element, element.open ? 'open' : 'closed');
  }

  const isCausedByPatch = {
    toggle({target, newState}) {
      const state = toggledByPatch.get(target);
      return toggledByPatch.delete(target) && state === newState;
    },
    close: ({target}) => closedByPatch.delete(target) && !target.open,
    load: ({target}) => loadedByPatch.delete(target),
    scroll: () => !(userIsScrolling ||= userHasActed),
    scrollend() {
      const isTheUsers = userIsScrolling || userHasActed;
      userIsScrolling = false;
      return !isTheUsers;
    },
    hover: ({screenX, screenY}) => !userHasActed && screenX === pointer.x && screenY === pointer.y,
  };

  const hoverTypes = ['mouse', 'pointer']
    .flatMap(device => ['over', 'out', 'enter', 'leave'].map(action => device + action));

  function markCaused(type, isCaused) {
    addEventListener(type, event => { event.stubeIsCaused = isCaused(event); }, true);
  }

  for (const type of ['toggle', 'close', 'load', 'scroll', 'scrollend']) {
    markCaused(type, isCausedByPatch[type]);
  }
  for (const type of hoverTypes) markCaused(type, isCausedByPatch.hover);

  for (const type of ['wheel', 'touchstart', 'touchmove', 'keydown', 'pointerdown', 'mousedown']) {
    addEventListener(type, () => { userHasActed = true; }, {capture: true, passive: true});
  }
  addEventListener('wheel', () => { lastWheelTime = performance.now(); },
    {capture: true, passive: true});
  addEventListener('pointermove', ({screenX, screenY}) => { pointer = {x: screenX, y: screenY}; },
    {capture: true, passive: true});

  // ---- the end of the conversation while somebody types -----------------------------------------

  // Text that was not sent, or whose event has no response yet. If the last patch ended the
  // conversation and removed the text from the page, the text is shown beside the last view, to be
  // read and copied.
  let unsentTexts = [];

  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');

  const labelOf = ({labels, ariaLabel, placeholder}) =>
    (labels?.[0]?.textContent ?? ariaLabel ?? placeholder ?? '').trim();

  const notText =
    ['password', 'file', 'button', 'submit', 'reset', 'image', 'range', 'color'];
  const isText = control => !isChoice(control) && !notText.includes(control.type);

  function collectUnsentTexts() {
    const typed = allControls()
      .filter(control => isText(control) && belongsToUser(control) && control.value !== '')
      .map(element => ({element, name: labelOf(element), text: element.value}));
    const hosts = [...view.querySelectorAll('[contenteditable]')]
      .filter(host => editedContent.has(host))
      .map(element => ({element, name: labelOf(element), text: element.innerText}));
    return [...typed, ...hosts];
  }

  function createElement(name, properties, ...content) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...content);
    return element;
  }

  const readOnlyCopy = ({name, text}) => createElement('label', {}, name,
    createElement('textarea',
      {readOnly: true, rows: Math.min(text.split('\n').length + 1, 10)}, text));

  const unsentSection = () => document.getElementById('stube-unsent') ??
    createElement('section', {id: 'stube-unsent', className: 'card'},
      createElement('h2', {}, 'Not sent'),
      createElement('p', {},
        'You typed this, and it was not sent. It is kept only here: copy what you need.'));

  function showUnsentTexts() {
    const removed = unsentTexts
      .filter(({element}) => !element.isConnected && !inFlight.has(element));
    unsentTexts = unsentTexts.filter(text => !removed.includes(text));
    if (removed.length === 0) return;
    const section = unsentSection();
    section.append(...removed.map(readOnlyCopy));
    view.after(section);
  }

  // The end comes after the last view as an event of the stream, or together with it in a response.
  stream.addEventListener('stube-end', showUnsentTexts);
})();

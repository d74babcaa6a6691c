// What belongs to the user stays the user's: what they typed and chose, what they opened and closed. A patch
// changes what the program has changed since the page was last sent, and nothing else; and what a patch causes is
// no act of the user's, so it is not sent. Loaded behind stube-page.js, which applies the patches.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  const view = document.getElementById('stube-view');
  const stream = document.getElementById('stube-stream');
  if (!root || !stream) return; // a page without a conversation

  // ---- controls, and the server's word on them ------------------------------------------------------

  const allControls = () => [...view.querySelectorAll('input:not([type=hidden]), select, textarea')];
  const isControl = element => element instanceof Element && element.matches('input, select, textarea');

  const isTick = ({type}) => type === 'checkbox' || type === 'radio';
  const isChoice = control => isTick(control) || control instanceof HTMLSelectElement;
  const chosen = select => [...select.selectedOptions].map(({value}) => value);

  const stateOf = control => isTick(control) ? String(control.checked)
    : control instanceof HTMLSelectElement ? JSON.stringify(chosen(control)) : control.value;

  // Those made by bind<>: the others send nothing of what stands in them.
  const isBound = ({name}) => /^i\d+-/.test(name);

  // The server's word on a control is what the markup alone makes of it. That is compared quickly; what a browser
  // makes of "5 " in a number, or of no value in a colour, only a browser knows.
  const isPlainlySaid = control => isTick(control) ? control.checked === control.defaultChecked
    : control instanceof HTMLSelectElement ? [...control.options].every(each => each.selected === each.defaultSelected)
      : control.value === control.defaultValue;

  const apart = document.createElement('form');

  function freshOf(control) {
    apart.replaceChildren(control.cloneNode(true));
    apart.reset();
    return apart.firstChild;
  }

  const wordOn = control => isPlainlySaid(control) ? stateOf(control) : stateOf(freshOf(control));
  const isAsSaid = control => isPlainlySaid(control) || stateOf(control) === wordOn(control);

  function choose(select, isWanted) {
    [...select.options].forEach((option, at) => {
      if (option.selected !== isWanted(option, at)) option.selected = isWanted(option, at);
    });
  }

  // Makes a control show the server's word.
  function takeWord(control) {
    if (control.type === 'file' || isAsSaid(control)) return;
    const fresh = freshOf(control);
    if (isTick(control)) control.checked = control.defaultChecked;
    else if (control instanceof HTMLSelectElement) choose(control, (option, at) => fresh.options[at].selected);
    else control.value = fresh.value;
  }

  // Edited controls that are not on the page: their names, to the server's word as a number, their state, and whether
  // that may be stored.
  const asides = new Map();

  // ---- what the server has not seen -----------------------------------------------------------------

  // `edited` holds what was put into a control by anyone but the server and was not sent: a patch leaves it alone.
  // That is not only what an input event has told. Who types before the scripts have run, a browser that restores or
  // fills in what it knows, and a script of the page give no such sign, so that controls are also compared with the
  // server's word: as the page begins, when it is shown, before a patch and before something is sent.
  const edited = new WeakSet();
  const sent = new Map(); // controls whose event has no answer yet, to the event and to what was sent

  // A radio button that is chosen takes the choice from the others of its name.
  const groupOf = control => control.type === 'radio' && control.name
    ? [...document.getElementsByName(control.name)].filter(({type, form}) => type === 'radio' && form === control.form)
    : [control];

  const isAmong = (some, control) => groupOf(control).some(each => some.has(each));
  const isTheUsers = control => isAmong(edited, control) || isAmong(sent, control);

  root.addEventListener('input', ({target}) => {
    // Of a tick whose click has sent it the browser tells only afterwards.
    if (isControl(target) && sent.get(target)?.state !== stateOf(target)) edited.add(target);
  }, true);

  function lookAround() {
    const restored = isRestoring ? named(allControls()) : new Map();
    for (const control of allControls()) {
      if (isAsSaid(control)) {
        if (!isAmong(sent, control)) edited.delete(control);
      } else if (!edited.has(control) && sent.get(control)?.state !== stateOf(control)) {
        if (isRestoring && isEcho(control, restored.get(control))) takeWord(control);
        else edited.add(control);
      }
    }
  }

  // ---- what the browser restores ----------------------------------------------------------------------

  // Chromium restores upon Back, after DOMContentLoaded, and so does each browser when it opens a tab again; Firefox
  // also upon a reload, while it parses. None tells of it. They restore typed text, and also each tick and each choice
  // (Chromium) or each value that a script has once set (Firefox), though the server has newer ones by now. So what
  // was typed is told from such an echo by what a document writes down as it leaves: for each control the server's
  // word and what stood in it, as 32-bit numbers instead of text. Restored text is typed text if it was not
  // the server's word then, and if the server's word is the same now. With nothing written down (the browser was
  // ended, the tab is a duplicate) a text is typed and a choice an echo. What stands there otherwise was put in since.
  const MOST_DOCUMENTS = 20;
  const STORE = 'stube-controls';

  const number = text => [...text].reduce((sum, c) => Math.imul(sum ^ c.codePointAt(0), 0x01000193), 0x811c9dc5) >>> 0;

  // Controls to names that another document of the same page finds again.
  function named(controls) {
    const counts = {};
    return new Map(controls.map(control => {
      const name = `${control.id || control.name}=${isTick(control) ? control.value : ''}`;
      counts[name] = (counts[name] ?? 0) + 1;
      return [control, `${name}#${counts[name]}`];
    }));
  }

  const stored = () => {
    try {
      return JSON.parse(sessionStorage.getItem(STORE)) ?? {};
    } catch {
      return {}; // a browser may keep it from us
    }
  };

  const isMemorable = ({type}) => type !== 'password' && type !== 'file';

  // The note on an edited control has its text as well: of pages with `no-store`, Firefox restores none.
  function noteOn(control) {
    const state = stateOf(control);
    return [number(wordOn(control)), number(state), ...(edited.has(control) ? [state] : [])];
  }

  function writeDown() {
    const away = [...asides].filter(([, aside]) => aside.isMemorable)
      .map(([name, {word, state}]) => [name, [word, number(state), state]]);
    const here = [...named(allControls())].filter(([control]) => isMemorable(control))
      .map(([control, name]) => [name, noteOn(control)]);
    const notes = [...away, ...here];
    const documents = Object.entries(stored()).slice(1 - MOST_DOCUMENTS);
    try {
      sessionStorage.setItem(STORE, JSON.stringify(Object.fromEntries([...documents, [thisDocument, Object.fromEntries(notes)]])));
    } catch { /* then the next document goes by what is said above */ }
  }

  function isEcho(control, name) {
    if (isChoice(control) && !isBound(control)) return true; // its event was sent, or is lost
    if (!isMemorable(control)) return false;
    const note = notes?.[name];
    if (!note) return isChoice(control);
    const [word, state] = note;
    return state === number(stateOf(control)) && (word === state || word !== number(wordOn(control)));
  }

  // The entries of the browser's history know which document has shown them.
  const earlierDocument = history.state?.stubeDocument;
  const notes = stored()[earlierDocument];
  const thisDocument = 'd' + crypto.getRandomValues(new Uint32Array(1))[0]; // no number: these would be sorted
  let isRestoring = earlierDocument !== undefined ||
    performance.getEntriesByType('navigation')[0]?.type === 'back_forward'; // to one whose scripts had not run

  function nameEntry() {
    if (history.state?.stubeDocument === thisDocument) return;
    history.replaceState({...history.state, stubeDocument: thisDocument}, '');
  }

  nameEntry();
  addEventListener('popstate', nameEntry);
  addEventListener('pagehide', writeDown);

  lookAround();
  addEventListener('pageshow', () => {
    lookAround();
    if (isRestoring) fillInNoted();
    isRestoring = false;
  });

  function fillInNoted() {
    const texts = Object.entries(notes ?? {}).filter(([, [,, text]]) => text !== undefined);
    for (const [name, [word,, state]] of texts) asides.set(name, {word, state, isMemorable: true});
    bringBack();
  }

  // What was done before the scripts ran is made known as the browser would have: their events had no listeners.
  function catchUp() {
    if (isRestoring) return;
    const early = allControls().filter(each => edited.has(each) && each.type !== 'file');
    for (const control of early.filter(({type, checked}) => type !== 'radio' || checked)) {
      const events = isChoice(control) || document.activeElement !== control ? ['input', 'change'] : ['input'];
      for (const type of events) control.dispatchEvent(new Event(type, {bubbles: true}));
    }
  }
  addEventListener('DOMContentLoaded', catchUp); // by when htmx listens

  // ---- sending ----------------------------------------------------------------------------------------

  // An event carries what stood in the controls of its own component (see stube-events.js) when it was made, and
  // waits for its turn. When it leaves, that is sent, unless something else stands there by now.
  const carried = new WeakMap(); // htmx's context of an event, to controls and what stood in them

  // A choice that is not bound is sent by its own event only.
  function ownChoices({sourceEvent}) {
    const control = sourceEvent?.target;
    return isControl(control) && isChoice(control) && !isBound(control) ? groupOf(control) : [];
  }

  const boundOf = instance => allControls()
    .filter(control => control.name.startsWith(`i${instance}-`) && edited.has(control));

  document.addEventListener('htmx:config:request', ({detail: {ctx}, defaultPrevented}) => {
    if (!ctx.stubeInstance) return;
    if (defaultPrevented) return ownChoices(ctx).forEach(giveBack);
    lookAround();
    carried.set(ctx, [...boundOf(ctx.stubeInstance), ...ownChoices(ctx)].map(control => [control, stateOf(control)]));
  });

  function giveBack(choice) {
    if (isAmong(sent, choice)) return;
    edited.delete(choice);
    takeWord(choice);
  }

  document.addEventListener('htmx:before:request', ({detail: {ctx}, defaultPrevented}) => {
    if (defaultPrevented) return;
    for (const [control, state] of carried.get(ctx) ?? []) {
      if (stateOf(control) !== state) continue;
      edited.delete(control);
      sent.set(control, {ctx, state});
    }
  });

  // The page shows what the answer was (see stube.js): for what was sent, the server's word counts again. A field
  // that it has cleared is empty, a tick that it has refused is none. What did not work was not sent, as far as the
  // user is concerned, and will be with the next event; a choice that is not bound never will.
  document.addEventListener('stube:answered', ({detail: {ctx, hasWorked}}) => {
    const answered = [...sent.keys()].filter(control => sent.get(control).ctx === ctx);
    if (hasWorked) lost = lost.filter(({element}) => !answered.includes(element));
    for (const control of answered) {
      const {state} = sent.get(control);
      sent.delete(control);
      if (!hasWorked && isBound(control) && stateOf(control) === state) edited.add(control);
    }
    answered.filter(control => !isTheUsers(control)).forEach(takeWord);
    if (hasEnded()) showLost();
  });

  // ---- patches: controls --------------------------------------------------------------------------------

  root.stubePatches = 0; // that are being applied
  let choices;        // of selects that are the user's: a browser chooses anew when options come and go
  let unsent;         // controls that are edited: their names, the server's word and what stands in them

  function beginPatch({detail: {tasks}}) {
    ++root.stubePatches;
    lookAround();
    noteChanges(watch.takeRecords());
    choices = allControls().filter(each => each instanceof HTMLSelectElement && isTheUsers(each))
      .map(select => [select, chosen(select)]);
    unsent = unsentControls();
    if (tasks.some(({swapSpec}) => swapSpec.style !== 'none')) lost = unsentTexts();
  }

  // A dialog takes the place of a component, and its answer brings the component back. The state of edited controls
  // comes back as well, unless the server has changed its word on them.
  function unsentControls() {
    const all = allControls();
    if (!all.some(control => edited.has(control))) return [];
    return [...named(all)].filter(([control]) => edited.has(control) && control.type !== 'file')
      .map(([control, name]) => ({control, name, word: number(wordOn(control)), state: stateOf(control)}));
  }

  function putAside() {
    for (const each of unsent) {
      if (!each.control.isConnected) asides.set(each.name, {...each, isMemorable: isMemorable(each.control)});
    }
  }

  function bringBack() {
    if (asides.size === 0) return;
    for (const [control, name] of named(allControls())) {
      const {word, state} = asides.get(name) ?? {};
      if (!asides.delete(name) || edited.has(control) || number(wordOn(control)) !== word) continue;
      fillIn(control, state);
      edited.add(control);
    }
  }

  function fillIn(control, state) {
    const values = control instanceof HTMLSelectElement && JSON.parse(state);
    if (values) choose(control, ({value}) => values.includes(value));
    else if (isTick(control)) control.checked = state === 'true';
    else control.value = state;
  }

  function finishPatch() {
    noteCaused(watch.takeRecords());
    putAside();
    bringBack();
    for (const [select, values] of choices) {
      if ([...select.options].some(({value}) => values.includes(value))) {
        choose(select, ({value}) => values.includes(value));
      }
    }
    allControls().filter(control => !isTheUsers(control)).forEach(takeWord);
  }

  document.addEventListener('htmx:before:swap', beginPatch, true); // before stube-page.js takes parts off the page
  document.addEventListener('htmx:after:swap', finishPatch);
  document.addEventListener('htmx:finally:swap', () => {
    watch.takeRecords();
    --root.stubePatches;
  });

  // A patch changes the server's word only. htmx would also write it over what stands in the control.
  function takeNewWord(control, {attrName, newValue}) {
    if (attrName !== 'value' || newValue === null || !(control instanceof HTMLInputElement)) return true;
    control.setAttribute(attrName, newValue);
    return false;
  }

  // ---- patches: what else is the user's ---------------------------------------------------------------------

  // Browsers write into attributes what users do (`open` of details and dialogs, the size of a textarea, `hidden` of
  // what was found in the page), and so do scripts. Then the server's word on the attribute is remembered. As long as
  // it stays the same, patches leave the attribute alone.
  const changed = new WeakMap(); // elements, to the server's words by name

  function noteChanges(records) {
    for (const {type, target, attributeName, oldValue} of records) {
      if (type !== 'attributes' || htmx.config.morphIgnore.includes(attributeName)) continue;
      const words = changed.get(target) ?? new Map();
      if (!words.has(attributeName)) words.set(attributeName, oldValue);
      changed.set(target, words);
    }
  }

  const watch = new MutationObserver(records => root.stubePatches ? noteCaused(records) : noteChanges(records));
  watch.observe(view, {subtree: true, childList: true, attributes: true, attributeOldValue: true});

  function forgetOldWords(element, fresh) {
    const words = changed.get(element);
    for (const [name, word] of words ?? []) {
      if (fresh.getAttribute(name) !== word) words.delete(name);
    }
  }

  // Without close(), what lies behind a modal dialog would stay out of reach.
  function closeModal(element, {attrName, newValue}) {
    if (attrName !== 'open' || newValue !== null || !element.matches('dialog:modal')) return true;
    toggled.set(element, 'closed');
    closed.add(element);
    element.close();
    return false;
  }

  // What is written into an element with contenteditable.
  const written = new WeakMap(); // such elements, to the markup that the server sent for them

  root.addEventListener('beforeinput', ({target}) => {
    const host = target instanceof Element && !isControl(target) && target.closest('[contenteditable]');
    if (host && !written.has(host)) written.set(host, host.innerHTML);
  }, true);

  function keepWritten(host, fresh) {
    if (!written.has(host)) return;
    if (fresh.innerHTML === written.get(host)) fresh.replaceChildren(...host.cloneNode(true).childNodes);
    else written.delete(host);
  }

  htmx.registerExtension('stube-user', {
    htmx_before_morph_node(element, {newNode}) {
      if (!(element instanceof Element)) return;
      forgetOldWords(element, newNode);
      keepWritten(element, newNode);
      if (element instanceof HTMLTextAreaElement) element.defaultValue = newNode.defaultValue;
    },
    htmx_before_morph_attr: (element, change) =>
      !changed.get(element)?.has(change.attrName) && closeModal(element, change) && takeNewWord(element, change),
  });

  // ---- what a patch causes -----------------------------------------------------------------------------------

  // An event that comes of a patch is not sent (see stube-events.js): it would be answered with a patch. Some come
  // while it is applied. Others come later, and are recognised: of what the patch has opened, closed or brought; a
  // scroll without anybody scrolling; the pointer over something else without anybody having moved it.
  const toggled = new WeakMap(); // what patches have opened and closed, to which of it
  const closed = new WeakSet();  // dialogs
  const loading = new WeakSet(); // pictures and the like
  const INERTIA = 100; // milliseconds from a turn of the wheel to what comes of it
  let pointer = {};
  let hasActed = false;    // the user, since the last patch
  let isScrolling = false; // what the user began may go on by itself
  let wheeled = -INERTIA;

  function noteCaused(records) {
    hasActed = isScrolling || performance.now() - wheeled < INERTIA;
    for (const {target, attributeName, addedNodes} of records) {
      if (attributeName === 'open') noteToggle(target);
      if (attributeName === 'src' || attributeName === 'srcset') loading.add(target);
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        for (const each of [node, ...node.querySelectorAll('[open], [src], [srcset]')]) {
          if (each.open) noteToggle(each);
          if (each.src || each.srcset) loading.add(each);
        }
      }
    }
  }

  function noteToggle(element) {
    if (element instanceof HTMLDetailsElement) toggled.set(element, element.open ? 'open' : 'closed');
  }

  const causes = {
    toggle({target, newState}) {
      const state = toggled.get(target);
      return toggled.delete(target) && state === newState;
    },
    close: ({target}) => closed.delete(target) && !target.open,
    load: ({target}) => loading.delete(target),
    scroll: () => !(isScrolling ||= hasActed),
    scrollend() {
      const isTheirs = isScrolling || hasActed;
      isScrolling = false;
      return !isTheirs;
    },
    hover: ({screenX, screenY}) => !hasActed && screenX === pointer.x && screenY === pointer.y,
  };

  const hovers = ['mouse', 'pointer'].flatMap(device => ['over', 'out', 'enter', 'leave'].map(what => device + what));

  function listen(type, isCaused) {
    addEventListener(type, event => { event.stubeIsCaused = isCaused(event); }, true);
  }

  for (const type of ['toggle', 'close', 'load', 'scroll', 'scrollend']) listen(type, causes[type]);
  for (const type of hovers) listen(type, causes.hover);

  for (const act of ['wheel', 'touchstart', 'touchmove', 'keydown', 'pointerdown', 'mousedown']) {
    addEventListener(act, () => { hasActed = true; }, {capture: true, passive: true});
  }
  addEventListener('wheel', () => { wheeled = performance.now(); }, {capture: true, passive: true});
  addEventListener('pointermove', ({screenX, screenY}) => { pointer = {x: screenX, y: screenY}; }, {capture: true, passive: true});

  // ---- the end, while somebody types ---------------------------------------------------------------------------

  // Text that was not sent, or has no answer yet. If the last patch has taken it off the page, and was the end of the
  // conversation, it stays beside the last view, to be read and copied.
  let lost = [];

  const hasEnded = () => !stream.isConnected || !stream.hasAttribute('hx-sse:connect');

  const nameFor = ({labels, ariaLabel, placeholder}) => (labels?.[0]?.textContent ?? ariaLabel ?? placeholder ?? '').trim();

  const isText = control => !isChoice(control) &&
    !['password', 'file', 'button', 'submit', 'reset', 'image', 'range', 'color'].includes(control.type);

  function unsentTexts() {
    const typed = allControls().filter(control => isText(control) && isTheUsers(control) && control.value !== '')
      .map(element => ({element, name: nameFor(element), text: element.value}));
    const hosts = [...view.querySelectorAll('[contenteditable]')].filter(host => written.has(host))
      .map(element => ({element, name: nameFor(element), text: element.innerText}));
    return [...typed, ...hosts];
  }

  function make(name, properties, ...content) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...content);
    return made;
  }

  const readOnly = ({name, text}) => make('label', {}, name,
    make('textarea', {readOnly: true, rows: Math.min(text.split('\n').length + 1, 10)}, text));

  const unsentPlace = () => document.getElementById('stube-unsent') ?? make('section', {id: 'stube-unsent', className: 'card'},
    make('h2', {}, 'Not sent'), make('p', {}, 'You typed this, and it was not sent. It is kept only here: copy what you need.'));

  function showLost() {
    const shown = lost.filter(({element}) => !element.isConnected && !sent.has(element));
    lost = lost.filter(each => !shown.includes(each));
    if (shown.length === 0) return;
    const place = unsentPlace();
    place.append(...shown.map(readOnly));
    view.after(place);
  }

  // The end comes behind the last view, as an event of the stream, or with it, in an answer.
  stream.addEventListener('stube-end', showLost);
})();

// Behaviors: an element with data-stube-behavior="<name>" gets the functions of the ES module
// <base>/stube/behaviors/<name>.js called: `mount` when the element appears, `patched` after a
// patch of it, `unmount` when it leaves.
//
//   data-stube-arg-<name>="<text>"      arguments
//   data-stube-events="<address> ..."   addresses of the members that it may send to
//   data-stube-preserve                 its children are its own: patches leave them alone
//
// A MutationObserver reports the elements that appear and leave. It runs after the whole patch: an
// element that the patch has moved is in its new place, and counts neither as removed nor as
// inserted.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  if (!root) return; // a page without a conversation

  const folder = new URL('../behaviors/', document.currentScript.src);
  const PREFIX = 'data-stube-arg-';
  const BACKOFFS = [1000, 2000, 4000, 8000, 16000, 32000]; // before attempts to load a module again

  const nameOf = element => element.getAttribute('data-stube-behavior');
  const logError = (name, text, error) => console.error(`stube: behavior ${name}: ${text}`, error);

  // ---- the interface of a module ----------------------------------------------------------------

  const camelCased = name => name.replace(/-+(.?)/g, (_, letter) => letter.toUpperCase());

  function argumentsOf(element) {
    const names = element.getAttributeNames().filter(name => name.startsWith(PREFIX));
    return Object.fromEntries(
      names.map(name => [camelCased(name.slice(PREFIX.length)), element.getAttribute(name)]));
  }

  const addressOf = (element, member) => (element.getAttribute('data-stube-events') ?? '')
    .split(' ').find(address => address.endsWith(`/${member}`));

  // The promise of ctx.send: true if the server has accepted the event. htmx's own promise resolves
  // at once if the event is queued behind others, so this one resolves at the end of the request.
  function send(element, member, values) {
    const address = addressOf(element, member);
    if (!address) {
      logError(nameOf(element), `may not send to "${member}"`,
        'its markup does not name it with event<>');
      return Promise.resolve(false);
    }
    return new Promise(done => {
      const event =
        {isSent: false, done, values: JSON.stringify(values), instance: address.split('/').at(-2)};
      htmx.ajax('POST', address, {source: element, stubeBehavior: event})
        .then(() => event.isSent || done(false), () => done(false));
    });
  }

  let collectFormData; // htmx's own, so that the event carries the same fields as that of a click

  document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
    const event = ctx.stubeBehavior;
    if (!event) return;
    event.isSent = true;
    const component = document.getElementById(`i${event.instance}`);
    ctx.request.body = component ? collectFormData(component, null, null, false, false)
      : new FormData();
    ctx.request.body.set('stube-args', event.values);
  }, true); // captured: runs before stube-events.js removes the fields of other components

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    ctx.stubeBehavior?.done(ctx.response?.status < 400);
  });

  // Sleeps, but ends early when the server can be reached again or the signal is aborted.
  const backOff = (milliseconds, signal) => new Promise(done => {
    setTimeout(done, milliseconds);
    document.addEventListener('stube:connected', done, {once: true, signal});
    signal.addEventListener('abort', done);
  });

  // ---- the lifetime of a behavior ---------------------------------------------------------------

  const running = new Map(); // elements, to their Behavior

  class Behavior {
    #name;
    #leaving = new AbortController();
    #functions; // the default export of the module, once it is loaded

    constructor(element) {
      this.element = element;
      this.#name = nameOf(element);
      const {signal} = this.#leaving;
      this.ctx = {
        el: element,
        get args() { return argumentsOf(element); },
        send: (member, ...values) =>
          signal.aborted ? Promise.resolve(false) : send(element, member, values),
        signal,
      };
    }

    get isPresent() {
      return this.element.isConnected && nameOf(this.element) === this.#name;
    }

    async begin() {
      try {
        const module = await this.#load();
        if (this.#leaving.signal.aborted) return; // the element has left meanwhile
        if (typeof module.default !== 'object' || !module.default) {
          throw new Error('the module has no default export');
        }
        this.#functions = module.default;
      } catch (error) {
        logError(this.#name, 'cannot be loaded', error);
        return;
      }
      this.call('mount');
    }

    // A browser caches the failure to fetch a module, so each attempt needs an address of its own.
    async #load() {
      for (let failures = 0; ; ++failures) {
        const address = new URL(`${this.#name}.js`, folder);
        if (failures > 0) address.search = `again=${failures}`;
        try {
          return await import(address);
        } catch (error) {
          const {signal} = this.#leaving;
          // Browsers throw a TypeError if they cannot fetch a module.
          const mayRetry = error instanceof TypeError && failures < BACKOFFS.length;
          if (!mayRetry || signal.aborted) throw error;
          if (failures === 0) logError(this.#name, 'cannot be loaded, will be tried again', error);
          await backOff(BACKOFFS[failures], signal);
        }
      }
    }

    call(name) {
      const report = error => logError(this.#name, `${name} failed`, error);
      try {
        Promise.resolve(this.#functions?.[name]?.(this.element, this.ctx)).catch(report);
      } catch (error) {
        report(error);
      }
    }

    end() {
      this.call('unmount');
      this.#leaving.abort();
    }
  }

  // Behaviors end before others begin, so that a behavior finds its place empty if it follows
  // another.
  function update() {
    for (const [element, behavior] of running) {
      if (behavior.isPresent) continue;
      running.delete(element);
      behavior.end();
    }
    for (const element of root.querySelectorAll('[data-stube-behavior]')) {
      if (running.has(element)) continue;
      const behavior = new Behavior(element);
      running.set(element, behavior);
      behavior.begin();
    }
  }

  new MutationObserver(update).observe(root, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-stube-behavior'],
  });

  // ---- patches ----------------------------------------------------------------------------------

  const affectedBehaviors = new WeakMap(); // htmx's context of a swap, to behaviors it may change

  // A response without content is a swap as well, and so is a command.
  const isPatch = ({swapSpec}) => swapSpec.style !== 'none' && swapSpec.style !== 'stube-command';
  const overlaps = (element, target) => target.contains(element) || element.contains(target);

  document.addEventListener('htmx:before:swap', ({detail: {ctx, tasks}}) => {
    if (!running.size) return;
    const targets = tasks.filter(isPatch)
      .map(({target}) => typeof target === 'string' ? document.querySelector(target) : target)
      .filter(target => target instanceof Element);
    affectedBehaviors.set(ctx, [...running.values()]
      .filter(behavior => targets.some(target => overlaps(behavior.element, target))));
  });

  document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => {
    const affected = affectedBehaviors.get(ctx);
    if (!affected) return;
    affectedBehaviors.delete(ctx);
    update(); // the observer may not have run yet
    for (const behavior of affected) {
      if (running.get(behavior.element) === behavior) behavior.call('patched');
    }
  });

  // ---- children that a morph leaves alone -------------------------------------------------------

  const keepsChildren = element => element.hasAttribute('data-stube-preserve');

  htmx.config.morphSkipChildren += ', [data-stube-preserve]';

  htmx.registerExtension('stube-behaviors', {
    // The morph must not turn an element of one behavior into an element of another or of none.
    init(api) {
      ({collectFormData} = api);
      const {isSoftMatch} = api;
      api.isSoftMatch = (before, after) => isSoftMatch(before, after) &&
        keepsChildren(before) === keepsChildren(after) && nameOf(before) === nameOf(after);
    },
    // An element that begins to keep its children first receives those that were rendered with it.
    htmx_before_morph_node(before, {newNode}) {
      if (!(before instanceof Element) || !keepsChildren(newNode) || keepsChildren(before)) return;
      before.replaceChildren(...newNode.childNodes);
    },
  });

  update();
})();

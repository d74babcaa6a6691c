// Behaviors: elements with data-stube-behavior="<name>" get the functions of the ES module
// <base>/stube/behaviors/<name>.js called as they appear, outlive a patch, and leave.
//
//   data-stube-arg-<name>="<text>"          arguments
//   data-stube-events="<address> ..."       the members it may send to, each the last part of its address
//   data-stube-preserve                     its children are its own: patches leave them alone
//
// What appears and leaves is told by a MutationObserver, which hears of a patch when all of it is done: an
// element that was moved meanwhile is where it belongs, and neither left nor appeared.
(() => {
  'use strict';

  const root = document.getElementById('stube');
  if (!root) return; // a page without a conversation

  const folder = new URL('../behaviors/', document.currentScript.src);
  const PREFIX = 'data-stube-arg-';
  const PAUSES = [1000, 2000, 4000, 8000, 16000, 32000]; // before a module is asked for again

  const nameOf = element => element.getAttribute('data-stube-behavior');
  const complain = (name, what, error) => console.error(`stube: behavior ${name}: ${what}`, error);

  // ---- what a module sees --------------------------------------------------------------------------

  const camelCased = name => name.replace(/-+(.?)/g, (_, letter) => letter.toUpperCase());

  function argumentsOf(element) {
    const named = element.getAttributeNames().filter(name => name.startsWith(PREFIX));
    return Object.fromEntries(named.map(name => [camelCased(name.slice(PREFIX.length)), element.getAttribute(name)]));
  }

  const addressOf = (element, member) =>
    (element.getAttribute('data-stube-events') ?? '').split(' ').find(address => address.endsWith(`/${member}`));

  // The promise of ctx.send: true if the server took it. An event that is queued behind others resolves
  // htmx's own promise at once, so this goes by the end of the request.
  function send(element, member, values) {
    const address = addressOf(element, member);
    if (!address) {
      complain(nameOf(element), `may not send to "${member}"`, 'its markup does not name it with event<>');
      return Promise.resolve(false);
    }
    return new Promise(done => {
      const event = {isSent: false, done, values: JSON.stringify(values), instance: address.split('/').at(-2)};
      htmx.ajax('POST', address, {source: element, stubeBehavior: event})
        .then(() => event.isSent || done(false), () => done(false));
    });
  }

  let collectFormData; // htmx's own, so that the fields are those that a click would send

  document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
    const event = ctx.stubeBehavior;
    if (!event) return;
    event.isSent = true;
    const component = document.getElementById(`i${event.instance}`);
    ctx.request.body = component ? collectFormData(component, null, null, false, false) : new FormData();
    ctx.request.body.set('stube-args', event.values);
  }, true); // before stube-events.js drops the fields of other components

  document.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
    ctx.stubeBehavior?.done(ctx.response?.status < 400);
  });

  // A pause that ends early when the server can be reached again, or when nobody waits any more.
  const rest = (milliseconds, signal) => new Promise(done => {
    setTimeout(done, milliseconds);
    document.addEventListener('stube:connected', done, {once: true, signal});
    signal.addEventListener('abort', done);
  });

  // ---- the life of an element ----------------------------------------------------------------------

  const alive = new Map(); // elements with a behavior, to their lives

  class Life {
    #name;
    #leaving = new AbortController();
    #functions; // of the module, from when it is mounted

    constructor(element) {
      this.element = element;
      this.#name = nameOf(element);
      const {signal} = this.#leaving;
      this.ctx = {
        el: element,
        get args() { return argumentsOf(element); },
        send: (member, ...values) => signal.aborted ? Promise.resolve(false) : send(element, member, values),
        signal,
      };
    }

    get goesOn() {
      return this.element.isConnected && nameOf(this.element) === this.#name;
    }

    async begin() {
      try {
        const module = await this.#load();
        if (this.#leaving.signal.aborted) return; // it came and went meanwhile
        if (typeof module.default !== 'object' || !module.default) throw new Error('the module has no default export');
        this.#functions = module.default;
      } catch (error) {
        complain(this.#name, 'cannot be loaded', error);
        return;
      }
      this.call('mount');
    }

    // A browser remembers what could not be fetched, so that each attempt needs an address of its own.
    async #load() {
      for (let failures = 0; ; ++failures) {
        const address = new URL(`${this.#name}.js`, folder);
        if (failures > 0) address.search = `again=${failures}`;
        try {
          return await import(address);
        } catch (error) {
          // A TypeError is what a browser throws when it cannot fetch.
          if (!(error instanceof TypeError) || failures === PAUSES.length || this.#leaving.signal.aborted) throw error;
          if (failures === 0) complain(this.#name, 'cannot be loaded, will be tried again', error);
          await rest(PAUSES[failures], this.#leaving.signal);
        }
      }
    }

    call(what) {
      const report = error => complain(this.#name, `${what} failed`, error);
      try {
        Promise.resolve(this.#functions?.[what]?.(this.element, this.ctx)).catch(report);
      } catch (error) {
        report(error);
      }
    }

    end() {
      this.call('unmount');
      this.#leaving.abort();
    }
  }

  // Those that leave first, so that one that takes the place of another finds it empty.
  function look() {
    for (const [element, life] of alive) {
      if (life.goesOn) continue;
      alive.delete(element);
      life.end();
    }
    for (const element of root.querySelectorAll('[data-stube-behavior]')) {
      if (alive.has(element)) continue;
      const life = new Life(element);
      alive.set(element, life);
      life.begin();
    }
  }

  new MutationObserver(look).observe(root, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-stube-behavior'],
  });

  // ---- patches -------------------------------------------------------------------------------------

  const patches = new WeakMap(); // htmx's context of a swap, to those who were there and whom it may concern

  // An answer without content is a swap too, and so is a command.
  const isPatch = ({swapSpec}) => swapSpec.style !== 'none' && swapSpec.style !== 'stube-command';
  const isWithin = (element, target) => target.contains(element) || element.contains(target);

  document.addEventListener('htmx:before:swap', ({detail: {ctx, tasks}}) => {
    if (!alive.size) return;
    const targets = tasks.filter(isPatch)
      .map(({target}) => typeof target === 'string' ? document.querySelector(target) : target)
      .filter(target => target instanceof Element);
    patches.set(ctx, [...alive.values()].filter(life => targets.some(target => isWithin(life.element, target))));
  });

  document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => {
    const concerned = patches.get(ctx);
    if (!concerned) return;
    patches.delete(ctx);
    look(); // in case the observer has not yet been told
    for (const life of concerned) {
      if (alive.get(life.element) === life) life.call('patched');
    }
  });

  // ---- what a morph must leave alone ---------------------------------------------------------------

  const owns = element => element.hasAttribute('data-stube-preserve');

  htmx.config.morphSkipChildren += ', [data-stube-preserve]';

  htmx.registerExtension('stube-behaviors', {
    // What belongs to one behavior is never taken for what belongs to another, or to none.
    init(api) {
      ({collectFormData} = api);
      const {isSoftMatch} = api;
      api.isSoftMatch = (before, after) => isSoftMatch(before, after) &&
        owns(before) === owns(after) && nameOf(before) === nameOf(after);
    },
    // From where an element begins to keep its children, those that were rendered with it are in it.
    htmx_before_morph_node(before, {newNode}) {
      if (before instanceof Element && owns(newNode) && !owns(before)) before.replaceChildren(...newNode.childNodes);
    },
  });

  look();
})();

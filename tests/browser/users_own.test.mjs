// Patches keep what belongs to the user, on a hand-written page.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {deliver, handWritten} from './hand_written.mjs';
import {aMoment, assertFlawless, button, eventually} from './support.mjs';

const to = name => `data-stube-action="/stube/event/cid/1/${name}"`;
const morph = markup => `<hx-morph of="i1">${markup}</hx-morph>`;
const holds = (page, selector, text) => eventually(async () => assert.equal(await page.locator(selector).inputValue(), text));
const isTicked = (page, selector) => page.locator(selector).isChecked();
const shows = (page, text) => page.locator('output').filter({hasText: new RegExp(`^${text}$`)}).waitFor();
const sentEvents = (page, count) => eventually(() => assert.equal(page.events.length, count));

/// A promise, and the function that fulfills it.
function gate() {
    let open;
    const opened = new Promise(done => { open = done; });
    return {opened, open};
}

// ---- the state of controls ----------------------------------------------------------------------

/// The markup of a component with one control of each kind.
const entry = (shown, {text = '', note = '', tick = '', second = ''} = {}) => `<form id="i1" ${to('save')}>` +
    `<label>Text <input id="i1-a" name="i1-a" value="${text}"></label>` +
    `<label>Note <textarea id="i1-b" name="i1-b">${note}</textarea></label>` +
    `<input type="checkbox" id="i1-c" name="i1-c" value="on"${tick}>` +
    `<select id="i1-d" name="i1-d"><option value="x">X</option><option value="y"${second}>Y</option></select>` +
    `<input type="password" id="i1-p" name="i1-p" aria-label="Password"><output>${shown}</output><button>Save</button></form>`;

const fillIn = async page => {
    await page.locator('#i1-a').fill('typed');
    await page.locator('#i1-b').fill('a note');
    await page.locator('#i1-c').check();
    await page.locator('#i1-d').selectOption('y');
};

const holdsAll = async page => {
    await holds(page, '#i1-a', 'typed');
    await holds(page, '#i1-b', 'a note');
    assert.ok(await isTicked(page, '#i1-c'));
    await holds(page, '#i1-d', 'y');
};

const everything = '1/save i1-a=typed&i1-b=a+note&i1-c=on&i1-d=y&i1-p=';

test('values entered before the scripts have run survive a patch and are sent', async t => {
    const {opened, open} = gate();
    const page = await handWritten(t, entry(0), '', {scripts: opened});
    await fillIn(page);
    open();
    await page.waitForFunction(() => document.readyState === 'complete');
    await deliver(page, morph(entry(1)));
    await shows(page, 1);
    await holdsAll(page);
    await button(page, 'Save').click();
    await sentEvents(page, 1);
    assert.deepEqual(page.events, [everything]);
    assertFlawless(page);
});

test('values set by the browser or a script without an event survive a patch and are sent', async t => {
    const page = await handWritten(t, entry(0));
    await page.evaluate(() => {
        const control = at => document.getElementById(`i1-${at}`);
        [control('a').value, control('b').value, control('c').checked, control('d').value] = ['typed', 'a note', true, 'y'];
    });
    await deliver(page, morph(entry(1)));
    await shows(page, 1);
    await holdsAll(page);
    await button(page, 'Save').click();
    await sentEvents(page, 1);
    assert.deepEqual(page.events, [everything]);
    assertFlawless(page);
});

test('a field that shows the value of the server takes its next value', async t => {
    const page = await handWritten(t, entry(0, {text: 'old', note: 'old'}));
    await page.locator('#i1-a').pressSequentially('er');
    await page.locator('#i1-a').press('Backspace');
    await page.locator('#i1-a').press('Backspace');
    await deliver(page, morph(entry(1, {text: 'new', note: 'new', tick: ' checked', second: ' selected'})));
    await shows(page, 1);
    await holds(page, '#i1-a', 'new');
    await holds(page, '#i1-b', 'new');
    assert.ok(await isTicked(page, '#i1-c'));
    await holds(page, '#i1-d', 'y');
    await deliver(page, morph(entry(2)));
    await shows(page, 2);
    assert.equal(await isTicked(page, '#i1-c'), false);
    await holds(page, '#i1-d', 'x');
    assertFlawless(page);
});

test('an unsent choice is kept when options come and go', async t => {
    const list = (...values) => `<form id="i1" ${to('save')}><select id="i1-d" name="i1-d">` +
        `${values.map(each => `<option value="${each}">${each}</option>`).join('')}</select>` +
        `<output>${values.length}</output></form>`;
    const page = await handWritten(t, list('a', 'b'));
    await page.locator('#i1-d').selectOption('b');
    await deliver(page, morph(list('x', 'y', 'a', 'b')));
    await shows(page, 4);
    await holds(page, '#i1-d', 'b');
    await deliver(page, morph(list('x')));
    await shows(page, 1);
    await holds(page, '#i1-d', 'x');
    assertFlawless(page);
});

test('a value that the browser has normalized does not count as typed', async t => {
    const odd = (number, day) => `<div id="i1"><input type="number" id="i1-a" name="i1-a" value="${number}"> ` +
        `<input type="date" id="i1-b" name="i1-b" value="${day}"><input type="range" id="i1-c" name="i1-c">` +
        `<textarea id="i1-d" name="i1-d">${number}\r\n</textarea><output>${number}</output></div>`;
    const page = await handWritten(t, odd('1x', 'soon'));
    await deliver(page, morph(odd('2', '2031-05-06')));
    await shows(page, 2);
    await holds(page, '#i1-a', '2');
    await holds(page, '#i1-b', '2031-05-06');
    await holds(page, '#i1-d', '2\n');
    assertFlawless(page, /The specified value/);
});

/// Leaves the page and comes back with Back.
async function leaveAndComeBack(page) {
    await page.waitForTimeout(1500); // Chromium records the state of controls at intervals
    await page.goto('data:text/html,<p>elsewhere');
    await page.goBack();
    await page.locator('output').waitFor();
    await page.waitForFunction(() => document.readyState === 'complete');
}

test('unsent values are restored after Back and survive a patch and are sent', async t => {
    const page = await handWritten(t, entry(0));
    await fillIn(page);
    await leaveAndComeBack(page);
    await holdsAll(page);
    await deliver(page, morph(entry(1)));
    await shows(page, 1);
    await holdsAll(page);
    await button(page, 'Save').click();
    await sentEvents(page, 1);
    assert.deepEqual(page.events, [everything]);
});

test('the page shows the stored values after Back and not the earlier ones', async t => {
    let stored = {};
    const page = await handWritten(t, () => entry(0, stored), () => morph(entry(1, {text: 'typed', note: 'a note', tick: ' checked', second: ' selected'})));
    await fillIn(page);
    await button(page, 'Save').click();
    await shows(page, 1);
    stored = {text: 'newer', note: 'newer'}; // another tab has stored new values
    await leaveAndComeBack(page);
    const isNewer = async () => {
        await holds(page, '#i1-a', 'newer');
        await holds(page, '#i1-b', 'newer');
        await holds(page, '#i1-d', 'x');
        await eventually(async () => assert.equal(await isTicked(page, '#i1-c'), false));
    };
    await isNewer();
    await page.locator('#i1-a').fill('not sent');
    stored = {text: 'newest'};
    await leaveAndComeBack(page);
    await holds(page, '#i1-a', 'newest');
});

// ---- unbound ticks and radio buttons ------------------------------------------------------------

const lamp = (isOn, shown, more = '') => `<div id="i1"><input type="checkbox" aria-label="Lamp"${isOn ? ' checked' : ''} ` +
    `${to('flip')}${more}><output>${shown}</output><button ${to('reset')}>Reset</button></div>`;

const isLit = page => page.getByLabel('Lamp').isChecked();

test('a tick that the server refuses is taken back', async t => {
    const page = await handWritten(t, lamp(false, 0), () => '<hx-command>{"title":"No"}</hx-command>');
    await page.getByLabel('Lamp').click();
    await sentEvents(page, 1);
    await eventually(async () => assert.equal(await isLit(page), false));
    assertFlawless(page);
});

test('a tick whose event fails is taken back', async t => {
    const page = await handWritten(t, lamp(false, 0), () => ({status: 204, headers: {'Stube-Failed': 'yes'}}));
    await page.getByLabel('Lamp').click();
    await sentEvents(page, 1);
    await eventually(async () => assert.equal(await isLit(page), false));
    assertFlawless(page);
});

test('a tick that the user does not confirm is taken back', async t => {
    const page = await handWritten(t, lamp(true, 0, ' data-stube-confirm="Sure?"'));
    page.on('dialog', dialog => dialog.dismiss());
    await page.getByLabel('Lamp').click();
    await eventually(async () => assert.equal(await isLit(page), true));
    assert.deepEqual(page.events, []);
    assertFlawless(page);
});

test('a tick follows a Reset button and changes of the server', async t => {
    const page = await handWritten(t, lamp(false, 0), events =>
        morph(lamp(events.at(-1).endsWith('flip'), events.length)));
    await page.getByLabel('Lamp').click();
    await shows(page, 1);
    assert.ok(await isLit(page));
    await button(page, 'Reset').click();
    await shows(page, 2);
    assert.equal(await isLit(page), false);
    await deliver(page, morph(lamp(true, 'on')));
    await shows(page, 'on');
    assert.ok(await isLit(page));
    await deliver(page, morph(lamp(false, 'off')));
    await shows(page, 'off');
    assert.equal(await isLit(page), false);
    assertFlawless(page);
});

test('a tick made while the response to the previous one is pending is kept', async t => {
    const responders = [];
    const page = await handWritten(t, lamp(false, 0), () => new Promise(respond => responders.push(respond)));
    await page.getByLabel('Lamp').click();
    await sentEvents(page, 1);
    await page.getByLabel('Lamp').click();
    await page.getByLabel('Lamp').click();
    responders.shift()(morph(lamp(true, 1)));
    await shows(page, 1);
    assert.ok(await isLit(page));
    await sentEvents(page, 2);
    responders.shift()(morph(lamp(false, 2)));
    await sentEvents(page, 3);
    responders.shift()(morph(lamp(true, 3)));
    await shows(page, 3);
    assert.ok(await isLit(page));
    assertFlawless(page);
});

test('a refused radio button gives the choice back', async t => {
    const radio = (name, isChosen) => `<label>Plan ${name}<input type="radio" name="plan" value="${name}"` +
        `${isChosen ? ' checked' : ''} ${to(`choose-${name}`)}></label>`;
    const page = await handWritten(t, `<div id="i1">${radio('a', true)}${radio('b', false)}</div>`,
        () => '<hx-command>{"title":"No"}</hx-command>');
    await page.getByLabel('Plan b').click();
    await sentEvents(page, 1);
    await eventually(async () => assert.ok(await page.getByLabel('Plan a').isChecked()));
    assertFlawless(page);
});

test('a refused select gives the choice back', async t => {
    const page = await handWritten(t, `<div id="i1"><label>Plan<select ${to('choose')}>` +
        '<option selected>a</option><option>b</option></select></label></div>', () => '<hx-command>{"title":"No"}</hx-command>');
    await page.getByLabel('Plan').selectOption('b');
    await sentEvents(page, 1);
    await eventually(async () => assert.equal(await page.getByLabel('Plan').inputValue(), 'a'));
    assertFlawless(page);
});

test('a tick made before the scripts have run is sent by them', async t => {
    const {opened, open} = gate();
    const page = await handWritten(t, lamp(false, 0), () => morph(lamp(true, 1)), {scripts: opened});
    await page.getByLabel('Lamp').click();
    open();
    await shows(page, 1);
    assert.deepEqual(page.events, ['1/flip']);
    assert.ok(await isLit(page));
    assertFlawless(page);
});

// ---- details, dialogs, attributes and editable content ------------------------------------------

const details = (shown, attributes = '', more = '') => `<div id="i1"><details${attributes}><summary>More</summary>` +
    `<p>Text</p></details>${more}<output>${shown}</output></div>`;
const isOpen = (page, selector = 'details') => page.locator(selector).evaluate(({open}) => open);

test('details stay as the user left them until the server toggles them', async t => {
    const page = await handWritten(t, details(0));
    await page.getByText('More').click();
    await deliver(page, morph(details(1)));
    await shows(page, 1);
    assert.equal(await isOpen(page), true);
    await deliver(page, morph(details(2, ' open')));
    await shows(page, 2);
    assert.equal(await isOpen(page), true);
    await deliver(page, morph(details(3)));
    await shows(page, 3);
    assert.equal(await isOpen(page), false);
    await deliver(page, morph(details(4, ' open')));
    await page.getByText('More').click();
    await eventually(async () => assert.equal(await isOpen(page), false));
    await deliver(page, morph(details(5, ' open')));
    await shows(page, 5);
    assert.equal(await isOpen(page), false);
    assertFlawless(page);
});

test('a modal dialog survives patches and frees the page when the server closes it', async t => {
    const dialog = (shown, open = '') =>
        `<div id="i1"><dialog${open}><button>In it</button></dialog><output>${shown}</output><button ${to('go')}>Behind it</button></div>`;
    const page = await handWritten(t, dialog(0));
    const isModal = () => page.locator('dialog').evaluate(each => each.matches(':modal'));
    await page.evaluate(() => document.querySelector('dialog').showModal());
    await deliver(page, morph(dialog(1)));
    await shows(page, 1);
    assert.ok(await isModal());
    await deliver(page, morph(dialog(2, ' open')));
    await shows(page, 2);
    assert.ok(await isModal());
    await deliver(page, morph(dialog(3)));
    await shows(page, 3);
    assert.equal(await isOpen(page, 'dialog'), false);
    await button(page, 'Behind it').click();
    await sentEvents(page, 1);
    assertFlawless(page);
});

test('attributes set by the browser or a script stay until the server changes them', async t => {
    const area = (shown, more = '') => `<div id="i1"><textarea id="i1-a" name="i1-a"></textarea><p${more}>x</p><output>${shown}</output></div>`;
    const page = await handWritten(t, area(0, ' title="a" lang="en"'));
    await page.evaluate(() => {
        document.querySelector('textarea').style.height = '300px'; // as when its corner is dragged
        const p = document.querySelector('#stube-view p');
        p.setAttribute('title', 'mine');
        p.setAttribute('lang', 'de');
        p.setAttribute('data-mine', '1');
    });
    await deliver(page, morph(area(1, ' title="a" lang="fr"')));
    await shows(page, 1);
    assert.equal(await page.locator('textarea').evaluate(({style}) => style.height), '300px');
    const has = name => page.locator('#stube-view p').getAttribute(name);
    assert.deepEqual([await has('title'), await has('lang'), await has('data-mine')], ['mine', 'fr', '1']);
    await deliver(page, morph(area(2)));
    await shows(page, 2);
    assert.deepEqual([await has('title'), await has('lang'), await has('data-mine')], [null, null, '1']);
    assertFlawless(page);
});

test('a popover and a scroll position and edited content survive a patch', async t => {
    const parts = (shown, text = 'Write here') => `<div id="i1"><button popovertarget="pop">Menu</button><div id="pop" popover>Choices</div>` +
        `<ul class="scrolled">${'<li>line</li>'.repeat(60)}</ul><p contenteditable="true">${text}</p><output>${shown}</output></div>`;
    const page = await handWritten(t, parts(0));
    await page.evaluate(() => {
        const [list] = document.getElementsByClassName('scrolled');
        Object.assign(list.style, {height: '80px', overflow: 'auto'});
        list.scrollTop = 120;
    });
    await page.locator('[contenteditable]').click();
    await page.keyboard.press('End');
    await page.keyboard.type(' now');
    await page.evaluate(() => document.getElementById('pop').showPopover());
    await deliver(page, morph(parts(1)));
    await shows(page, 1);
    assert.equal(await page.locator('[contenteditable]').textContent(), 'Write here now');
    assert.equal(await page.locator('.scrolled').evaluate(({scrollTop}) => scrollTop), 120);
    assert.ok(await page.locator('#pop').isVisible());
    await page.keyboard.type('!');
    await deliver(page, morph(parts(2, 'Written by the server')));
    await shows(page, 2);
    assert.equal(await page.locator('[contenteditable]').textContent(), 'Written by the server');
    assertFlawless(page);
});

// ---- events that a patch causes -----------------------------------------------------------------

test('details toggled by a patch send nothing and details toggled by the user send an event', async t => {
    const flipping = (shown, open = '', more = '') => details(shown, ` ${to('flip')} data-stube-on="toggle"${open}`, more);
    const page = await handWritten(t, flipping(0), events => morph(flipping(`answer ${events.length}`, events.length % 2 ? ' open' : '')));
    await deliver(page, morph(flipping(1, ' open')));
    await shows(page, 1);
    await deliver(page, morph(flipping(2)));
    await shows(page, 2);
    await deliver(page, morph(`<section>${flipping(3, ' open')}</section>`));
    await shows(page, 3);
    await deliver(page, '<hx-partial hx-target="#stube-view" hx-swap="innerMorph">' + flipping(4) + '</hx-partial>');
    await shows(page, 4);
    await aMoment();
    assert.deepEqual(page.events, []);
    await page.getByText('More').click();
    await shows(page, 'answer 1');
    await page.getByText('More').click();
    await shows(page, 'answer 2');
    await aMoment();
    assert.deepEqual(page.events, ['1/flip', '1/flip']);
    assertFlawless(page);
});

test('a field that a patch removes or focuses sends nothing', async t => {
    const field = on => `<input aria-label="${on}" id="i1-${on}" name="i1-${on}" ${to(on)} data-stube-on="${on}">`;
    const page = await handWritten(t, `<div id="i1">${field('blur')}<output>0</output></div>`);
    let shown = 0;
    for (const on of ['blur', 'change', 'focusout']) {
        await deliver(page, morph(`<div id="i1">${field(on)}<output>${++shown}</output></div>`));
        await shows(page, shown);
        await page.getByLabel(on).pressSequentially('x');
        await deliver(page, morph(`<div id="i1"><p>gone</p><output>${++shown}</output></div>`));
        await shows(page, shown);
    }
    await deliver(page, morph(`<div id="i1">${field('focus')}<button>Other</button><output>last</output></div>`) +
        '<hx-command>{"focus":"i1-focus"}</hx-command>');
    await shows(page, 'last');
    await aMoment();
    assert.deepEqual(page.events, []);
    await button(page, 'Other').focus();
    await page.getByLabel('focus').focus();
    await sentEvents(page, 1);
    assert.deepEqual(page.events.map(event => event.split(' ')[0]), ['1/focus']);
    assertFlawless(page);
});

test('scroll and pointer events are sent if the user and not a patch causes them', async t => {
    const list = (lines, hover = '') => `<div id="i1"><ul class="scrolled" ${to('scroll')} data-stube-on="scroll">` +
        `${'<li>line</li>'.repeat(lines)}</ul>${hover}<output>${lines}</output></div>`;
    const page = await handWritten(t, list(60));
    await page.evaluate(() => {
        const look = new CSSStyleSheet();
        look.replaceSync('.scrolled { height: 80px; overflow: auto } .under { position: fixed; left: 0; top: 0; width: 300px; height: 300px }');
        document.adoptedStyleSheets.push(look);
    });
    await page.locator('.scrolled').hover();
    await page.mouse.wheel(0, 400);
    await eventually(() => assert.ok(page.events.length > 0));
    await aMoment();
    const soFar = page.events.length;
    await deliver(page, morph(list(8)));
    await shows(page, 8);
    await aMoment();
    assert.equal(page.events.length, soFar);
    await page.mouse.move(150, 150);
    await deliver(page, morph(list(9, `<div class="under" ${to('enter')} data-stube-on="mouseenter">x</div>`)));
    await shows(page, 9);
    await aMoment();
    assert.equal(page.events.length, soFar);
    await page.mouse.move(400, 400);
    await page.mouse.move(150, 150);
    await eventually(() => assert.equal(page.events.at(-1).split(' ')[0], '1/enter'));
});

// ---- clicks and submits -------------------------------------------------------------------------

test('a form submitted again before its response is sent once and a plain button sends each click', async t => {
    const form = `<form id="i1" ${to('add')}><input id="i1-a" name="i1-a" value=""><button>Add</button>` +
        `<button type="button" ${to('plus')}>+</button></form>`;
    const responders = [];
    const page = await handWritten(t, form, () => new Promise(respond => responders.push(respond)));
    await page.locator('#i1-a').fill('Bread');
    await button(page, 'Add').dblclick();
    await page.locator('#i1-a').press('Enter');
    await button(page, 'Add').click();
    await sentEvents(page, 1);
    await page.locator('#i1-a').fill('Milk'); // another submission
    await page.locator('#i1-a').press('Enter');
    await button(page, '+').click();
    await button(page, '+').dblclick();
    for (let sent = 1; sent <= 5; ++sent) {
        await sentEvents(page, sent);
        responders.shift()(morph(form));
    }
    await holds(page, '#i1-a', '');
    assert.deepEqual(page.events.map(event => event.split(' ')[0]), ['1/add', '1/add', '1/plus', '1/plus', '1/plus']);
    assert.deepEqual(page.events.slice(0, 2), ['1/add i1-a=Bread', '1/add i1-a=Milk']);
    await page.locator('#i1-a').fill('Bread');
    await page.locator('#i1-a').press('Enter'); // the first submission has its response, so this one is new
    await sentEvents(page, 6);
    assertFlawless(page);
});

test('the second click of a double click submits nothing after the response to the first', async t => {
    const form = `<form id="i1" ${to('add')}><input id="i1-a" name="i1-a" value="Bread"><button>Add</button><output>0</output></form>`;
    const page = await handWritten(t, form, events => morph(form.replace('>0<', `>${events.length}<`)));
    const {x, y} = await button(page, 'Add').boundingBox();
    await page.mouse.click(x + 5, y + 5, {clickCount: 1});
    await shows(page, 1);
    await page.mouse.move(x + 5, y + 5);
    await page.mouse.down({clickCount: 2});
    await page.mouse.up({clickCount: 2});
    await aMoment();
    assert.equal(page.events.length, 1);
    await button(page, 'Add').click();
    await shows(page, 2);
    assertFlawless(page);
});

test('the second click of a double click does not undo the toggle of the first', async t => {
    const tick = (isDone, shown) => `<div id="i1"><button role="checkbox" aria-checked="${isDone}" ${to('tick')} ` +
        `data-stube-args="[${!isDone}]">Milk</button><output>${shown}</output></div>`;
    const page = await handWritten(t, tick(false, 0), events => morph(tick(events.length % 2 === 1, events.length)));
    const {x, y} = await page.getByRole('checkbox').boundingBox();
    await page.mouse.click(x + 5, y + 5, {clickCount: 1});
    await shows(page, 1);
    await page.mouse.down({clickCount: 2});
    await page.mouse.up({clickCount: 2});
    await aMoment();
    assert.equal(page.events.length, 1);
    await page.mouse.click(x + 5, y + 5, {clickCount: 1});
    await shows(page, 2);
    assertFlawless(page);
});

test('a return key that is held down submits once', async t => {
    const form = `<form id="i1" ${to('add')}><input id="i1-a" name="i1-a" value="Bread"><button>Add</button><output>0</output></form>`;
    const page = await handWritten(t, form, events => morph(form.replace('>0<', `>${events.length}<`)));
    await page.locator('#i1-a').focus();
    await page.keyboard.down('Enter');
    await shows(page, 1);
    await page.keyboard.down('Enter');
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await aMoment();
    assert.equal(page.events.length, 1);
    assertFlawless(page);
});

test('a click is not lost when a response moves or replaces the button between press and release', async t => {
    const bar = (shown, tag = 'p', more = '') => `<div id="i1"><input id="i1-a" name="i1-a" ${to('check')}><${tag}>${more}` +
        `<button ${to('save')}>Save</button></${tag}><output>${shown}</output></div>`;
    const responders = [];
    const page = await handWritten(t, bar(0), () => new Promise(respond => responders.push(respond)));
    const pointAt = async () => {
        const {x, y, width, height} = await button(page, 'Save').boundingBox();
        await page.mouse.move(x + width / 2, y + height / 2);
    };
    let count = 0;
    /// Pressing the button leaves the field, which sends an event. The response comes before the release.
    const meanwhile = async (press, release, tag, more) => {
        await page.locator('#i1-a').fill(`text ${++count}`);
        const before = page.events.length;
        await press();
        await sentEvents(page, before + 1);
        responders.shift()(morph(bar(count, tag, more)));
        await page.waitForTimeout(200); // the response has arrived, and its patch waits
        await release();
        await shows(page, count);
    };
    await pointAt();
    await meanwhile(() => page.mouse.down(), () => page.mouse.up(), 'div', '<br>'.repeat(10));
    await sentEvents(page, 2);
    responders.shift()(morph(bar('saved')));
    await shows(page, 'saved');
    await meanwhile(async () => {
        await page.keyboard.press('Tab');
        await page.keyboard.down(' ');
    }, () => page.keyboard.up(' '), 'section');
    await sentEvents(page, 4);
    responders.shift()(morph(bar('saved again')));
    await shows(page, 'saved again');
    await pointAt();
    await meanwhile(() => page.mouse.down(), async () => { // released elsewhere: no click comes
        await page.mouse.move(5, 5);
        await page.mouse.up();
    }, 'div');
    assert.deepEqual(page.events.map(event => event.split(' ')[0]), ['1/check', '1/save', '1/check', '1/save', '1/check']);
    assertFlawless(page);
});

test('a link sends its event on a plain click and opens elsewhere with a modifier key', async t => {
    const link = `<ul id="i1"><li ${to('row')}><a href="/stube/assets/none" ${to('open')} data-stube-stop>Open</a></li></ul>`;
    const page = await handWritten(t, link);
    for (const options of [{modifiers: ['Control']}, {modifiers: ['Shift']}, {button: 'middle'}]) {
        const [opened] = await Promise.all([page.context().waitForEvent('page'), page.getByText('Open').click(options)]);
        await opened.close();
    }
    assert.deepEqual(page.events, []);
    await page.getByText('Open').click();
    await sentEvents(page, 1);
    assert.deepEqual(page.events, ['1/open']);
});

test('a key is matched with exactly its modifiers and a character however it is typed', async t => {
    const keys = ['Enter', 'Shift+Enter', 'Control+k', '?', 'A', 'Control+S', ' '];
    const page = await handWritten(t, '<div id="i1"><textarea id="i1-a" aria-label="Text"></textarea></div>');
    await deliver(page, morph(`<div id="i1">${keys.map((key, at) => `<section ${to(`key${at}`)} data-stube-on="keydown" ` +
        `data-stube-keys='${JSON.stringify([key])}'>`).join('')}<p tabindex="0">Here</p>${'</section>'.repeat(keys.length)}</div>`));
    const here = page.getByText('Here');
    const sends = async (stroke, ...wanted) => {
        const before = page.events.length;
        await here.press(stroke);
        await here.press('Control+k'); // the queue keeps the order: the events of the stroke come first
        await eventually(() => assert.ok(page.events.slice(before).includes('1/key2')));
        assert.deepEqual(page.events.slice(before).map(event => keys[event.slice(5)]), [...wanted, 'Control+k'], stroke);
    };
    await sends('Enter', 'Enter');
    await sends('Shift+Enter', 'Shift+Enter');
    for (const other of ['Control+Enter', 'Alt+Enter', 'Meta+Enter', 'Control+Shift+Enter', 'k', 'a']) await sends(other);
    await sends('Shift+?', '?');
    await sends('?', '?');
    await sends('A', 'A');
    await sends('Shift+A', 'A');
    await sends('Control+Shift+S', 'Control+S');
    await sends(' ', ' ');
    await sends('Shift+ ');
    assertFlawless(page);
});

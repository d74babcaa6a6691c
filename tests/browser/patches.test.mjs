// The browser's side of the wire alone: a hand-written page receives messages as http/protocol/wire_patches.cpp
// writes them.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {deliver, handWritten} from './hand_written.mjs';
import {aMoment, assertFlawless, button, eventually} from './support.mjs';

const html = (page, selector = '#stube-view') => page.locator(selector).innerHTML();
const ids = (page, list) => page.locator(`${list} > *`).evaluateAll(all => all.map(element => element.id));
const focused = page => page.evaluate(() => document.activeElement.id || document.activeElement.localName);
const to = name => `data-stube-action="/stube/event/cid/1/${name}"`;

test('list patches are applied in the order of their message', async t => {
    const page = await handWritten(t, '<div id="i1"><ul id="i1-rows"><li id="i2">a</li><li id="i3">b</li></ul></div>');
    await deliver(page,
        '<hx-insert into="i1-rows"><li id="i4">c</li></hx-insert>' +
        '<hx-insert into="i1-rows" before="i4"><li id="i5">d</li></hx-insert>' +
        '<hx-move of="i4" before="i2"></hx-move>' +
        '<hx-remove of="i3"></hx-remove>' +
        '<hx-move of="i2"></hx-move>' +
        '<hx-morph of="i5"><li id="i5">e</li></hx-morph>');
    assert.equal(await html(page, '#i1-rows'), '<li id="i4">c</li><li id="i5">e</li><li id="i2">a</li>');
    assertFlawless(page);
});

test('an inserted row that exists already is updated and moved and is not duplicated', async t => {
    const page = await handWritten(t,
        '<ul id="i1-rows"><li id="i2"><input id="i2-a" name="i2-a"></li><li id="i3">b</li><li id="i4">c</li></ul>');
    await page.locator('#i2-a').pressSequentially('typed');
    const row = '<li id="i2" class="new"><input id="i2-a" name="i2-a"></li>';
    await deliver(page, `<hx-insert into="i1-rows" before="i4">${row}</hx-insert><hx-insert into="i1-rows"><li id="i3">B</li></hx-insert>`);
    assert.deepEqual(await ids(page, '#i1-rows'), ['i2', 'i4', 'i3']);
    assert.equal(await page.locator('#i3').textContent(), 'B');
    assert.equal(await page.locator('#i2').getAttribute('class'), 'new');
    assert.equal(await page.locator('#i2-a').inputValue(), 'typed');
    assert.equal(await focused(page), 'i2-a');
    assertFlawless(page);
});

test('a response older than the shown revision shows only its notices', async t => {
    const page = await handWritten(t,
        `<div id="i1"><button ${to('add')}>Add</button><ul id="i1-rows"></ul></div>`, events => ({
            contentType: 'text/html',
            headers: {'Stube-Revision': String(events.length), 'Stube-Base': String(events.length - 1)},
            body: `<hx-insert into="i1-rows"><li id="i${events.length + 1}">x</li></hx-insert>` +
                `<hx-partial hx-target="#stube-notice" hx-swap="innerHTML"><p>Notice ${events.length}</p></hx-partial>`,
        }));
    await button(page, 'Add').click(); // the page was loaded with revision 1
    await page.getByText('Notice 1').waitFor();
    assert.deepEqual(await ids(page, '#i1-rows'), []);
    await button(page, 'Add').click();
    await page.getByText('Notice 2').waitFor();
    assert.deepEqual(await ids(page, '#i1-rows'), ['i3']);
    assertFlawless(page);
});

test('patches for absent elements are dropped', async t => {
    const page = await handWritten(t, '<div id="i1"><ul id="i1-rows"><li id="i2">a</li></ul></div>');
    await deliver(page,
        '<hx-insert into="i9-rows"><li id="i4">c</li></hx-insert><hx-move of="i9" before="i2"></hx-move>' +
        '<hx-remove of="i9"></hx-remove><hx-morph of="i9"><li id="i9">e</li></hx-morph>' +
        '<hx-command>{"focus":"i9-x"}</hx-command><hx-command>{"scroll":"i9-x"}</hx-command>' +
        '<hx-insert into="i1-rows" before="i9"><li id="i4">c</li></hx-insert>');
    assert.deepEqual(await ids(page, '#i1-rows'), ['i2', 'i4']);
    assertFlawless(page);
});

test('patches in a response are applied and their elements send events', async t => {
    const page = await handWritten(t,
        `<div id="i1"><button ${to('add')}>Add</button><ul id="i1-rows"></ul></div>`,
        events => `<hx-insert into="i1-rows"><li id="i${events.length + 1}">` +
            `<button formaction="/stube/event/cid/${events.length + 1}/go">Go ${events.length}</button></li></hx-insert>`);
    await page.getByRole('button', {name: 'Add'}).click();
    await page.getByRole('button', {name: 'Go 1'}).click();
    await page.getByRole('button', {name: 'Go 2'}).waitFor();
    assert.deepEqual(page.events, ['1/add', '2/go']);
    assertFlawless(page);
});

test('table rows are inserted and moved and kept', async t => {
    const page = await handWritten(t, '<table id="i1"><tbody id="i1-rows"><tr id="i2"><td>a</td></tr></tbody></table>');
    await deliver(page, '<hx-insert into="i1-rows" before="i2"><tr id="i3"><td>b</td></tr></hx-insert>');
    await page.evaluate(() => { document.getElementById('i3').mark = 'same'; });
    await deliver(page,
        '<hx-morph of="i1"><table id="i1" class="new"><tbody id="i1-rows"><template id="i3" data-stube-keep></template>' +
        '<tr id="i4"><td>c</td></tr><template id="i2" data-stube-keep></template></tbody></table></hx-morph>');
    assert.deepEqual(await ids(page, '#i1-rows'), ['i3', 'i4', 'i2']);
    assert.equal(await page.evaluate(() => document.getElementById('i3').mark), 'same');
    assert.equal(await page.locator('table').getAttribute('class'), 'new');
    await deliver(page,
        '<hx-morph of="i1"><table id="i1"><caption>x</caption><tbody id="i1-rows" class="kept" data-stube-keep></tbody></table></hx-morph>');
    assert.deepEqual(await ids(page, '#i1-rows'), ['i3', 'i4', 'i2']);
    assert.equal(await page.locator('tbody').getAttribute('class'), 'kept');
    await deliver(page, '<hx-morph of="i1"><table id="i1"><tbody id="i1-rows"><tr id="i2"><td>z</td></tr></tbody></table></hx-morph>');
    assert.equal(await html(page, '#i1-rows'), '<tr id="i2"><td>z</td></tr>');
    assertFlawless(page);
});

test('a kept element keeps its text and its focus and its attributes', async t => {
    const page = await handWritten(t,
        '<div id="i1"><h1>1</h1><section id="i2" class="mine"><input id="i2-name" name="i2-name" value=""></section></div>');
    await page.locator('#i2-name').pressSequentially('typed');
    await page.evaluate(() => document.getElementById('i2-name').setSelectionRange(1, 3));
    await deliver(page,
        '<hx-morph of="i1"><div id="i1"><p>new</p><h1>2</h1><div><template id="i2" data-stube-keep></template></div></div></hx-morph>');
    assert.equal(await html(page, '#i1'),
        '<p>new</p><h1>2</h1><div><section id="i2" class="mine"><input id="i2-name" name="i2-name" value=""></section></div>');
    assert.equal(await page.locator('#i2-name').inputValue(), 'typed');
    assert.equal(await focused(page), 'i2-name');
    assert.equal(await page.evaluate(() => document.activeElement.selectionEnd), 3);
    assertFlawless(page);
});

test('a kept list that becomes another element keeps its children', async t => {
    const page = await handWritten(t, '<div id="i1"><ul id="i1-rows"><li id="i2">a</li></ul></div>');
    await deliver(page, '<hx-morph of="i1"><div id="i1"><ol id="i1-rows" data-stube-keep></ol></div></hx-morph>');
    assert.deepEqual(await ids(page, 'ol'), ['i2']);
    assertFlawless(page);
});

test('a moved element keeps its focus and typed text with and without moveBefore', async t => {
    const page = await handWritten(t,
        '<ul id="i1"><li id="i2"><input id="i2-a" name="i2-a"></li><li id="i3">b</li><li id="i4">c</li></ul>');
    await page.locator('#i2-a').pressSequentially('abc');
    await page.evaluate(() => document.activeElement.setSelectionRange(1, 2));
    for (const [before, wanted] of [['', ['i3', 'i4', 'i2']], [' before="i4"', ['i3', 'i2', 'i4']]]) {
        await deliver(page, `<hx-move of="i2"${before}></hx-move>`);
        assert.deepEqual(await ids(page, '#i1'), wanted);
        assert.equal(await focused(page), 'i2-a');
        assert.equal(await page.evaluate(() => document.activeElement.selectionStart), 1);
        assert.equal(await page.locator('#i2-a').inputValue(), 'abc');
        await page.evaluate(() => { Element.prototype.moveBefore = undefined; });
    }
    assertFlawless(page);
});

test('a field that the server has cleared is empty and an unsent field is kept', async t => {
    const form = '<form id="i1" method="post" action="/stube/event/cid/1/add"><input id="i1-a" name="i1-a" value="">' +
        '<input type="checkbox" id="i1-b" name="i1-b" value="on"><textarea id="i1-c" name="i1-c"></textarea>' +
        '<select id="i1-d" name="i1-d"><option value="x">X</option><option value="y">Y</option></select>' +
        '<div id="i2"><input id="i2-a" name="i2-a" value=""></div><button>Add</button></form>';
    const page = await handWritten(t, form, `<hx-morph of="i1">${form}</hx-morph>`);
    await page.locator('#i2-a').fill('mine');
    await page.locator('#i1-c').fill('text');
    await page.locator('#i1-b').check();
    await page.locator('#i1-d').selectOption('y');
    await page.locator('#i1-a').fill('typed');
    await page.locator('#i1-a').press('Enter');
    await page.waitForFunction(() => document.getElementById('i1-a').value === '');
    assert.deepEqual(page.events, ['1/add i1-a=typed&i1-b=on&i1-c=text&i1-d=y']);
    assert.equal(await page.locator('#i1-b').isChecked(), false);
    assert.equal(await page.locator('#i1-c').inputValue(), '');
    assert.equal(await page.locator('#i1-d').inputValue(), 'x');
    assert.equal(await page.locator('#i2-a').inputValue(), 'mine');
    assert.equal(await focused(page), 'i1-a');
    await page.locator('#i1-a').fill('more');
    await deliver(page, `<hx-morph of="i1">${form}</hx-morph>`);
    assert.equal(await page.locator('#i1-a').inputValue(), 'more');
    assertFlawless(page);
});

/// A component that searches while somebody types. The test decides when each response comes.
async function searching(t) {
    const search = text => `<div id="i1"><input id="i1-q" name="i1-q" value="${text}" ${to('search')} ` +
        `data-stube-on="input" data-stube-delay="100"><output>${text}</output></div>`;
    const morph = text => `<hx-morph of="i1">${search(text)}</hx-morph>`;
    const responders = [];
    const page = await handWritten(t, search(''), () => new Promise(respond => responders.push(respond)));
    const field = page.locator('#i1-q');
    const holds = text => eventually(async () => assert.equal(await field.inputValue(), text));
    const sent = count => eventually(() => assert.equal(page.events.length, count));
    const shows = text => page.locator('output').filter({hasText: new RegExp(`^${text}$`)}).waitFor();
    return {page, field, morph, holds, sent, shows, respond: response => responders.shift()(response)};
}

test('text typed while an event waits in the queue survives the response to the earlier event', async t => {
    const {page, field, morph, holds, sent, shows, respond} = await searching(t);
    await field.pressSequentially('ab');
    await sent(1);
    await field.pressSequentially('c');
    await page.waitForTimeout(300); // the next event is in the queue
    respond(morph('ab'));
    await sent(2);
    await shows('ab');
    await holds('abc');
    await deliver(page, morph('ab')); // the stream may deliver an older text late
    await holds('abc');
    await field.pressSequentially('d');
    respond(morph('abc'));
    await shows('abc');
    await holds('abcd');
    await sent(3);
    respond(morph('ABCD'));
    await holds('ABCD');
    assert.deepEqual(page.events, ['1/search i1-q=ab', '1/search i1-q=abc', '1/search i1-q=abcd']);
    assertFlawless(page);
});

test('typed text is kept after a failed event', async t => {
    const {page, field, morph, holds, sent, shows, respond} = await searching(t);
    const notice = '<hx-partial hx-target="#stube-notice" hx-swap="innerHTML"><p>No</p></hx-partial>';
    const failures = [
        {status: 507, contentType: 'text/html', body: notice}, {status: 413, contentType: 'text/html', body: '<h1>No</h1>'},
        {contentType: 'text/html', body: '<h1>Sign in</h1>'}, {status: 204, headers: {'Stube-Failed': 'yes'}},
    ];
    let text = '';
    for (const failure of failures) {
        await field.pressSequentially('a');
        text += 'a';
        await sent(text.length);
        await deliver(page, morph(`before ${text}`)); // for example of a timer
        await shows(`before ${text}`);
        respond(failure);
        await page.waitForTimeout(200);
        await deliver(page, morph(text + '!'));
        await shows(text + '!');
        await holds(text);
        await page.evaluate(() => document.activeElement.blur());
        await deliver(page, morph('other'));
        await shows('other');
        await holds(text);
        await field.focus();
        await field.press('End');
    }
    await field.pressSequentially('b');
    await sent(failures.length + 1);
    respond(morph('found'));
    await holds('found');
    assertFlawless(page, /status of/);
});

test('sent values are kept after a refusal although the focus is on the button', async t => {
    const notice = '<hx-partial hx-target="#stube-notice" hx-swap="innerHTML"><p>No</p></hx-partial>';
    const form = text => `<form id="i1" ${to('add')}><input id="i1-a" name="i1-a" value="">` +
        '<textarea id="i1-b" name="i1-b"></textarea><input type="radio" id="i1-r-0" name="i1-r" value="a" checked>' +
        `<input type="radio" id="i1-r-1" name="i1-r" value="b"><output>${text}</output><button>Add</button></form>`;
    const morph = text => `<hx-morph of="i1">${form(text)}</hx-morph>`;
    let respond;
    const page = await handWritten(t, form('0'), () => new Promise(done => { respond = done; }));
    const holds = async (text, choice) => {
        assert.equal(await page.locator('#i1-a').inputValue(), text);
        assert.equal(await page.locator('#i1-b').inputValue(), text);
        assert.ok(await page.locator(choice).isChecked());
    };
    await page.locator('#i1-a').fill('typed');
    await page.locator('#i1-b').fill('typed');
    await page.locator('#i1-r-1').check();
    for (const failure of [{status: 507, contentType: 'text/html', body: notice}, {status: 204, headers: {'Stube-Failed': 'yes'}}]) {
        respond = undefined;
        await button(page, 'Add').click();
        await eventually(() => assert.ok(respond));
        await deliver(page, morph('meanwhile')); // for example of a timer
        await page.locator('output').filter({hasText: 'meanwhile'}).waitFor();
        await holds('typed', '#i1-r-1');
        respond(failure);
        await aMoment();
        await deliver(page, morph('later'));
        await page.locator('output').filter({hasText: 'later'}).waitFor();
        await holds('typed', '#i1-r-1');
    }
    await button(page, 'Add').click();
    await eventually(() => assert.equal(page.events.length, 3));
    respond(morph('done'));
    await page.locator('output').filter({hasText: 'done'}).waitFor();
    await eventually(() => holds('', '#i1-r-0'));
    assertFlawless(page, /status of/);
});

test('an unsent choice survives a patch', async t => {
    const form = text => `<form id="i1" ${to('add')}><input type="radio" id="i1-r-0" name="i1-r" value="a" checked>` +
        `<input type="radio" id="i1-r-1" name="i1-r" value="b"><output>${text}</output><button>Add</button></form>`;
    const page = await handWritten(t, form(0), () => `<hx-morph of="i1">${form(1)}</hx-morph>`);
    await page.locator('#i1-r-1').check();
    await deliver(page, `<hx-morph of="i1">${form(2)}</hx-morph>`);
    await page.locator('output').filter({hasText: '2'}).waitFor();
    assert.ok(await page.locator('#i1-r-1').isChecked());
    await button(page, 'Add').click();
    await page.locator('output').filter({hasText: '1'}).waitFor();
    await eventually(async () => assert.ok(await page.locator('#i1-r-0').isChecked()));
    assert.deepEqual(page.events, ['1/add i1-r=b']);
    assertFlawless(page);
});

test('an inserted element with autofocus takes the focus unless somebody is typing', async t => {
    const page = await handWritten(t, `<div id="i1"><ul id="i1-rows"><li id="i2"><button ${to('edit')}>Edit</button></li></ul>` +
        '<input id="i1-other" name="i1-other"></div>', '<hx-morph of="i2"><li id="i3"><input id="i3-text" autofocus></li></hx-morph>');
    await page.getByRole('button', {name: 'Edit'}).click();
    await page.locator('#i3-text').waitFor();
    assert.equal(await focused(page), 'i3-text');
    await deliver(page, '<hx-morph of="i3"><li id="i2" tabindex="-1"><h3>Done</h3></li></hx-morph>');
    assert.equal(await focused(page), 'h3');
    await page.locator('#i1-other').fill('typing');
    await deliver(page, '<hx-insert into="i1-rows"><li id="i4"><input id="i4-text" autofocus></li></hx-insert>');
    assert.equal(await focused(page), 'i1-other');
    assertFlawless(page);
});

test('commands set the title and the focus and the scroll position and dispatch events', async t => {
    const page = await handWritten(t,
        '<div id="i1"><input id="i1-a"><p id="i1-b">x</p>' + '<br>'.repeat(200) + '<p id="i1-c">far</p></div>');
    await page.evaluate(() => {
        window.heard = [];
        for (const on of [document, window]) on.addEventListener('shop-sold', ({detail}) => window.heard.push(detail));
    });
    await deliver(page, '<hx-command>{"title":"A &lt;b> &amp; \\"c\\""}</hx-command><hx-command>{"focus":"i1-a"}</hx-command>' +
        '<hx-command>{"scroll":"i1-c"}</hx-command><hx-command>{"event":"shop-sold","detail":{"n":[1,null]}}</hx-command>' +
        '<hx-command>{"event":"shop-sold"}</hx-command>');
    assert.equal(await page.title(), 'A <b> & "c"');
    assert.equal(await focused(page), 'i1-a');
    assert.ok(await page.evaluate(() => scrollY > 0));
    assert.deepEqual(await page.evaluate(() => window.heard), [{n: [1, null]}, null]);
    await deliver(page, '<hx-command>{"focus":"i1-b"}</hx-command>');
    assert.equal(await focused(page), 'i1-b');
    await deliver(page, '<hx-partial hx-target="#stube-view" hx-swap="innerMorph"><div id="i2"><h1>New</h1><input id="i2-a"></div>' +
        '</hx-partial><hx-command>{"focus":"i2-a"}</hx-command>');
    assert.equal(await focused(page), 'i2-a');
    assertFlawless(page);
});

// ---- how events are sent ----------------------------------------------------------------------------

test('only bound keys send events and other keys keep their default action', async t => {
    const page = await handWritten(t,
        `<section id="i1" ${to('cancel')} data-stube-on="keydown" data-stube-keys='["Escape"]'>` +
        `<form ${to('ok')}><input id="i1-a" name="i1-a"></form>` +
        `<p tabindex="0" ${to('pick')} data-stube-on="keydown" ` +
        `data-stube-keys='["Enter"," "]' data-stube-prevent data-stube-stop>Pick</p></section>`);
    await page.locator('input').pressSequentially('ab');
    await page.locator('input').press('Enter');
    await page.locator('input').press('Escape');
    const pick = page.getByText('Pick');
    await pick.press('x');
    await pick.press(' ');
    await pick.press('Escape');
    await pick.press('Enter');
    await eventually(() => assert.equal(page.events.length, 5));
    assert.deepEqual(page.events.map(event => event.split(' ')[0]), ['1/ok', '1/cancel', '1/pick', '1/cancel', '1/pick']);
    assert.equal(await page.evaluate(() => scrollY), 0);
    assertFlawless(page);
});

test('an event is sent after confirmation and an element with once sends one event', async t => {
    const page = await handWritten(t,
        `<div id="i1"><button ${to('remove')} data-stube-confirm="js:Sure?">Remove</button>` +
        `<form ${to('pay')} data-stube-once data-stube-confirm="Pay?"><button>Pay</button></form></div>`);
    const asked = [];
    let agree = false;
    page.on('dialog', async dialog => {
        asked.push(dialog.message());
        await (agree ? dialog.accept() : dialog.dismiss());
    });
    const remove = page.getByRole('button', {name: 'Remove'});
    const pay = page.getByRole('button', {name: 'Pay'});
    await remove.click();
    await pay.click();
    assert.deepEqual(page.events, []);
    agree = true;
    await remove.click();
    await pay.click();
    await pay.click();
    await remove.click();
    await eventually(() => assert.equal(page.events.length, 3));
    assert.deepEqual(page.events, ['1/remove', '1/pay', '1/remove']);
    assert.deepEqual(asked, ['js:Sure?', 'Pay?', 'js:Sure?', 'Pay?', 'js:Sure?']);
    assertFlawless(page);
});

test('an element with once may send again after a failed event', async t => {
    const notice = '<hx-partial hx-target="#stube-notice" hx-swap="innerHTML"><p>No</p></hx-partial>';
    const responses = [
        {status: 507, contentType: 'text/html', body: notice}, {status: 429, contentType: 'text/html', body: notice},
        {status: 413, contentType: 'text/html', body: '<h1>Too large</h1>'},
        {status: 500, contentType: 'text/html', body: '<h1>Error</h1>'},
        {contentType: 'text/html', body: '<h1>Sign in</h1>'},
        {contentType: 'text/html', headers: {'Stube-Failed': 'yes'}, body: notice},
        {status: 204, headers: {'Stube-Failed': 'yes'}},
    ];
    const page = await handWritten(t, `<div id="i1"><button ${to('pay')} data-stube-once>Pay</button></div>`,
        events => responses[events.length - 1] ?? '');
    await page.evaluate(() => {
        window.answered = 0;
        window.addEventListener('htmx:finally:request', ({detail: {ctx}}) => {
            window.answered += ctx.request.action.includes('/stube/event/');
        });
    });
    for (let sent = 1; sent <= responses.length + 1; ++sent) {
        await button(page, 'Pay').click();
        await eventually(() => assert.equal(page.events.length, sent));
        await page.waitForFunction(sent => window.answered === sent, sent);
    }
    await button(page, 'Pay').click();
    await button(page, 'Pay').click();
    await aMoment();
    assert.equal(page.events.length, responses.length + 1);
    assertFlawless(page, /status of/);
});

test('typed text is sent after the debounce delay', async t => {
    const page = await handWritten(t,
        `<div id="i1"><input id="i1-q" name="i1-q" ${to('search')} data-stube-on="input" data-stube-delay="200"></div>`);
    await page.locator('input').pressSequentially('abc');
    await eventually(() => assert.equal(page.events.length, 1));
    assert.deepEqual(page.events, ['1/search i1-q=abc']);
    assertFlawless(page);
});

// ---- history ----------------------------------------------------------------------------------------

test('Back and Forward walk through the steps and their addresses', async t => {
    let shown = 0;
    const page = await handWritten(t, `<div id="i1"><button ${to('next')}>Next</button><output>0</output></div>`, events => {
        const last = events.at(-1);
        const asked = /to=(\d+)/.exec(last)?.[1];
        shown = asked === undefined ? shown + 1 : Number(asked);
        return `<hx-morph of="i1"><div id="i1"><button ${to('next')}>Next</button><output>${shown}</output></div></hx-morph>` +
            `<hx-command>{"step":${shown},"push":${asked === undefined}}</hx-command>` +
            (asked === undefined ? `<hx-command>{"url":"/counter?n=${shown}","push":true}</hx-command>` : '');
    });
    const shows = text => page.locator('output').filter({hasText: text}).waitFor();
    const start = page.url();
    for (const step of ['1', '2', '3']) {
        await page.getByRole('button', {name: 'Next'}).click();
        await shows(step);
    }
    assert.equal(new URL(page.url()).searchParams.get('n'), '3');
    assert.equal(new URL(page.url()).searchParams.get('c'), new URL(start).searchParams.get('c'));
    await page.goBack();
    await shows('2');
    await page.evaluate(() => history.go(-2));
    await shows('0');
    assert.equal(page.url(), start);
    await page.goForward();
    await shows('1');
    await page.getByRole('button', {name: 'Next'}).click();
    await shows('2');
    await page.goBack();
    await shows('1');
    await page.evaluate(() => { history.back(); setTimeout(() => history.forward(), 50); });
    await page.waitForTimeout(300);
    await shows('1');
    assert.equal(await page.evaluate(() => history.state.stube.steps.at(-1)), 1);
    assertFlawless(page);
});

test('Back sends no fields of the page', async t => {
    const fields = [...Array(300).keys()].map(at => `<input id="i1-f${at}" name="i1-f${at}" value="x">`).join('');
    const page = await handWritten(t, `<div id="i1"><button ${to('next')}>Next</button>${fields}` +
        '<input type="password" id="i1-p" name="i1-p"><input id="other" name="to" value="9"></div>', events =>
        `<hx-command>{"step":${events.length % 2},"push":${events.length === 1}}</hx-command>`);
    await button(page, 'Next').click();
    await page.waitForFunction(() => history.state.stube.steps.at(-1) === 1);
    await page.locator('#i1-p').fill('secret');
    await page.goBack();
    await page.waitForFunction(() => history.state.stube.steps.at(-1) === 0);
    assert.equal(page.events.at(-1).replace(/^back\/\S+/, 'back'), 'back to=0');
    assertFlawless(page);
});

test('a step back within the page goes back in the history of the browser', async t => {
    const commands = {next: '{"step":2,"push":true}', other: '{"step":3,"push":true}', back: '{"step":2,"push":false}'};
    const page = await handWritten(t, `<div id="i1"><button ${to('next')}>next</button><button ${to('other')}>other</button>` +
        `<button ${to('back')}>back</button></div>`, events => events.at(-1).includes('to=')
        ? `<hx-command>{"step":${events.at(-1).split('to=')[1]},"push":false}</hx-command>`
        : `<hx-command>${commands[events.at(-1).split('/')[1]]}</hx-command><hx-command>{"url":"/counter?n=${events.length}"}</hx-command>`);
    const steps = wanted => eventually(async () =>
        assert.deepEqual(await page.evaluate(() => history.state.stube.steps), wanted));
    for (const [name, wanted] of [['next', [0, 2]], ['other', [0, 2, 3]], ['back', [0, 2]]]) {
        await button(page, name).click();
        await steps(wanted);
    }
    assert.equal(new URL(page.url()).searchParams.get('n'), '3');
    await page.goForward();
    await steps([0, 2, 3]);
    await page.goBack();
    await steps([0, 2]);
    await eventually(() => assert.deepEqual(page.events.slice(3).map(event => event.split(' ')[1]), ['to=3', 'to=2']));
    assertFlawless(page);
});

test('the history entry records the shown step when the server does not go back', async t => {
    const page = await handWritten(t, `<div id="i1"><button ${to('next')}>Next</button><output>0</output></div>`, events =>
        events.at(-1).includes('to=') ? '<hx-partial hx-target="#stube-notice" hx-swap="innerHTML"><p>No</p></hx-partial>'
            : '<hx-command>{"step":1,"push":true}</hx-command>');
    await page.getByRole('button', {name: 'Next'}).click();
    await page.waitForFunction(() => history.state.stube.steps.at(-1) === 1);
    await page.goBack();
    await page.getByText('No').waitFor();
    await page.waitForFunction(() => history.state.stube.steps.at(-1) === 1 && history.state.stube.steps.length === 1);
    assertFlawless(page);
});

test('Back leaves the conversation after its end', async t => {
    let step = 0;
    const page = await handWritten(t, `<div id="i1"><button ${to('next')}>Next</button></div>`, () => ++step < 3
        ? `<hx-command>{"step":${step},"push":true}</hx-command>`
        : '<hx-partial hx-target="#stube-view" hx-swap="innerMorph"><p>Bye</p></hx-partial>' +
          '<hx-partial hx-target="#stube-stream" hx-swap="delete"></hx-partial>');
    const next = page.getByRole('button', {name: 'Next'});
    for (const wanted of [1, 2]) {
        await next.click();
        await page.waitForFunction(step => history.state.stube.steps.at(-1) === step, wanted);
    }
    await next.click();
    await page.getByText('Bye').waitFor();
    await page.waitForFunction(() => history.state.stube.steps.length === 1);
    await page.goBack();
    assert.equal(page.url(), 'about:blank');
});

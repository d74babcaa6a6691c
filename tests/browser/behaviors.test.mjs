// What a behavior is told, and when: on a page of its own (behaviors_site.cpp), whose modules keep a journal.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, Gallery, heading, mark, newVisitor, openPage,
    serverAway, testSite, visit,
} from './support.mjs';

// What the page is made to do wrong, with its echo from the browser.
const meantToFail = [/behavior test\/broken: (mount|patched) failed/, /behavior test\/missing: cannot be loaded/, /404/];

const open = async t => {
    const page = (await visit(t, '/', testSite)).page;
    await mark(page);
    await writes(page, 'mount actor', 'mount guest 0', 'mount x1', 'mount x2', 'mount x3');
    return page;
};

/// Waits for exactly these entries, in any order, and begins a new page of the journal.
async function writes(page, ...entries) {
    const read = () => page.evaluate(() => [...(window.journal ?? [])].sort());
    await eventually(async () => assert.deepEqual(await read(), entries.sort()));
    await aMoment();
    assert.deepEqual(await read(), entries);
    await page.evaluate(() => { window.journal.length = 0; });
}

const everyone = (what, guest) =>
    [`${what} actor`, `${what} x1`, `${what} x2`, `${what} x3`, ...(guest === undefined ? [] : [`${what} guest ${guest}`])];

test('a patch calls patched once, with the arguments as they are now', async t => {
    const page = await open(t);
    await button(page, 'Count').click();
    await writes(page, ...everyone('patched', 1));
    await button(page, 'Count').click();
    await writes(page, ...everyone('patched', 2));
    await assertNotReloaded(page);
    assertFlawless(page, ...meantToFail);
});

test('an element that moves neither leaves nor appears', async t => {
    const page = await open(t);
    await button(page, 'Reverse').click();
    await writes(page, ...everyone('patched', 0));
    assert.deepEqual(await page.locator('li').allTextContents(), ['x3', 'x2', 'x1']);
    await button(page, 'Reverse').click();
    await writes(page, ...everyone('patched', 0));
});

test('an element that leaves is unmounted, and one that appears is mounted', async t => {
    const page = await open(t);
    await button(page, 'Toggle').click();
    await writes(page, ...everyone('patched'), 'unmount guest 0', 'abort guest');
    await button(page, 'Toggle').click();
    await writes(page, ...everyone('patched'), 'mount guest 0');
});

test('an element whose behavior changes leaves the one and gets the other', async t => {
    const page = await open(t);
    await button(page, 'Rename').click();
    await writes(page, 'patched guest 0', 'patched x1', 'patched x2', 'patched x3', 'unmount actor', 'abort actor', 'mount actor');
    await button(page, 'Count').click();
    await writes(page, ...everyone('patched', 1));
});

test('another component on the whole page takes the place of all', async t => {
    const page = await open(t);
    await button(page, 'Open').click();
    await heading(page, 'Scene').waitFor();
    await writes(page, ...everyone('unmount', 0), 'abort actor', 'abort guest', 'abort x1', 'abort x2', 'abort x3', 'mount scene');
    await button(page, 'Close').click();
    await heading(page, 'Stage').waitFor();
    await writes(page, 'unmount scene', 'abort scene', ...everyone('mount', 0));
    await assertNotReloaded(page);
});

test('preserved children survive a change around them, and the attributes of their element follow', async t => {
    const page = await open(t);
    const widget = page.getByLabel('Widget');
    await widget.fill('my words');
    await widget.evaluate(element => { element.mine = true; });
    for (const name of ['Count', 'Note', 'Toggle', 'Count', 'Note']) {
        await button(page, name).click();
        await aMoment();
        assert.equal(await widget.inputValue(), 'my words');
        assert.equal(await widget.evaluate(element => element.mine), true);
    }
    assert.equal(await widget.evaluate(element => element.parentElement.dataset.turn), '2');
});

test('a behavior sends to the members that its markup names, in the order of all events', async t => {
    const page = await open(t);
    await page.getByLabel('Word').fill('typed');
    const answers = await page.evaluate(() => Promise.all([
        window.tell('say', 1, 'one'), window.tell('say', 2, 'two "quoted"'), window.tell('say', 3, "three 'single' <b>"),
    ]));
    assert.deepEqual(answers, [true, true, true]);
    const said = '1 one typed; 2 two "quoted" typed; 3 three \'single\' <b> typed; ';
    await eventually(async () => assert.equal(await page.getByRole('status').last().textContent(), said));

    assert.equal(await page.evaluate(() => window.tell('say', 'no number', 7)), false);
    assert.equal(await page.evaluate(() => window.tell('forbidden')), false);
    assert.ok(page.problems.some(line => line.includes('may not send to "forbidden"')));
    assert.equal(await page.evaluate(async () => (await fetch(
        document.querySelector('[data-stube-events]').dataset.stubeEvents.replace(/say$/, 'forbidden'),
        {method: 'POST', headers: {'Stube-Event-Id': '0123456789abcdef'}, body: new URLSearchParams()})).status), 404);
    assert.equal(await page.getByRole('status').last().textContent(), said);
});

test('a module that cannot be fetched at first is fetched later', async t => {
    const gallery = await Gallery.started(t, testSite);
    const page = await openPage(await newVisitor(t));
    let asked = 0;
    await page.route('**/stube/behaviors/test/sender.js*', route => ++asked < 3 ? route.abort('connectionreset') : route.continue());
    await page.goto(gallery.url('/'));
    await page.waitForFunction(() => window.tell);
    assert.equal(asked, 3);
    assert.equal(await page.evaluate(() => window.tell('say', 1, 'one')), true);
    assertFlawless(page, ...meantToFail, /behavior test\/sender: cannot be loaded, will be tried again/, serverAway);
});
